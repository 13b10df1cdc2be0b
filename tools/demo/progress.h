/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tells a waiting person what is going on: nothing for two seconds, then a line on standard error every two seconds.
 * One at a time, from the main thread; a thread of its own does the telling.
 */
#ifndef TOOLS_DEMO_PROGRESS_H
#define TOOLS_DEMO_PROGRESS_H

/* what must stay valid until the end: "reading WordNet". */
void begin_progress(const char *what);
void end_progress(void);

#endif
