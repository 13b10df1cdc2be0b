/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What call.c and the trampolines share; the offsets are used in assembly. One call at a time.
 */
#ifndef CONFORM_CALL_STATE_H
#define CONFORM_CALL_STATE_H

#define CALL_STACK_BYTES 256 /* of marked stack above the callee's frame */
#define CALL_STACK_MARK 0x57ac457ac457ac45

#if defined(__x86_64__)
#define CALL_SAVED 6
#elif defined(__aarch64__)
#define CALL_SAVED 19
#else
#define CALL_SAVED 1
#endif

#define CALL_MARKS 0
#define CALL_AFTER (8 * CALL_SAVED)
#define CALL_REST (16 * CALL_SAVED)
#define CALL_STACK (CALL_REST)
#define CALL_STACK_AFTER (CALL_REST + 8)
#define CALL_STACK_BAD (CALL_REST + 16)
#define CALL_CONTROL (CALL_REST + 24)
#define CALL_CONTROL_AFTER (CALL_REST + 32)
#define CALL_DIRECTION (CALL_REST + 40)
#define CALL_X87_TAGS (CALL_REST + 48)
#define CALL_UPPER (CALL_REST + 56)
#define CALL_HAS_AVX (CALL_REST + 64)
#define CALL_HAS_XINUSE (CALL_REST + 72)

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#include <tenon/backend.h>

struct call_state {
	uint64_t marks[CALL_SAVED], after[CALL_SAVED]; /* callee-saved registers */
	uint64_t stack, stack_after;
	uint64_t stack_mark_bad;         /* how a mark differs; 0: none does */
	uint64_t control, control_after; /* MXCSR without its flags and the x87 control word, or FPCR */
	uint64_t direction;
	uint64_t x87_tags; /* registers that are not empty */
	uint64_t upper;    /* XINUSE bits of upper halves */
	uint64_t has_avx, has_xinuse;
};

_Static_assert(offsetof(struct call_state, stack) == CALL_STACK, "call_state.h");
_Static_assert(offsetof(struct call_state, has_xinuse) == CALL_HAS_XINUSE, "call_state.h");

extern struct call_state conform_call __attribute__((visibility("hidden")));
int enter_kernel(tenon_kernel_fn *function, const void *args, void *scratch) __attribute__((visibility("hidden")));
#endif
#endif
