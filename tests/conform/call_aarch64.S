/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * int enter_kernel(function, args, scratch): the call itself, for AAPCS64. Marks go into x19 to x29, the low halves of v8
 * to v15 and 256 bytes of stack above the call, rubbish into others; what comes back goes to conform_call for call.c.
 */
#include "tests/conform/call_state.h"

#ifdef __aarch64__
	.macro find_state register
	adrp \register, conform_call
	add \register, \register, :lo12:conform_call
	.endm

	.text
	.globl enter_kernel
	.hidden enter_kernel
	.type enter_kernel, %function
enter_kernel:
	.cfi_startproc
	sub sp, sp, #(160 + CALL_STACK_BYTES)
	.cfi_adjust_cfa_offset 160 + CALL_STACK_BYTES
	add x9, sp, #CALL_STACK_BYTES
	stp x19, x20, [x9]
	stp x21, x22, [x9, #16]
	stp x23, x24, [x9, #32]
	stp x25, x26, [x9, #48]
	stp x27, x28, [x9, #64]
	stp x29, x30, [x9, #80]
	stp d8, d9, [x9, #96]
	stp d10, d11, [x9, #112]
	stp d12, d13, [x9, #128]
	stp d14, d15, [x9, #144]

	find_state x10
	ldr x11, =CALL_STACK_MARK
	mov x12, #0
1:	str x11, [sp, x12]
	add x12, x12, #8
	cmp x12, #CALL_STACK_BYTES
	b.lo 1b
	mov x11, sp
	str x11, [x10, #CALL_STACK]
	mrs x11, fpcr
	str x11, [x10, #CALL_CONTROL]

	ldp x19, x20, [x10, #CALL_MARKS]
	ldp x21, x22, [x10, #CALL_MARKS + 16]
	ldp x23, x24, [x10, #CALL_MARKS + 32]
	ldp x25, x26, [x10, #CALL_MARKS + 48]
	ldp x27, x28, [x10, #CALL_MARKS + 64]
	ldr x29, [x10, #CALL_MARKS + 80]
	ldp d8, d9, [x10, #CALL_MARKS + 88]
	ldp d10, d11, [x10, #CALL_MARKS + 104]
	ldp d12, d13, [x10, #CALL_MARKS + 120]
	ldp d14, d15, [x10, #CALL_MARKS + 136]
	mov x16, x0
	mov x0, x1
	mov x1, x2
	ldr x2, =0x0bad0bad0bad0bad
	.irp r, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17
	mov x\r, x2
	.endr
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi v\r\().16b, #0xff
	.endr
	blr x16

	find_state x10
	mov x11, sp
	str x11, [x10, #CALL_STACK_AFTER]
	ldr x11, [x10, #CALL_STACK]
	mov sp, x11
	stp x19, x20, [x10, #CALL_AFTER]
	stp x21, x22, [x10, #CALL_AFTER + 16]
	stp x23, x24, [x10, #CALL_AFTER + 32]
	stp x25, x26, [x10, #CALL_AFTER + 48]
	stp x27, x28, [x10, #CALL_AFTER + 64]
	str x29, [x10, #CALL_AFTER + 80]
	stp d8, d9, [x10, #CALL_AFTER + 88]
	stp d10, d11, [x10, #CALL_AFTER + 104]
	stp d12, d13, [x10, #CALL_AFTER + 120]
	stp d14, d15, [x10, #CALL_AFTER + 136]

	ldr x11, =CALL_STACK_MARK
	mov x12, #0
	mov x13, #0
2:	ldr x14, [sp, x12]
	eor x14, x14, x11
	cmp x14, #0
	csel x13, x13, x14, eq
	add x12, x12, #8
	cmp x12, #CALL_STACK_BYTES
	b.lo 2b
	str x13, [x10, #CALL_STACK_BAD]

	/* A wrong state stays with the finding, not with us. */
	mrs x11, fpcr
	str x11, [x10, #CALL_CONTROL_AFTER]
	ldr x12, [x10, #CALL_CONTROL]
	cmp x11, x12
	b.eq 3f
	msr fpcr, x12
3:	add x9, sp, #CALL_STACK_BYTES
	ldp x19, x20, [x9]
	ldp x21, x22, [x9, #16]
	ldp x23, x24, [x9, #32]
	ldp x25, x26, [x9, #48]
	ldp x27, x28, [x9, #64]
	ldp x29, x30, [x9, #80]
	ldp d8, d9, [x9, #96]
	ldp d10, d11, [x9, #112]
	ldp d12, d13, [x9, #128]
	ldp d14, d15, [x9, #144]
	add sp, sp, #(160 + CALL_STACK_BYTES)
	.cfi_adjust_cfa_offset -(160 + CALL_STACK_BYTES)
	ret
	.cfi_endproc
	.size enter_kernel, . - enter_kernel
#endif
	.section .note.GNU-stack, "", %progbits
