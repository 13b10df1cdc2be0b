/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Examining a kernel at one point; exam.h says what that is. State: the trial in progress, for the fault handler.
 */
#include "tests/conform/exam.h"

#include <errno.h>
#include <string.h>

#include "tests/conform/call.h"
#include "tests/conform/compare.h"
#include "tests/conform/guard.h"
#include "tests/conform/imports.h"
#include "tests/conform/sentry.h"
#include "tests/conform/trial.h"

enum { PLACE_ARGS = BUFFERS_MAX, PLACE_SCRATCH };
_Static_assert((int)PLACE_SCRATCH < (int)GUARD_PLACES, "a place for every buffer");

static const unsigned char poisons[SIDES] = {[SIDE_RIGHT] = 0xa5, [SIDE_LEFT] = 0x5a};

/* A call of the kernel: where everything is. */
struct stage {
	struct placed placed;
	struct guarded buffer[BUFFERS_MAX], args, scratch;
	void *scratch_seen; /* NULL if the kernel needs none */
	unsigned char poison;
};

static struct trial trial;

bool prepare_exams(void)
{
	prepare_calls();
	return make_room() && make_guards();
}

/* ---- The reference ----------------------------------------------------------------------------------------------- */

/* Scalar's answer, in the arena. */
struct reference {
	struct placed placed;
	int status;
};

static void ask_scalar(int kernel, struct reference *reference)
{
	struct placed *p = &reference->placed;
	for (size_t b = 0; b < trial.buffers; b++) {
		const struct buffer *buffer = &trial.buffer[b];
		p->ours[b] = buffer->content;
		if (buffer->role != ROLE_IN)
			p->ours[b] = take_room(&trial, size_of_buffer(buffer));
		if (buffer->role == ROLE_INOUT)
			memcpy(p->ours[b], buffer->content, size_of_buffer(buffer));
		p->seen[b] = p->ours[b];
	}
	void *args = take_room(&trial, get_args_size(kernel));
	trial.spec->bind(&trial, p, args);
	uint64_t scratch = get_scratch_size(kernel, args);
	reference->status = kernels[kernel].scalar(args, scratch ? take_room(&trial, scratch) : NULL);
}

/* ---- The call ---------------------------------------------------------------------------------------------------- */

static void place_buffer(struct stage *stage, enum side side, size_t b)
{
	const struct buffer *buffer = &trial.buffer[b];
	size_t offset = ((size_t)trial.point.at[AXIS_OFFSET] * (2 * b + 1)) % 16, size = size_of_buffer(buffer);
	bool is_input = buffer->role == ROLE_IN;
	struct guarded at = place_guarded((int)b, side, offset, size, buffer->align, is_input);
	stage->buffer[b] = at;
	stage->placed.seen[b] = at.seen;
	stage->placed.ours[b] = at.ours;
	if (!is_input)
		poison_margins(&at, (int)b, stage->poison);
	if (buffer->content)
		memcpy(at.ours, buffer->content, size);
	else
		memset(at.ours, stage->poison, size);
}

static void place_rest(struct stage *stage, enum side side, int kernel)
{
	stage->args = place_guarded(PLACE_ARGS, side, 0, get_args_size(kernel), 8, true);
	trial.spec->bind(&trial, &stage->placed, stage->args.ours);
	uint64_t size = get_scratch_size(kernel, stage->args.ours);
	stage->scratch = place_guarded(PLACE_SCRATCH, side, 0, size, 64, false);
	stage->scratch_seen = size ? stage->scratch.seen : NULL;
	poison_margins(&stage->scratch, PLACE_SCRATCH, stage->poison);
	memset(stage->scratch.ours, stage->poison, size);
}

static void set_stage(struct stage *stage, enum side side, int kernel)
{
	stage->poison = poisons[side];
	for (size_t b = 0; b < trial.buffers; b++)
		place_buffer(stage, side, b);
	place_rest(stage, side, kernel);
}

/* ---- Looking ----------------------------------------------------------------------------------------------------- */

static bool check_machine(const struct call_report *report, struct finding *finding)
{
	static const enum check checks[] = {
		[BREACH_REGISTERS] = CHECK_REGISTERS, [BREACH_STACK] = CHECK_STACK, [BREACH_DIRECTION] = CHECK_DIRECTION,
		[BREACH_FLOAT_CONTROL] = CHECK_FLOAT_CONTROL, [BREACH_X87] = CHECK_X87,
		[BREACH_UPPER_HALVES] = CHECK_UPPER_HALVES};
	return !report->breach || find(finding, checks[report->breach], "%s", report->text);
}

static bool check_margin(const struct guarded *buffer, int place, const char *name, unsigned char poison,
	struct finding *finding)
{
	ptrdiff_t at;
	if (!find_margin_write(buffer, place, poison, &at))
		return true;
	if (at < 0)
		return find(finding, CHECK_WRITE, "wrote %td bytes before `%s`", -at, name);
	return find(finding, CHECK_WRITE, "wrote %td bytes past `%s`", at - (ptrdiff_t)buffer->size + 1, name);
}

static bool check_margins(const struct stage *stage, struct finding *finding)
{
	for (size_t b = 0; b < trial.buffers; b++)
		if (trial.buffer[b].role != ROLE_IN && !check_margin(&stage->buffer[b], (int)b, trial.buffer[b].name,
			stage->poison, finding))
			return false;
	return check_margin(&stage->scratch, PLACE_SCRATCH, "scratch", stage->poison, finding);
}

static bool check_outputs(const struct exam *exam, const struct stage *stage, const struct reference *reference,
	struct finding *finding)
{
	for (size_t b = 0; b < trial.buffers; b++) {
		if (trial.buffer[b].role == ROLE_IN)
			continue;
		struct outcome outcome = {&trial, &stage->placed, b, trial.buffer[b].count, stage->buffer[b].ours,
			reference->placed.ours[b], stage->poison, exam->worst};
		if (trial.spec->trim)
			outcome.count = trial.spec->trim(&trial, &reference->placed, b);
		bool good = exam->by_oracle ? compare_oracle(&outcome, finding) : compare_bits(&outcome, finding);
		if (!good)
			return false;
	}
	return true;
}

static bool inspect(const struct stage *stage, struct finding *finding)
{
	const char *wrong = trial.spec->inspect ? trial.spec->inspect(&trial, &stage->placed) : NULL;
	return !wrong || find(finding, CHECK_LAW, "%s", wrong);
}

static bool check_status(int got, int want, struct finding *finding)
{
	return got == want || find(finding, CHECK_STATUS, "returned %d, %d is due", got, want);
}

#define ERRNO_MARK 0x7e40

static bool examine_side(const struct exam *exam, enum side side, const struct reference *reference,
	struct finding *finding)
{
	static struct stage stage;
	struct call_report report;
	set_stage(&stage, side, exam->kernel);
	if (exam->is_thorough)
		watch_process();
	unsigned long allocations = count_allocations();
	errno = ERRNO_MARK;
	atomic_store(exam->is_calling, true);
	call_kernel(exam->function, stage.args.seen, stage.scratch_seen, &report);
	atomic_store(exam->is_calling, false);
	int number = errno;
	if (exam->is_thorough)
		check_process(finding);
	if (count_allocations() != allocations)
		find(finding, CHECK_HEAP, "called the allocator");
	if (number != ERRNO_MARK)
		find(finding, CHECK_ERRNO, "changed errno to %d", number);
	return !finding->check && check_machine(&report, finding) && check_margins(&stage, finding) &&
	       check_outputs(exam, &stage, reference, finding) && check_status(report.status, reference->status, finding) &&
	       inspect(&stage, finding) && check_own_memory(finding);
}

bool examine_point(const struct exam *exam, const struct point *point, struct finding *finding)
{
	struct reference reference;
	*finding = (struct finding){.kernel = exam->kernel, .point = *point, .seed = exam->seed};
	build_trial(&trial, specs[exam->kernel], exam->seed, point);
	ask_scalar(exam->kernel, &reference);
	return examine_side(exam, SIDE_RIGHT, &reference, finding) && examine_side(exam, SIDE_LEFT, &reference, finding);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static const char *name_place(int place)
{
	if (place == PLACE_ARGS)
		return "args";
	if (place == PLACE_SCRATCH)
		return "scratch";
	return place >= 0 && place < (int)trial.buffers ? trial.buffer[place].name : NULL;
}

void describe_fault(const void *address, int is_write, struct finding *finding)
{
	struct guard_hit hit = find_guard(address);
	const char *name = name_place(hit.place);
	if (!name) {
		find(finding, CHECK_CRASH, address ? "faulted at %p, in no buffer" : "faulted at %p: a NULL pointer, or an "
			"instruction that demands an alignment", address);
		return;
	}
	if (hit.is_inside) {
		find(finding, CHECK_INPUT, "wrote to the input `%s`", name);
		return;
	}
	const char *verb = is_write < 0 ? "touched" : is_write ? "wrote" : "read";
	enum check check = is_write == 1 ? CHECK_WRITE : CHECK_READ;
	if (hit.is_before)
		find(finding, check, "%s %td bytes before `%s`", verb, hit.beyond, name);
	else
		find(finding, check, "%s past `%s`, at its byte +%td", verb, name, hit.beyond);
}
