/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calling a kernel as a hostile caller would: volatile registers full of rubbish, callee-saved ones full of marks, a
 * marked stack above the call; afterwards everything that a C function must leave alone is looked at. One thread.
 */
#ifndef CONFORM_CALL_H
#define CONFORM_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/backend.h>

/* What a call did wrong to the machine; the first one found. */
enum call_breach {
	BREACH_NONE,
	BREACH_REGISTERS,
	BREACH_STACK,
	BREACH_DIRECTION,
	BREACH_FLOAT_CONTROL,
	BREACH_X87,
	BREACH_UPPER_HALVES
};

struct call_report {
	int status;
	enum call_breach breach;
	char text[96]; /* "rbx came back as 0x0" */
};

/* Finds out once what can be checked on this machine. */
void prepare_calls(void);

/* Why a check cannot be made here, or NULL: for the list of skips. */
const char *why_no_upper_halves(void);

void call_kernel(tenon_kernel_fn *function, const void *args, void *scratch, struct call_report *report);

#endif
