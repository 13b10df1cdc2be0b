/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * recover [COUNT]: so many faults of a guarded kernel, of all kinds, called as the conformance harness calls: each must come
 * back with scalar's answer, and with registers, stack, flags and floating-point state as they were. One thread.
 */
#include "build.h"

#include <signal.h>

#include "runtime/probed.h"
#include "tests/conform/call.h"
#include "tests/live.h"
#include "tests/plugins/faulty.h"

enum { KERNEL = KERNEL_inner_product, COUNT = 50000 };

static const enum deed deeds[] = {
	DEED_SPOIL,  DEED_READ_NULL, DEED_ILLEGAL, DEED_JUMP_NULL, DEED_HALF, DEED_WRITE, DEED_COPY_NULL,
#ifdef __x86_64__
	DEED_DIVIDE, DEED_MISALIGN,
#endif
};
#define DEEDS_HERE (sizeof deeds / sizeof *deeds)

/* Of the faulty plugin, over scalar; composed but not published: the calls are ours. */
static bool compose(struct table *table)
{
	struct why why;
	const struct probe_plan plan = {.guard = true, .timing = true};
	if (open_quietly() || tenon_swap(FAULTY_PLUGIN, 0) ||
	    make_probe(&scalar_table, atomic_load(&active_table), &plan, table, &why))
		return false;
	set_probe_share(table->probe, 100);
	return true;
}

/* What tripped is put back, so that the next call faults, too. */
static void untrip(struct probe *probe)
{
	struct watch *watch = &probe->watch[KERNEL];
	atomic_store(&slots[probe->slot].route[KERNEL][SIDE_CANDIDATE], trampolines[KERNEL][probe->slot].guarded);
	atomic_store(&watch->tripped, false);
}

static bool recover_once(const struct table *table, enum deed deed)
{
	float query[DEED_DIM] = {DEED_BASE + (float)deed, 1, 2, 3, 4, 5, 6};
	float rows[2][DEED_DIM] = {{0, 1}, {0, 0, 0, 2}}, scores[2] = {-1, -1};
	const struct tenon_inner_product_args args = {query, rows[0], 2, DEED_DIM, DEED_DIM, scores};
	struct call_report report;
	call_kernel(table->function[KERNEL], &args, NULL, &report);
	if (report.status == TENON_OK && report.breach == BREACH_NONE && scores[0] == 1 && scores[1] == 6)
		return true;
	printf("# deed %d: status %d, scores %g %g, %s\n", (int)deed, report.status, (double)scores[0],
	       (double)scores[1], report.breach ? report.text : "state as it was");
	return false;
}

static unsigned long recover_often(const struct table *table, unsigned long count)
{
	unsigned long good = 0;
	while (good < count && recover_once(table, deeds[good % DEEDS_HERE])) {
		untrip(table->probe);
		good++;
	}
	return good;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT, good;
	struct table table;
	struct probe_counts counts;
	if (!HAS_GUARD) {
		printf("1..1\nok 1 # SKIP no guard in a build with a sanitizer\n");
		return 0;
	}
	printf("1..1\n");
	prepare_calls();
	if (!compose(&table)) {
		printf("Bail out! %s\n", tenon_error_detail());
		return 1;
	}
	good = recover_often(&table, count);
	read_probe(table.probe, KERNEL, &counts);
	release_probe(table.probe);
	bool ok = good == count && counts.faults == count && tenon_close() == TENON_OK;
	printf("%sok 1 - %lu of %lu faults, of %d kinds, left nothing behind but the answer\n", ok ? "" : "not ", good,
	       count, (int)DEEDS_HERE);
	return ok ? 0 : 1;
}
