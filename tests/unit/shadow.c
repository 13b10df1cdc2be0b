/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Probation of every kernel there is: the calls of the soak, each guarded and compared. What is good must not trip.
 */
#include "tests/unit/probation.h"

#include "runtime/probed.h"
#include "tools/cases/cases.h"

/* Calls every case a few times, so that each kernel's first burst is over; the number of those that went wrong. */
static unsigned call_cases(struct case_set *set)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < 3 * count_cases(set); i++) {
		struct kernel_case *c = get_case(set, i % count_cases(set));
		reset_case(c);
		wrong += call_case(c) != c->status || find_difference(c) != c->size;
	}
	return wrong;
}

static void every_kernel_is_compared_and_guarded(void **state)
{
	(void)state;
	struct case_set *set = make_cases();
	assert_non_null(set);
	assert_true(learn_cases(set));
	open_candidate(SCALAR_PLUGIN);
	begin(1, true);
	assert_int_equal(call_cases(set), 0);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		struct probe_counts counts = counts_of(i);
		if (counts.shadow_checks == 0 || counts.shadow_skipped || counts.divergences || counts.faults ||
		    counts.unguarded)
			fail_msg("%s: %d checks, %d skipped, %d divergences, %d faults, %d unguarded", kernels[i].name,
				 (int)counts.shadow_checks, (int)counts.shadow_skipped, (int)counts.divergences,
				 (int)counts.faults, (int)counts.unguarded);
	}
	end();
	assert_int_equal(tenon_close(), TENON_OK);
	free_cases(set);
}

/* Nothing else says which kernels read what they write. */
static void kernels_that_work_in_place_are_known(void **state)
{
	(void)state;
	bool seen[KERNEL_COUNT] = {false};
	struct case_set *set = make_cases();
	assert_non_null(set);
	for (size_t i = 0; i < count_cases(set); i++) {
		struct regions regions;
		const struct kernel_case *c = get_case(set, i);
		int kernel = find_kernel_id(c->kernel);
		find_regions(kernel, c->args, &regions);
		seen[kernel] = seen[kernel] || measure_regions(&regions, REGION_INOUT) > 0;
	}
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (seen[i] && !kernel_works_in_place(i))
			fail_msg("%s works in place", kernels[i].name);
	free_cases(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_is_compared_and_guarded),
		cmocka_unit_test(kernels_that_work_in_place_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
