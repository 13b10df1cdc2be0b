/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of a process's answer to `history`, for who shows events; cmd_history.c has them. No state.
 */
#ifndef TOOLS_EVENTS_H
#define TOOLS_EVENTS_H

#include "tools/client.h"

#ifdef HAVE_JANSSON
/* The event in the line that starts at pair i. */
json_t *event_as_json(const struct answer *answer, size_t i);
#endif

#endif
