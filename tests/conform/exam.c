/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Examining a kernel at one point; exam.h says what that is. State: the trial in progress, for the fault handler.
 */
#include "tests/conform/exam.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/conform/call.h"
#include "tests/conform/compare.h"
#include "tests/conform/guard.h"
#include "tests/conform/imports.h"
#include "tests/conform/law.h"
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
	static const enum check checks[] = {[BREACH_REGISTERS] = CHECK_REGISTERS,
					    [BREACH_STACK] = CHECK_STACK,
					    [BREACH_DIRECTION] = CHECK_DIRECTION,
					    [BREACH_FLOAT_CONTROL] = CHECK_FLOAT_CONTROL,
					    [BREACH_X87] = CHECK_X87,
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
		if (trial.buffer[b].role != ROLE_IN &&
		    !check_margin(&stage->buffer[b], (int)b, trial.buffer[b].name, stage->poison, finding))
			return false;
	return check_margin(&stage->scratch, PLACE_SCRATCH, "scratch", stage->poison, finding);
}

/* How many elements of an output count. */
static size_t count_elements(const struct placed *placed, size_t b)
{
	return trial.spec->trim ? trial.spec->trim(&trial, placed, b) : trial.buffer[b].count;
}

static struct outcome get_outcome(const struct exam *exam, const struct stage *stage, size_t b, const void *want)
{
	return (struct outcome){
		&trial, &stage->placed, b,          count_elements(&stage->placed, b), stage->buffer[b].ours,
		want,   stage->poison,  exam->worst};
}

/* For the lane table of what the oracle refused: nothing else needs scalar there. */
static void show_scalar(int kernel, size_t b, struct finding *finding)
{
	struct reference reference;
	ask_scalar(kernel, &reference);
	for (size_t i = 0; i < finding->lanes; i++)
		finding->lane[i].want =
			load_element(trial.buffer[b].element, reference.placed.ours[b], finding->lane[i].index);
}

/* By the oracle, or with scalar's bits. */
static bool check_outputs(const struct exam *exam, const struct stage *stage, const struct reference *reference,
			  struct finding *finding)
{
	for (size_t b = 0; b < trial.buffers; b++) {
		if (trial.buffer[b].role == ROLE_IN)
			continue;
		struct outcome outcome = get_outcome(exam, stage, b, reference->placed.ours[b]);
		bool good = exam->by_oracle ? compare_oracle(&outcome, finding) : compare_bits(&outcome, finding);
		if (!good && exam->by_oracle)
			show_scalar(exam->kernel, b, finding);
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

/* The status that the outputs demand: the oracle's, for what is not compared with scalar. */
static int expect_status(const struct stage *stage)
{
	if (trial.spec->expect)
		return trial.spec->expect(&trial, &stage->placed);
	for (size_t b = 0; b < trial.buffers; b++) {
		const struct buffer *buffer = &trial.buffer[b];
		bool counts = buffer->role != ROLE_IN && buffer->element == ELEMENT_F32;
		size_t count = counts ? count_elements(&stage->placed, b) : 0;
		for (size_t i = 0; i < count; i++)
			if (!isfinite(((const float *)stage->placed.ours[b])[i]))
				return TENON_ENONFINITE;
	}
	return TENON_OK;
}

static bool check_status(int got, int want, struct finding *finding)
{
	return got == want || find(finding, CHECK_STATUS, "returned %d, %d is due", got, want);
}

#define ERRNO_MARK 0x7e40

static void call_stage(const struct exam *exam, const struct stage *stage, struct call_report *report)
{
	atomic_store(exam->is_calling, true);
	call_kernel(exam->function, stage->args.seen, stage->scratch_seen, report);
	atomic_store(exam->is_calling, false);
}

/* What the oracle has judged on one side must only be the same on the other. */
static bool judge_call(const struct exam *exam, enum side side, const struct stage *stage, int status,
		       const struct reference *reference, struct finding *finding)
{
	int want = exam->by_oracle ? expect_status(stage) : reference->status;
	return ((exam->by_oracle && side != SIDE_RIGHT) || check_outputs(exam, stage, reference, finding)) &&
	       check_status(status, want, finding) && inspect(stage, finding);
}

/* One multiplication: it is made of every element that the profile sees. */
static uint64_t fold_bits(uint64_t hash, uint64_t bits)
{
	hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

/* The words that a call left where they count, and its status; NaNs made one, so that every right backend has the same. */
static uint64_t hash_outputs(const struct stage *stage, int status, uint64_t hash)
{
	hash = draw_bits(hash ^ (uint32_t)status, 1);
	for (size_t b = 0; b < trial.buffers; b++) {
		const struct buffer *buffer = &trial.buffer[b];
		size_t count = buffer->role == ROLE_IN ? 0 : count_elements(&stage->placed, b);
		for (size_t i = 0; i < count; i++)
			hash = fold_bits(hash, load_element(buffer->element, stage->buffer[b].ours, i));
	}
	return hash;
}

static bool examine_side(const struct exam *exam, enum side side, struct stage *stage,
			 const struct reference *reference, struct finding *finding)
{
	struct call_report report;
	set_stage(stage, side, exam->kernel);
	if (exam->is_thorough)
		watch_process();
	unsigned long allocations = count_allocations();
	errno = ERRNO_MARK;
	call_stage(exam, stage, &report);
	int number = errno;
	if (exam->is_thorough)
		check_process(finding);
	if (count_allocations() != allocations)
		find(finding, CHECK_HEAP, "called the allocator");
	if (number != ERRNO_MARK)
		find(finding, CHECK_ERRNO, "changed errno to %d", number);
	bool good = !finding->check && check_machine(&report, finding) && check_margins(stage, finding) &&
		    judge_call(exam, side, stage, report.status, reference, finding) && check_own_memory(finding);
	if (good && side == SIDE_RIGHT)
		*exam->outputs = hash_outputs(stage, report.status, *exam->outputs);
	return good;
}

/* ---- Laws -------------------------------------------------------------------------------------------------------- */

/*
 * A call has other bits than the one at other addresses. If the first one, made once more over the other bytes that the
 * second one's outputs held, has other bits as well, then it is not the addresses.
 */
static void blame_repetition(const struct exam *exam, struct stage *first, size_t b, struct finding *finding)
{
	struct call_report report;
	size_t size = size_of_buffer(&trial.buffer[b]);
	unsigned char *before = take_room(&trial, size);
	memcpy(before, first->buffer[b].ours, size);
	set_stage(first, SIDE_RIGHT, exam->kernel);
	memset(first->buffer[b].ours, poisons[SIDE_LEFT], trial.buffer[b].role == ROLE_OUT ? size : 0);
	call_stage(exam, first, &report);
	struct finding again = {0};
	struct outcome outcome = get_outcome(exam, first, b, before);
	finding->check = compare_bits(&outcome, &again) ? CHECK_LAW_ALIGNMENT : CHECK_LAW_REPETITION;
}

/* For what the oracle judges: the bits depend on the inputs alone. Of the others, scalar's bits say so. */
static bool check_addresses(const struct exam *exam, struct stage *right, const struct stage *left,
			    struct finding *finding)
{
	for (size_t b = 0; exam->by_oracle && b < trial.buffers; b++) {
		if (trial.buffer[b].role == ROLE_IN)
			continue;
		struct outcome outcome = get_outcome(exam, left, b, right->buffer[b].ours);
		if (compare_bits(&outcome, finding))
			continue;
		blame_repetition(exam, right, b, finding);
		return false;
	}
	return true;
}

static bool ask_laws(const struct exam *exam, struct finding *finding)
{
	struct inquiry inquiry = {.trial = &trial,
				  .kernel = exam->kernel,
				  .function = exam->function,
				  .is_calling = exam->is_calling,
				  .finding = finding,
				  .interval = exam->any_order ? 7 : 19};
	if (!exam->by_oracle) /* a mutant should first meet what it is compared with */
		inquiry.first = 100, inquiry.interval = 29;
	return obeys_laws(&inquiry);
}

bool examine_point(const struct exam *exam, const struct point *point, struct finding *finding)
{
	static struct stage stage[SIDES];
	struct reference reference = {.status = 0};
	*finding = (struct finding){.kernel = exam->kernel, .point = *point, .seed = exam->seed};
	trial.any_order = exam->any_order;
	build_trial(&trial, specs[exam->kernel], exam->seed, point);
	if (!exam->by_oracle)
		ask_scalar(exam->kernel, &reference);
	return examine_side(exam, SIDE_RIGHT, &stage[SIDE_RIGHT], &reference, finding) &&
	       examine_side(exam, SIDE_LEFT, &stage[SIDE_LEFT], &reference, finding) &&
	       check_addresses(exam, &stage[SIDE_RIGHT], &stage[SIDE_LEFT], finding) && ask_laws(exam, finding);
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
		find(finding, CHECK_CRASH,
		     address ? "faulted at %p, in no buffer"
			     : "faulted at %p: a NULL pointer, or an "
			       "instruction that demands an alignment",
		     address);
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
