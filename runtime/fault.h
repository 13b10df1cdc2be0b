/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the crash guard knows of the machine: the state in a signal's context, and how to make a thread go on elsewhere. All
 * of it runs in the handler: async-signal-safe, no state.
 */
#ifndef RUNTIME_FAULT_H
#define RUNTIME_FAULT_H

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "runtime/guard.h"

#if defined(__x86_64__)

/* Signals are delivered with the flag as it was: what the handler does itself must not fault for it. */
static inline void allow_misalignment(void)
{
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~0x40000ull);
}

static inline uintptr_t context_pc(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t context_sp(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

/* Of a function that has not touched its stack: memcpy, or the address that a jump to nowhere came from. */
static inline uintptr_t context_caller(const ucontext_t *context)
{
	return *(const uintptr_t *)context_sp(context);
}

/*
 * What the frame holds beyond FXSAVE, if it says that it does, begins with a mask of what is not in its initial state. The
 * upper halves of vectors are made so: left dirty they would slow the host down.
 */
static inline void forget_vectors(unsigned char *fxsave)
{
	uint32_t magic;
	uint64_t in_use;
	memcpy(&magic, fxsave + 464, sizeof magic);
	if (magic != 0x46505853) /* FP_XSTATE_MAGIC1 */
		return;
	memcpy(&in_use, fxsave + 512, sizeof in_use);
	in_use &= 3; /* x87, SSE */
	memcpy(fxsave + 512, &in_use, sizeof in_use);
}

static inline void resume_guard(ucontext_t *context, const struct guard *guard)
{
	greg_t *registers = context->uc_mcontext.gregs;
	registers[REG_RBP] = (greg_t)guard->resume[0];
	registers[REG_RIP] = (greg_t)guard->resume[1];
	registers[REG_RSP] = (greg_t)guard->resume[2];
	registers[REG_EFL] &= ~(greg_t)0x40500; /* alignment check, direction, single step */
	if (!context->uc_mcontext.fpregs)
		return;
	context->uc_mcontext.fpregs->mxcsr = guard->float_control;
	context->uc_mcontext.fpregs->cwd = 0x37f; /* what every thread has, and nobody changes for floats and doubles */
	context->uc_mcontext.fpregs->swd = 0;
	context->uc_mcontext.fpregs->ftw = 0; /* no x87 register in use */
	forget_vectors((unsigned char *)context->uc_mcontext.fpregs);
}

#elif defined(__aarch64__)

#include <asm/sigcontext.h>

static inline void allow_misalignment(void)
{
}

static inline uintptr_t context_pc(const ucontext_t *context)
{
	return context->uc_mcontext.pc;
}

static inline uintptr_t context_sp(const ucontext_t *context)
{
	return context->uc_mcontext.sp;
}

static inline uintptr_t context_caller(const ucontext_t *context)
{
	return context->uc_mcontext.regs[30];
}

static inline void resume_guard(ucontext_t *context, const struct guard *guard)
{
	struct fpsimd_context *vectors = (struct fpsimd_context *)(void *)context->uc_mcontext.__reserved;
	context->uc_mcontext.regs[29] = (uintptr_t)guard->resume[0];
	context->uc_mcontext.pc = (uintptr_t)guard->resume[1];
	context->uc_mcontext.sp = (uintptr_t)guard->resume[2];
	context->uc_mcontext.pstate &= ~0xc00u; /* the kind of branch that came last */
	if (vectors->head.magic == FPSIMD_MAGIC)
		vectors->fpcr = guard->float_control;
}

#endif
#endif
