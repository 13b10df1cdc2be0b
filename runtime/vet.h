/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vetting: judges a backend file without running one instruction of it. Bounded reads through <elf.h> types only. Knows
 * nothing of threads.
 */
#ifndef RUNTIME_VET_H
#define RUNTIME_VET_H

#include <stddef.h>
#include <stdint.h>
#include <tenon/backend.h>

#include "runtime/cpu.h"
#include "runtime/why.h"

/* What the file says of itself: the note, copied and terminated, and its build-id in hexadecimal. */
struct vetted {
	uint32_t abi_min, abi_max;
	char name[32], version[16], vendor[32], needs[128], uses[128];
	char build_id[65];
};

/*
 * Judges bytes[size], the whole file; label names it in messages. 0, or TENON_EREFUSED or TENON_EUNSUPPORTED (only this
 * CPU is in the way) with why. *out is filled as far as the file could be read.
 */
int vet_bytes(const void *bytes, size_t size, const char *label, const struct cpu *cpu, struct vetted *out,
	      struct why *why);

#endif
