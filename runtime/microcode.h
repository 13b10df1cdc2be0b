/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which microcode the CPU has: what verdicts, certificates and tuning are bound to beside its features, because an update
 * may change what an instruction does and what it costs. Reads a file; no state.
 */
#ifndef RUNTIME_MICROCODE_H
#define RUNTIME_MICROCODE_H

#include <stddef.h>

/* As the kernel says it ("unknown" where it does not). */
void read_microcode(char *text, size_t size);

#endif
