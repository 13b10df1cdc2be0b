/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calling a kernel and looking at the machine afterwards; call_x86_64.S and call_aarch64.S do the calling. State: the
 * record of the call in progress, which the trampoline finds by its name, since no register can be trusted.
 */
#include "tests/conform/call.h"

#include <stdio.h>
#include <string.h>

#include "tests/conform/call_state.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

struct call_state conform_call;

static const char *const register_names[CALL_SAVED] = {
#if defined(__x86_64__)
	"rbx", "rbp", "r12", "r13", "r14", "r15",
#elif defined(__aarch64__)
	"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
	"x29", "d8",  "d9",  "d10", "d11", "d12", "d13", "d14", "d15",
#else
	NULL,
#endif
};

void prepare_calls(void)
{
	for (int i = 0; i < CALL_SAVED; i++)
		conform_call.marks[i] = 0xc0ffee0000000000u + 0x0101010101u * (unsigned)(i + 1);
#if defined(__x86_64__)
	uint32_t a, b, c, d;
	bool has_avx = __get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE && c & bit_AVX;
	conform_call.has_avx = has_avx;
	conform_call.has_xinuse = has_avx && __get_cpuid_count(13, 1, &a, &b, &c, &d) && a & 4;
#endif
}

const char *why_no_upper_halves(void)
{
#if defined(__x86_64__)
	return conform_call.has_xinuse || !conform_call.has_avx ? NULL : "this CPU has no XGETBV with ECX = 1";
#else
	return NULL;
#endif
}

#if defined(__x86_64__) || defined(__aarch64__)
static void breach(struct call_report *report, enum call_breach breach, const char *what, uint64_t got, uint64_t want)
{
	if (report->breach)
		return;
	report->breach = breach;
	snprintf(report->text, sizeof report->text, "%s came back as %#llx, was %#llx", what, (unsigned long long)got,
		 (unsigned long long)want);
}

static void judge_machine(const struct call_state *s, struct call_report *report)
{
	for (int i = 0; i < CALL_SAVED; i++)
		if (s->after[i] != s->marks[i])
			breach(report, BREACH_REGISTERS, register_names[i], s->after[i], s->marks[i]);
	if (s->stack_after != s->stack)
		breach(report, BREACH_STACK, "the stack pointer", s->stack_after, s->stack);
	if (s->stack_mark_bad)
		breach(report, BREACH_STACK, "a word of the caller's stack", s->stack_mark_bad ^ CALL_STACK_MARK,
		       CALL_STACK_MARK);
	if (s->direction)
		breach(report, BREACH_DIRECTION, "the direction flag", 1, 0);
	if (s->control_after != s->control)
		breach(report, BREACH_FLOAT_CONTROL, "floating-point control", s->control_after, s->control);
	if (s->x87_tags)
		breach(report, BREACH_X87, "the x87 tag word (complemented)", s->x87_tags, 0);
	if (s->upper)
		breach(report, BREACH_UPPER_HALVES, "state in use (XGETBV 1, upper halves)", s->upper, 0);
}

void call_kernel(tenon_kernel_fn *function, const void *args, void *scratch, struct call_report *report)
{
	report->breach = BREACH_NONE;
	report->status = enter_kernel(function, args, scratch);
	judge_machine(&conform_call, report);
}
#else
void call_kernel(tenon_kernel_fn *function, const void *args, void *scratch, struct call_report *report)
{
	*report = (struct call_report){.status = function(args, scratch)};
}
#endif
