/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recalls in words: for people, and as JSON. Main thread only.
 */
#ifndef TOOLS_DEMO_TELL_H
#define TOOLS_DEMO_TELL_H

#include "tools/demo/memory.h"
#include "tools/tool.h"

/* One recall in a few lines: near words, then up to `most` concepts. traced: say also how each came to mind. */
void tell_answer(FILE *out, const struct mind *mind, uint32_t query, const struct answer *answer, uint32_t most,
		 bool traced);

/* What the memory holds and where it comes from, in two lines. */
void tell_memory(FILE *out, const struct memory *memory);

#ifdef HAVE_JANSSON
json_t *answer_as_json(const struct mind *mind, uint32_t query, const struct answer *answer);

/* dataset{name, vectors, dim, nodes, edges} */
json_t *memory_as_json(const struct memory *memory);
#endif

#endif
