/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events that cannot be told when they happen: a rollback by hand may come from a signal handler, where nothing is
 * logged. Whoever asks or changes something next tells it.
 */
#ifndef RUNTIME_UNTOLD_H
#define RUNTIME_UNTOLD_H

/* Any thread, without the runtime's lock. */
void tell_rollbacks(void);

#endif
