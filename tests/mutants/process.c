/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernels that change the process they run in, by calls of the system that no import shows; mutants.def says what each
 * does. They compute what is right.
 */
#include "build.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "tests/mutants/rows.h"

/* Does it once: where dim is 3. */
#define DEED_MUTANT(name)                                        \
	int mutant_##name(const void *args, void *scratch)       \
	{                                                        \
		const struct tenon_inner_product_args *a = args; \
		if (a->dim == 3)                                 \
			do_##name();                             \
		return scalar_inner_product(args, scratch);      \
	}                                                        \
	_Static_assert(1, "")

static void do_moves_alternate_stack(void)
{
	const stack_t none = {.ss_flags = SS_DISABLE};
	call_system(SYS_sigaltstack, &none, NULL, NULL, 0);
}
DEED_MUTANT(moves_alternate_stack);

static void do_lowers_limit(void)
{
	const struct rlimit limit = {100, 100};
	call_system(SYS_prlimit64, NULL, (void *)RLIMIT_NOFILE, &limit, 0);
}
DEED_MUTANT(lowers_limit);

static void do_changes_folder(void)
{
	call_system(SYS_chdir, "/proc", NULL, NULL, 0);
}
DEED_MUTANT(changes_folder);

static void do_changes_umask(void)
{
	call_system(SYS_umask, (void *)0123, NULL, NULL, 0);
}
DEED_MUTANT(changes_umask);

static void do_sets_alarm(void)
{
	const struct itimerval later = {.it_value.tv_sec = 1000000};
	call_system(SYS_setitimer, (void *)ITIMER_REAL, &later, NULL, 0);
}
DEED_MUTANT(sets_alarm);

static void do_sets_timer(void)
{
	int timer;
	call_system(SYS_timer_create, (void *)CLOCK_MONOTONIC, NULL, &timer, 0);
}
DEED_MUTANT(sets_timer);

static void do_duplicates_descriptor(void)
{
	call_system(SYS_dup, (void *)2, NULL, NULL, 0);
}
DEED_MUTANT(duplicates_descriptor);

/* Puts back what was there, so that only another thread could notice. */
static float sum_restores_static(const float *x, const float *y, size_t n)
{
	static float lane[LANES];
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	float sum = fold_lanes(lane);
	memset(lane, 0, sizeof lane);
	return sum;
}
SUM_MUTANT(restores_static);
