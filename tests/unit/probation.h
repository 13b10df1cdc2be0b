/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table on probation in a live runtime, for tests: scalar is plain, the candidate what a swap to a plugin composes; and
 * calls that ask the faulty plugin for its deeds. All of it is static.
 */
#ifndef TESTS_PROBATION_H
#define TESTS_PROBATION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/guard.h"
#include "runtime/load.h"
#include "runtime/probe.h"
#include "runtime/publish.h"
#include "runtime/retire.h"
#include "tests/live.h"
#include "tests/plugins/faulty.h"

#define UNUSED __attribute__((unused)) /* not every test needs everything */

static struct table plain, candidate;
static struct probe *probe;

static UNUSED void publish(const struct table *table)
{
	uint64_t vetoes;
	struct why why;
	assert_int_equal(begin_swap(&vetoes, &why), TENON_OK);
	hold_images();
	assert_int_equal(hand_over(vetoes, table, 0, &why), TENON_OK);
	release_images();
}

static void open_candidate(const char *path)
{
	assert_int_equal(open_quietly(), TENON_OK);
	plain = *atomic_load(&active_table);
	assert_int_equal(tenon_swap(path, 0), TENON_OK);
	candidate = *atomic_load(&active_table);
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK);
}

static void begin(uint32_t shadow, bool guard)
{
	struct why why;
	struct table table;
	struct probe_plan plan = {.shadow = shadow, .guard = guard, .timing = true};
	assert_int_equal(make_probe(&plain, &candidate, &plan, &table, &why), TENON_OK);
	probe = table.probe;
	set_probe_share(probe, 100);
	publish(&table);
}

/* Every probe that there was is gone, a grace period after its table. */
static bool are_slots_free(void)
{
	struct why why;
	struct table tables[PROBE_SLOTS];
	const struct probe_plan plan = {0};
	int made = 0;
	while (made < PROBE_SLOTS && make_probe(&plain, &plain, &plan, &tables[made], &why) == TENON_OK)
		made++;
	for (int i = 0; i < made; i++)
		release_probe(tables[i].probe);
	return made == PROBE_SLOTS;
}

static void end(void)
{
	publish(&plain);
	release_probe(probe);
	assert_true(wait_until(are_slots_free()));
}

static UNUSED struct probe_counts counts_of(int kernel)
{
	struct probe_counts counts;
	read_probe(probe, kernel, &counts);
	return counts;
}

/* ---- The faulty plugin ------------------------------------------------------------------------------------------- */

static UNUSED int open_faulty(void **state)
{
	(void)state;
	open_candidate(FAULTY_PLUGIN);
	return 0;
}

static UNUSED int close_faulty(void **state)
{
	(void)state;
	return tenon_close();
}

static float query[DEED_DIM] = {0, 1, 2, 3, 4, 5, 6}, rows[3][DEED_DIM] = {{0, 1}, {0, 0, 1}, {0, 0, 0, 2}}, scores[3];
static UNUSED const struct tenon_inner_product_args product = {query, rows[0], 3, DEED_DIM, DEED_DIM, scores};

static UNUSED int ask(enum deed deed)
{
	query[0] = deed == DEED_NONE ? 0 : (float)(DEED_BASE + (int)deed);
	scores[0] = scores[1] = scores[2] = -1;
	return tenon_inner_product(&product);
}

static UNUSED bool is_answered(void)
{
	return scores[0] == 1 && scores[1] == 2 && scores[2] == 6;
}

#define ASSERT_ASKED(deed)                             \
	do {                                           \
		assert_int_equal(ask(deed), TENON_OK); \
		assert_true(is_answered());            \
	} while (0)

static UNUSED void need_guard(void)
{
	if (!HAS_GUARD)
		skip();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_faulty, close_faulty)

#endif
