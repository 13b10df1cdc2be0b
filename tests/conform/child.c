/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The child: loads the backend, examines entry after entry, shrinks what fails. Whatever happens to it, the board says
 * where it was. State: the board's address, for the fault handler.
 */
#include "build.h"

#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/conform/board.h"
#include "tests/conform/confine.h"
#include "tests/conform/exam.h"
#include "tests/conform/imports.h"
#include "tests/conform/sentry.h"
#include "tests/conform/subject.h"

static struct board *board;

struct child {
	const struct proof_options *options;
	const struct tenon_backend *backend; /* NULL: scalar */
	struct exam exam;
};

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

#if defined(__aarch64__)
/* From the instruction, for emulators that report no syndrome: bit 22 tells loads, but for those that extend a sign. */
static int decode_write(uint32_t instruction)
{
	bool is_access = instruction >> 27 & 1 && !(instruction >> 25 & 1);
	bool extends_sign = (instruction >> 26 & 15) == 14 && (instruction >> 22 & 3) == 2;
	return is_access ? !(instruction >> 22 & 1) && !extends_sign : -1;
}
#endif

/* 1 or 0 if it can be told whether a fault was a write, else -1. */
static int was_write(const ucontext_t *context)
{
#if defined(__x86_64__)
	return context->uc_mcontext.gregs[REG_ERR] >> 1 & 1;
#elif defined(__aarch64__)
	const struct _aarch64_ctx *record = (const void *)context->uc_mcontext.__reserved;
	for (; record->magic && record->size; record = (const void *)((const char *)record + record->size))
		if (record->magic == ESR_MAGIC)
			return (int)(((const struct esr_context *)record)->esr >> 6 & 1);
	return decode_write(*(const uint32_t *)context->uc_mcontext.pc);
#else
	(void)context;
	return -1;
#endif
}

static void take_fault(int number, siginfo_t *info, void *context)
{
	if (number == SIGSEGV && allow_own_write(info->si_addr))
		return;
	board->fault.check = CHECK_NONE;
	if (find_memory_taken(&board->fault))
		_exit(128 + number);
	if (number == SIGSYS)
		describe_refused_call(info->si_syscall, &board->fault);
	else if (number == SIGSEGV || number == SIGBUS)
		describe_fault(info->si_addr, info->si_code == SI_KERNEL ? 0 : was_write(context), &board->fault);
	else
		find(&board->fault, CHECK_CRASH, "died of signal %d (%s) at %p", number, sigdescr_np(number),
		     info->si_addr);
	_exit(128 + number);
}

static void catch_faults(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
	static _Alignas(16) char stack[65536];
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
	struct sigaction action = {.sa_sigaction = take_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

/* ---- Entries ----------------------------------------------------------------------------------------------------- */

/* Where a function of the plugin is in its file, as the opcode lint counts. */
static uint64_t locate_code(tenon_kernel_fn *function)
{
	struct link_map *map;
	Dl_info info;
	void *address;
	memcpy(&address, &function, sizeof address);
	return address && dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) ? (uintptr_t)address - map->l_addr
										  : 0;
}

static void list_entry(const struct cpu *cpu, const struct proof_options *options, uint32_t id, uint32_t numeric_class,
		       const char *needs, uint64_t code)
{
	int kernel = find_kernel_id(id);
	if (kernel < 0 || (options->kernel >= 0 && kernel != options->kernel) || board->entries == ENTRIES_MAX)
		return;
	struct why why;
	struct proof_entry *entry = &board->entry[board->entries++];
	*entry = (struct proof_entry){.kernel = kernel, .numeric_class = numeric_class, .code = code};
	snprintf(entry->needs, sizeof entry->needs, "%s", needs);
	if (check_needs(cpu, needs, &why)) {
		entry->verdict = VERDICT_SKIP;
		snprintf(entry->reason, sizeof entry->reason, "%.199s", why.text);
	}
}

/* Every entry, or every kernel of scalar. */
static void list_entries(const struct cpu *cpu, const struct child *child)
{
	for (uint32_t i = 0; child->backend && i < child->backend->kernel_count; i++) {
		const struct tenon_backend_kernel *entry = get_entry(child->backend, i);
		list_entry(cpu, child->options, entry->id, entry->numeric_class, entry->needs ? entry->needs : "",
			   locate_code(entry->function));
	}
	for (int k = 0; !child->backend && k < KERNEL_COUNT; k++)
		list_entry(cpu, child->options, kernels[k].id, TENON_EXACT, "", 0);
}

/* The function of the board's entry number `wanted`: the entries were listed in the backend's order. */
static tenon_kernel_fn *find_function(const struct child *child, size_t wanted)
{
	if (!child->backend)
		return kernels[board->entry[wanted].kernel].scalar;
	for (uint32_t i = 0; i < child->backend->kernel_count; i++) {
		const struct tenon_backend_kernel *entry = get_entry(child->backend, i);
		int kernel = find_kernel_id(entry->id);
		if (kernel >= 0 && (child->options->kernel < 0 || kernel == child->options->kernel) && wanted-- == 0)
			return entry->function;
	}
	return NULL;
}

/* ---- Examining --------------------------------------------------------------------------------------------------- */

static bool examine_next(struct child *child, const struct point *point, struct finding *finding)
{
	board->point = *point;
	atomic_fetch_add_explicit(&board->steps, 1, memory_order_relaxed);
	return examine_point(&child->exam, point, finding);
}

/* visit_fn */
static bool visit_point(void *user, const struct point *point)
{
	struct child *child = user;
	struct proof_entry *entry = &board->entry[board->current];
	entry->cases++;
	return examine_next(child, point, &entry->finding);
}

/* One point, or the profile's. */
static bool sweep_entry(struct child *child, const struct spec *spec)
{
	const struct proof_options *options = child->options;
	if (options->is_replay)
		return visit_point(child, &options->replay);
	struct sweep sweep = {.spec = spec,
			      .profile = options->profile,
			      .seed = options->seed,
			      .visitor = visit_point,
			      .user = child,
			      .seconds = options->seconds / (double)(board->entries ? board->entries : 1)};
	return run_sweep(&sweep);
}

/* Something in the process changed: another child finds out by which call, if it was one and not the harness. */
static _Noreturn void look_again(struct proof_entry *entry)
{
	entry->cases = 0;
	board->is_thorough = board->looks_again = true;
	_exit(0);
}

/* True if the entry passed the sweep. */
static bool sweep_all(struct child *child, struct proof_entry *entry)
{
	struct finding changed = {0};
	entry->cases = entry->outputs = 0;
	entry->finding.check = CHECK_NONE;
	watch_process();
	bool good = sweep_entry(child, specs[entry->kernel]);
	if (good && !board->is_thorough && !check_process(&changed))
		look_again(entry);
	return good;
}

static void shrink_entry(struct child *child, struct proof_entry *entry)
{
	struct point candidate;
	struct finding finding;
	while (next_candidate(specs[entry->kernel], &board->shrink, &candidate)) {
		if (examine_next(child, &candidate, &finding) || finding.check != entry->finding.check)
			continue;
		entry->finding = finding;
		accept_candidate(&board->shrink, &candidate);
	}
}

static double get_cpu_seconds(void)
{
	struct timespec used = {0};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static void examine_entry(struct child *child, struct proof_entry *entry)
{
	child->exam.kernel = entry->kernel;
	child->exam.function = find_function(child, board->current);
	child->exam.any_order = entry->numeric_class == TENON_BOUNDED;
	child->exam.by_oracle = !child->backend || child->exam.any_order;
	child->exam.is_thorough = board->is_thorough;
	child->exam.worst = &entry->worst;
	child->exam.outputs = &entry->outputs;
	child->exam.is_calling = &board->is_calling;
	if (board->phase == PHASE_SWEEPING) {
		double begin = get_cpu_seconds();
		bool good = sweep_all(child, entry);
		entry->seconds = get_cpu_seconds() - begin;
		if (good) {
			entry->verdict = entry->cases ? VERDICT_PASS : VERDICT_FAIL;
			if (!entry->cases)
				find(&entry->finding, CHECK_VACUITY, "no case was run");
			return;
		}
		start_shrink(specs[entry->kernel], &entry->finding.point, &board->shrink);
		board->phase = PHASE_SHRINKING;
	}
	if (!child->options->is_replay && !child->options->stops_early)
		shrink_entry(child, entry);
	entry->verdict = VERDICT_FAIL;
}

/* ---- The child --------------------------------------------------------------------------------------------------- */

static void limit_process(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	catch_faults();
	refuse_calls();
}

static void load(struct child *child, const struct candidate *candidate, const struct cpu *cpu)
{
	if (child->options->mutant)
		setenv("TENON_MUTANT", child->options->mutant, 1);
	watch_process();
	struct subject subject;
	board->status = open_subject(candidate->path, &subject, &board->why);
	struct finding taken = {0};
	if (!board->status && find_memory_taken(&taken))
		board->status = explain(&board->why, TENON_EREFUSED, "%s: loading it %s", candidate->path, taken.text);
	if (board->status)
		return;
	child->backend = subject.backend;
	if (subject.handle)
		redirect_imports(subject.handle);
	protect_own_memory(*candidate->path ? candidate->path : NULL);
	if (board->phase != PHASE_LOADING)
		return;
	list_entries(cpu, child);
	board->phase = PHASE_SWEEPING;
}

/* Without destructors, which are the parent's; what counts lines of code must have its say all the same. */
static _Noreturn void leave(void)
{
#ifdef TENON_COVERAGE
	void __gcov_dump(void);
	__gcov_dump();
#endif
	_exit(0);
}

/* One failed entry is a verdict, for those who want no more than that. */
static bool is_settled(const struct proof_options *options)
{
	return options->is_brief && board->current > 0 && board->entry[board->current - 1].verdict == VERDICT_FAIL;
}

void run_child(struct board *shared, const struct candidate *candidate, const struct cpu *cpu,
	       const struct proof_options *options)
{
	struct child child = {.options = options, .exam.seed = options->seed};
	board = shared;
	limit_process();
	if (!prepare_exams())
		_exit(99);
	if (options->enter)
		options->enter();
	load(&child, candidate, cpu);
	for (; !board->status && board->current < board->entries && !is_settled(options); board->current++) {
		struct proof_entry *entry = &board->entry[board->current];
		if (entry->verdict != VERDICT_SKIP)
			examine_entry(&child, entry);
		board->phase = PHASE_SWEEPING;
		board->is_thorough = false;
		board->deaths = 0;
	}
	board->phase = PHASE_DONE;
	leave();
}
