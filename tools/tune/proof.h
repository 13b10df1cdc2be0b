/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the harness says of a backend that competes. Starts children; from the main thread of the tool.
 */
#ifndef TOOLS_TUNE_PROOF_H
#define TOOLS_TUNE_PROOF_H

#include "runtime/find.h"

/* Which kernels conform, by the quick profile; reason: of the first that does not, or "". False: nobody could say. */
bool prove_kernels(const struct cpu *cpu, const struct candidate *candidate, bool conforms[KERNEL_COUNT], char *reason,
		   size_t size, struct why *why);

#endif
