/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calling a flight record again; replay.h says how. State: the result that child and parent share, for the fault handler.
 */
#include "build.h"

#include "tests/conform/replay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conform/call.h"
#include "tests/conform/guard.h"
#include "tests/conform/spec.h"
#include "tests/conform/subject.h"

enum { PLACE_SCRATCH = REGIONS_MAX, DEADLINE_MS = 20000, LANES_BEFORE = 3 };
_Static_assert((int)PLACE_SCRATCH<(int)GUARD_PLACES && GUARD_CAPACITY> FLIGHT_REGION_MAX + 64,
	       "a place for every region");

enum phase { PHASE_FILLING, PHASE_SCALAR, PHASE_LOADING, PHASE_CALLING, PHASE_DONE };

/* Shared with the child, whose death it survives. */
struct result {
	enum phase phase;
	struct replay replay;
	char fault[160];
};
static struct result *result;

struct call {
	const struct flight *flight;
	struct regions got, want;
	void *got_scratch, *want_scratch;
};

const char *name_replay(enum replay_verdict verdict)
{
	static const char *const names[] = {"agrees", "diverges", "refused", "bad-record", "not-compared"};
	return names[verdict];
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static const struct flight *faulting; /* for names */

static void describe_hit(const void *address)
{
	struct guard_hit hit = find_guard(address);
	const char *name = hit.place == PLACE_SCRATCH ? "scratch"
			   : hit.place >= 0 && faulting && hit.place < (int)faulting->header->regions
				   ? faulting->region[hit.place].name
				   : NULL;
	if (name && !hit.is_inside)
		snprintf(result->fault, sizeof result->fault, ": touched %td bytes %s the memory of `%s`", hit.beyond,
			 hit.is_before ? "before" : "behind", name);
}

static void take_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGSEGV || number == SIGBUS)
		describe_hit(info->si_addr);
	signal(number, SIG_DFL);
	raise(number);
	_exit(128 + number);
}

static void limit_process(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	static _Alignas(16) char stack[65536];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
	struct sigaction action = {.sa_sigaction = take_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

/* ---- The calls --------------------------------------------------------------------------------------------------- */

static _Noreturn void end(enum replay_verdict verdict, const char *text)
{
	result->replay.verdict = verdict;
	if (text != result->replay.text)
		snprintf(result->replay.text, sizeof result->replay.text, "%s", text);
	result->phase = PHASE_DONE;
	_exit(0);
}

static void *map_room(size_t size)
{
	void *memory =
		mmap(NULL, size + !size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		end(REPLAY_BAD_RECORD, "it asks for more memory than there is");
	return memory;
}

/* The backend's call in guarded memory, scalar's in any. */
static void build_call(struct call *c)
{
	struct why why = {0};
	list_flight(c->flight, &c->got);
	for (int i = 0; i < c->got.count; i++) {
		struct region *r = &c->got.list[i];
		size_t lead = c->flight->region[i].misalignment;
		if (has_own_memory(r) && r->size)
			r->base = place_guarded(i, SIDE_RIGHT, 0, r->size + lead, 64, false).ours + lead;
	}
	if (fill_flight(c->flight, &c->got, &why))
		end(REPLAY_BAD_RECORD, why.text);
	copy_regions(&c->got, REGION_EVERY, map_room(measure_copy(&c->got, REGION_EVERY)), &c->want);
	uint64_t size = get_scratch_size(c->flight->kernel, c->got.list[0].base);
	if (size > GUARD_CAPACITY)
		end(REPLAY_BAD_RECORD, "it asks for more scratch than any call has");
	c->got_scratch = size ? place_guarded(PLACE_SCRATCH, SIDE_RIGHT, 0, size, 64, false).ours : NULL;
	c->want_scratch = size ? map_room(size) : NULL;
}

/* The kernel's first entry that this CPU can run; scalar's if there is none. */
static tenon_kernel_fn *find_function(const struct call *c, const struct tenon_backend *backend, const struct cpu *cpu,
				      uint32_t *numeric_class)
{
	struct why why;
	for (uint32_t i = 0; backend && i < backend->kernel_count; i++) {
		const struct tenon_backend_kernel *entry = get_entry(backend, i);
		if (find_kernel_id(entry->id) != c->flight->kernel ||
		    check_needs(cpu, entry->needs ? entry->needs : "", &why))
			continue;
		*numeric_class = entry->numeric_class;
		return entry->function;
	}
	result->replay.inherits = backend != NULL;
	*numeric_class = TENON_EXACT;
	return kernels[c->flight->kernel].scalar;
}

/* ---- Lanes ------------------------------------------------------------------------------------------------------- */

static bool has_element(const struct flight_part *part, size_t element, size_t index)
{
	return index * element >= part->begin && (index + 1) * element <= part->begin + part->size;
}

static uint64_t read_recorded(const struct flight *f, const struct flight_part *part, const struct flight_region *r,
			      size_t index)
{
	return read_element(r->kind, f->bytes + part->at + (index * size_of_kind(r->kind) - part->begin), 0);
}

static void begin_lanes(const struct flight *f, int region, size_t index, struct replay *replay)
{
	size_t element = size_of_kind(f->region[region].kind), count = f->region[region].size / element;
	size_t first = index < LANES_BEFORE ? 0 : index - LANES_BEFORE;
	replay->region = region;
	for (replay->lanes = 0; replay->lanes < REPLAY_LANES && first + replay->lanes < count; replay->lanes++) {
		struct replay_lane *lane = &replay->lane[replay->lanes];
		*lane = (struct replay_lane){.index = first + replay->lanes};
		lane->has_recorded = has_element(&f->region[region].got, element, lane->index);
		if (lane->has_recorded)
			lane->recorded = read_recorded(f, &f->region[region].got, &f->region[region], lane->index);
	}
}

/* Where the record says that answers differ, unless it says that they do not. */
static bool find_recorded(const struct flight *f, struct region_difference *d)
{
	*d = (struct region_difference){(int)f->header->first_region, f->header->first_index};
	return f->header->first_region < f->header->regions &&
	       d->index < f->region[d->region].size / size_of_kind(f->region[d->region].kind);
}

void list_recorded(const struct flight *f, struct replay *replay)
{
	struct region_difference d;
	*replay = (struct replay){
		.region = -1, .got_status = f->header->got_status, .want_status = f->header->want_status};
	if (!find_recorded(f, &d))
		return;
	begin_lanes(f, d.region, d.index, replay);
	const struct flight_region *region = &f->region[d.region];
	while (replay->lanes && !replay->lane[replay->lanes - 1].has_recorded)
		replay->lanes--;
	for (size_t i = 0; i < replay->lanes; i++)
		if (has_element(&region->want, size_of_kind(region->kind), replay->lane[i].index))
			replay->lane[i].want = read_recorded(f, &region->want, region, replay->lane[i].index);
}

/* Around the first difference of now, else of then. */
static void fill_lanes(const struct call *c, const struct region_difference *now, bool has_got)
{
	struct replay *replay = &result->replay;
	struct region_difference d = {-1, 0};
	if (now)
		d = *now;
	else if (!find_recorded(c->flight, &d))
		return;
	begin_lanes(c->flight, d.region, d.index, replay);
	for (size_t i = 0; i < replay->lanes; i++) {
		struct replay_lane *lane = &replay->lane[i];
		lane->has_now = has_got;
		lane->got = read_element(c->got.list[d.region].kind, c->got.list[d.region].base, lane->index);
		lane->want = read_element(c->want.list[d.region].kind, c->want.list[d.region].base, lane->index);
	}
}

/* ---- The child --------------------------------------------------------------------------------------------------- */

static void call_scalar(struct call *c)
{
	result->phase = PHASE_SCALAR;
	result->replay.want_status = kernels[c->flight->kernel].scalar(c->want.list[0].base, c->want_scratch);
	fill_lanes(c, NULL, false);
}

static void call_backend(struct call *c, tenon_kernel_fn *function, struct call_report *report)
{
	result->phase = PHASE_CALLING;
	call_kernel(function, c->got.list[0].base, c->got_scratch, report);
	result->replay.got_status = report->status;
	result->replay.has_returned = true;
}

static _Noreturn void compare(struct call *c, const struct call_report *report)
{
	struct region_difference d;
	struct replay *replay = &result->replay;
	bool agrees = compare_answers(&c->got, &c->want, &d);
	fill_lanes(c, agrees ? NULL : &d, true);
	if (!agrees)
		snprintf(replay->text, sizeof replay->text, "%s[%zu] differs", c->got.list[d.region].name, d.index);
	else if (replay->got_status != replay->want_status)
		snprintf(replay->text, sizeof replay->text, "it returns %d, scalar %d", replay->got_status,
			 replay->want_status);
	else if (report->breach)
		snprintf(replay->text, sizeof replay->text, "%s", report->text);
	else
		end(REPLAY_AGREES, replay->inherits ? "it leaves the kernel to scalar" : "every bit is scalar's");
	end(REPLAY_DIVERGES, replay->text);
}

static _Noreturn void run_child(struct call *c, const struct candidate *candidate, const struct cpu *cpu)
{
	struct why why;
	struct call_report report;
	uint32_t numeric_class;
	struct subject subject;
	faulting = c->flight;
	limit_process();
	prepare_calls();
	if (!make_guards())
		_exit(99);
	build_call(c);
	call_scalar(c);
	result->phase = PHASE_LOADING;
	if (open_subject(candidate->path, &subject, &why))
		end(REPLAY_REFUSED, why.text);
	tenon_kernel_fn *function = find_function(c, subject.backend, cpu, &numeric_class);
	call_backend(c, function, &report);
	if (numeric_class == TENON_BOUNDED)
		end(REPLAY_NOT_COMPARED, "the kernel is BOUNDED there, with bits of its own");
	compare(c, &report);
}

/* ---- The parent -------------------------------------------------------------------------------------------------- */

/* Waits for the child's end; kills it at the deadline. True if it had to. */
static bool watch_child(pid_t pid, int pipe, int *status)
{
	struct pollfd end = {.fd = pipe, .events = POLLIN};
	int ready;
	do
		ready = poll(&end, 1, DEADLINE_MS);
	while (ready < 0 && errno == EINTR);
	if (!ready)
		kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL); /* whatever it started */
	return !ready;
}

static void describe_death(struct replay *replay, bool hung, int status)
{
	static const enum replay_verdict verdicts[] = {REPLAY_BAD_RECORD, REPLAY_BAD_RECORD, REPLAY_REFUSED,
						       REPLAY_DIVERGES};
	static const char *const what[] = {"laying it out", "scalar, which cannot fail on a legal call,", "loading it",
					   "its call"};
	enum phase phase = result->phase;
	replay->verdict = verdicts[phase];
	if (hung)
		snprintf(replay->text, sizeof replay->text, "%s made no progress for %d s", what[phase],
			 DEADLINE_MS / 1000);
	else if (WIFSIGNALED(status))
		snprintf(replay->text, sizeof replay->text, "%s died of signal %d (%s)%s", what[phase],
			 WTERMSIG(status), strsignal(WTERMSIG(status)), result->fault);
	else
		snprintf(replay->text, sizeof replay->text, "%s ended the process with status %d", what[phase],
			 WEXITSTATUS(status));
}

static bool run_one(struct call *c, const struct candidate *candidate, const struct cpu *cpu, struct replay *replay)
{
	int pipes[2], status = 0;
	if (pipe(pipes))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		run_child(c, candidate, cpu);
	}
	close(pipes[1]);
	bool hung = pid > 0 && watch_child(pid, pipes[0], &status);
	close(pipes[0]);
	if (pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 99))
		return false;
	*replay = result->replay;
	if (result->phase != PHASE_DONE)
		describe_death(replay, hung, status);
	return true;
}

bool replay_flight(const struct flight *flight, const struct candidate *candidate, const struct cpu *cpu,
		   struct replay *replay, struct why *why)
{
	static struct call call;
	call = (struct call){.flight = flight};
	result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		return explain(why, TENON_ENOMEM, "no memory to share with the process that calls"), false;
	result->replay.region = -1;
	bool ran = run_one(&call, candidate, cpu, replay);
	if (!ran)
		explain(why, TENON_ESYSTEM, "cannot start the process that calls: %s", strerror(errno));
	munmap(result, sizeof *result);
	return ran;
}

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list list;
	va_start(list, format);
	vsnprintf(text + used, size - used, format, list);
	va_end(list);
}

static void append_size(char *text, size_t size, const char *name, size_t value)
{
	append(text, size, "%s%s=%zu", *text ? " " : "", name, value);
}

static void append_word(char *text, size_t size, const char *name, uint32_t value)
{
	append_size(text, size, name, value);
}

static void append_float(char *text, size_t size, const char *name, float value)
{
	append(text, size, "%s%s=%a", *text ? " " : "", name, (double)value);
}

static void append_pointer(char *text, size_t size, const char *name, const void *value)
{
	(void)text, (void)size, (void)name, (void)value;
}

#define TENON_ARG(type, member)          \
	_Generic(a.member, size_t        \
		 : append_size, uint32_t \
		 : append_word, float    \
		 : append_float, default \
		 : append_pointer)(text, size, #member, a.member);
#define TENON_KERNEL(id, name, scratch, args)                                   \
	static void describe_##name(const void *bytes, char *text, size_t size) \
	{                                                                       \
		struct tenon_##name##_args a;                                   \
		memcpy(&a, bytes, sizeof a);                                    \
		args                                                            \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#undef TENON_ARG
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) describe_##name,
static void (*const describers[KERNEL_COUNT])(const void *bytes, char *text, size_t size) = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

void describe_args(const struct flight *f, char *text, size_t size)
{
	const struct flight_part *args = &f->region[0].before;
	*text = '\0';
	if (args->size == get_args_size(f->kernel))
		describers[f->kernel](f->bytes + args->at, text, size);
}
