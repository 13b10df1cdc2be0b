/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * int enter_kernel(function, args, scratch): the call itself, for the System V ABI. Marks go into callee-saved registers
 * and 256 bytes of stack above the call, rubbish into all others; what comes back goes to conform_call for call.c.
 */
#include "tests/conform/call_state.h"

#ifdef __x86_64__
	.text
	.globl enter_kernel
	.hidden enter_kernel
	.type enter_kernel, @function
enter_kernel:
	.cfi_startproc
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $(CALL_STACK_BYTES + 8), %rsp
	.cfi_adjust_cfa_offset 48 + CALL_STACK_BYTES + 8
	lea conform_call(%rip), %rcx
	movabs $CALL_STACK_MARK, %rax
	xor %r8d, %r8d
1:	mov %rax, (%rsp,%r8)
	add $8, %r8
	cmp $CALL_STACK_BYTES, %r8
	jb 1b
	mov %rsp, CALL_STACK(%rcx)

	/* MXCSR without the sticky flags, x87 control word above it */
	stmxcsr CALL_CONTROL(%rcx)
	andl $~0x3f, CALL_CONTROL(%rcx)
	movl $0, CALL_CONTROL+4(%rcx)
	fnstcw CALL_CONTROL+4(%rcx)

	cmpl $0, CALL_HAS_AVX(%rcx)
	je 2f
	vzeroupper
2:	mov CALL_MARKS(%rcx), %rbx
	mov CALL_MARKS+8(%rcx), %rbp
	mov CALL_MARKS+16(%rcx), %r12
	mov CALL_MARKS+24(%rcx), %r13
	mov CALL_MARKS+32(%rcx), %r14
	mov CALL_MARKS+40(%rcx), %r15
	mov %rdi, %r11
	mov %rsi, %rdi
	mov %rdx, %rsi
	movabs $0xbadbadbadbadbad, %rdx
	mov %rdx, %rcx
	mov %rdx, %r8
	mov %rdx, %r9
	mov %rdx, %r10
	mov %rdx, %rax
	.irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pcmpeqd %xmm\r, %xmm\r
	.endr
	cld
	call *%r11

	/* The status stays in r8. */
	mov %eax, %r8d
	lea conform_call(%rip), %r9
	mov %rsp, CALL_STACK_AFTER(%r9)
	mov CALL_STACK(%r9), %rsp
	mov %rbx, CALL_AFTER(%r9)
	mov %rbp, CALL_AFTER+8(%r9)
	mov %r12, CALL_AFTER+16(%r9)
	mov %r13, CALL_AFTER+24(%r9)
	mov %r14, CALL_AFTER+32(%r9)
	mov %r15, CALL_AFTER+40(%r9)
	xor %eax, %eax
	cmpl $0, CALL_HAS_XINUSE(%r9)
	je 3f
	mov $1, %ecx
	xgetbv
	and $0x44, %eax
	vzeroupper
3:	mov %rax, CALL_UPPER(%r9)

	/* The marks, before anything is pushed over them. */
	movabs $CALL_STACK_MARK, %rax
	xor %edx, %edx
	xor %r10d, %r10d
4:	mov (%rsp,%r10), %r11
	xor %rax, %r11
	cmovne %r11, %rdx
	add $8, %r10
	cmp $CALL_STACK_BYTES, %r10
	jb 4b
	mov %rdx, CALL_STACK_BAD(%r9)

	pushfq
	pop %rax
	cld
	shr $10, %rax
	and $1, %eax
	mov %rax, CALL_DIRECTION(%r9)
	stmxcsr CALL_CONTROL_AFTER(%r9)
	andl $~0x3f, CALL_CONTROL_AFTER(%r9)
	movl $0, CALL_CONTROL_AFTER+4(%r9)
	fnstcw CALL_CONTROL_AFTER+4(%r9)

	/* A wrong state stays with the finding, not with us. */
	mov CALL_CONTROL(%r9), %rax
	cmp CALL_CONTROL_AFTER(%r9), %rax
	je 5f
	ldmxcsr CALL_CONTROL(%r9)
	fldcw CALL_CONTROL+4(%r9)
5:	sub $32, %rsp
	fnstenv (%rsp)
	movzwl 8(%rsp), %eax
	xor $0xffff, %eax
	mov %rax, CALL_X87_TAGS(%r9)
	fldenv (%rsp)
	je 6f
	emms
6:	add $(CALL_STACK_BYTES + 8 + 32), %rsp
	mov %r8d, %eax
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	.cfi_adjust_cfa_offset -(48 + CALL_STACK_BYTES + 8)
	ret
	.cfi_endproc
	.size enter_kernel, . - enter_kernel
#endif
	.section .note.GNU-stack, "", %progbits
