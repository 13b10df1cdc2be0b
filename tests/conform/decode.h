/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decoding one instruction, as far as the opcode lint wants to know it: decode_x86_64.c by libzydis, decode_aarch64.c by
 * bit patterns. Pure, but for tables that are made at the first call; one thread.
 */
#ifndef CONFORM_DECODE_H
#define CONFORM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cpu.h"

struct decoded {
	unsigned size; /* in bytes */
	const char
		*needs;  /* features, by comma; "" for those of the baseline; "?NAME" for one that nobody can declare */
	bool ends;       /* what stands behind it is not run next */
	bool calls;      /* what stands behind it is run when what it calls returns */
	bool has_target; /* it jumps to or calls a known address */
	uint64_t target;
	/*
	 * It jumps to or calls what stands at this address; 0: it does not. On aarch64 no instruction does that alone: here
	 * it is the first one of a stub of the procedure linkage table.
	 */
	uint64_t slot;
	char name[24]; /* for findings; filled where needs is not empty */
};

/* False if these bytes are no instruction that the decoder knows. */
typedef bool decode_fn(const unsigned char *bytes, size_t size, uint64_t address, struct decoded *decoded);
decode_fn decode_x86_64, decode_aarch64;

/* Why there is no decoder for x86-64 in this build, or NULL. */
const char *why_no_x86_64(void);

#endif
