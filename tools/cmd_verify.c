/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon verify: does a backend conform? The harness (tests/conform) proves it in a process of its own; this is its
 * command line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "build.h"
#ifdef HAVE_JANSSON
#include "tests/conform/report_json.h"
#endif
#include "tests/conform/trial.h"
#include "tools/certificate.h"
#include "tools/offline.h"
#include "tools/replay.h"
#include "tools/verify.h"

const char help_verify[] =
	"Usage: tenon verify [OPTION]... NAME|FILE...\n"
	"       tenon verify [OPTION]... --all\n"
	"       tenon verify --certificate FILE --check PLUGIN\n"
	"       tenon verify --replay FILE [NAME|FILE]\n"
	"       tenon verify --self-test\n\n"
	"Runs the kernels of a backend, in a process of its own, on thousands of awkward calls, and compares\n"
	"every bit with the scalar reference (scalar itself with an independent oracle). A crash, a hang, an\n"
	"access outside a buffer or a register left changed is a verdict, with a command that replays it.\n"
	"Instructions beyond what the file or an entry declares are looked for, too. Anything with a slash is a\n"
	"file.\n\n"
	"  --all              every backend that is found\n"
	"  --profile PROFILE  quick (the default; 100 ms a backend), full (minutes) or nightly (hours)\n"
	"  --seconds N        of nightly, for each backend; the default is 10800, three hours\n"
	"  --kernel KERNEL    this kernel alone\n"
	"  --seed SEED        of the data; the default is 1, but for nightly a fresh one, which is printed\n"
	"  --replay TOKEN     the one case that a failure printed\n"
	"  --replay FILE      the call of a flight record (with a slash, or FILE.tenon), on the backend that\n"
	"                     diverged or, to try a fix, on another one; prints then, now and scalar\n"
	"  --format FORMAT    human (the default), tap, junit or json\n"
	"  --require LIST     backends, by name and comma, that must not be skipped\n"
	"  --runner COMMAND   run the proof under COMMAND, for example 'qemu-x86_64 -cpu max'\n"
	"  --certificate OUT  when it conforms, write OUT: what was verified, on which CPU, by which harness, with\n"
	"                     the harness's own score; the same bytes each time\n"
	"  --reproducer OUT   write the first failing case as a C file that compiles with one line and needs nothing\n"
	"                     but the plugin\n"
	"  --check PLUGIN     with --certificate: does that file certify PLUGIN, by this harness, on this CPU?\n"
	"  --self-test        verify this harness: it must kill every mutant that it is installed with, and pass\n"
	"                     their good twins; $TENON_MUTANTS names another folder of them\n"
	"  --config FILE      use FILE instead of the system's configuration\n\n"
	"Example: tenon verify ./mine.so --profile full\n\n"
	"Exit codes: 0 conforms; 1 does not conform; 2 usage or configuration; 3 cannot be loaded, or refused;\n"
	"77 only this CPU is in the way\n";

#define SEED_NOT_GIVEN UINT64_MAX

struct verify {
	bool all, self_test;
	const char *profile, *kernel, *replay, *format, *require, *runner, *config, *emulator, *certificate, *check,
		*reproducer;
	uint64_t seed, seconds;
	struct machine machine;
	struct report report;
	struct score score;
};

/* ---- Options ----------------------------------------------------------------------------------------------------- */

/* The index of word in names, which end with NULL; -1 after fail(). */
static int choose(struct tool *tool, const char *option, const char *word, const char *const *names)
{
	size_t count = 0;
	for (; names[count]; count++)
		if (strcmp(names[count], word) == 0)
			return (int)count;
	char text[256] = "";
	suggest_names(text, sizeof text, word, names, count);
	return fail(tool, EXIT_USAGE, "%s '%s'; %s", option, word, text), -1;
}

static int choose_kernel(struct tool *tool, const char *word)
{
	const char *names[KERNEL_COUNT + 1] = {NULL};
	for (int k = 0; k < KERNEL_COUNT; k++)
		names[k] = kernels[k].name;
	return choose(tool, "--kernel", word, names);
}

static int read_replay(struct tool *tool, const char *token, struct proof_options *options)
{
	struct why why;
	options->kernel = read_token(token, &options->seed, &options->replay, &why);
	options->is_replay = true;
	return options->kernel < 0 ? fail(tool, EXIT_USAGE, "--replay: %s", why.text) : EXIT_DONE;
}

/* JSON is the same as --json. */
static int read_format(struct tool *tool, const char *format)
{
	static const char *const formats[] = {"human", "tap", "junit", "json", NULL};
	if (choose(tool, "--format", format, formats) < 0)
		return EXIT_USAGE;
#ifdef HAVE_JANSSON
	tool->json |= strcmp(format, "json") == 0;
#else
	if (strcmp(format, "json") == 0)
		return fail(tool, EXIT_USAGE,
			    "--format json: built without jansson; install libjansson-dev and build again");
#endif
	return EXIT_DONE;
}

/* Nightly goes where no run went before; the others are the same every time. */
static uint64_t choose_seed(enum profile profile, uint64_t given)
{
	uint64_t fresh;
	if (given != SEED_NOT_GIVEN)
		return given;
	return profile == PROFILE_NIGHTLY && getrandom(&fresh, sizeof fresh, 0) == sizeof fresh ? fresh >> 1 : 1;
}

static int read_options(struct tool *tool, struct verify *v)
{
	static const char *const profiles[] = {"quick", "full", "nightly", NULL};
	struct proof_options *options = &v->report.options;
	if (read_format(tool, v->format))
		return EXIT_USAGE;
	int profile = choose(tool, "--profile", v->profile, profiles);
	int kernel = v->kernel ? choose_kernel(tool, v->kernel) : -1;
	if (profile < 0 || (v->kernel && kernel < 0))
		return EXIT_USAGE;
	*options = (struct proof_options){.profile = (enum profile)profile,
					  .kernel = kernel,
					  .seed = choose_seed((enum profile)profile, v->seed),
					  .seconds = (double)v->seconds,
					  .is_emulated = v->emulator != NULL};
	v->report.emulator = v->emulator;
	v->report.accepts_bounded = v->machine.config.bounded;
	return v->replay ? read_replay(tool, v->replay, options) : EXIT_DONE;
}

/* What a certificate speaks of is one file, whole, and the same each time. */
static int check_certified(struct tool *tool, const struct verify *v, int subjects)
{
	const struct proof_options *options = &v->report.options;
	const char *wrong = why_no_certificate();
	if (!wrong && (subjects != 1 || v->all))
		wrong = "name one backend; each has a certificate of its own";
	if (!wrong && (options->is_replay || options->kernel >= 0))
		wrong = "it is about all kernels: take --kernel and --replay away";
	if (!wrong && options->profile == PROFILE_NIGHTLY)
		wrong = "nightly has as many cases as time allows; take --profile quick or full";
	return v->certificate && wrong ? fail(tool, EXIT_USAGE, "--certificate: %s", wrong) : EXIT_DONE;
}

/* ---- Subjects ---------------------------------------------------------------------------------------------------- */

static int take_all(struct tool *tool, struct verify *v)
{
	struct candidate *list;
	struct why why;
	size_t count;
	if (find_backends(&v->machine.config, &v->machine.cpu, &list, &count, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	v->report.proofs = calloc(count + 1, sizeof *v->report.proofs);
	for (size_t i = 0; v->report.proofs && i < count; i++)
		v->report.proofs[v->report.count++].candidate = list[i];
	free(list);
	return v->report.proofs ? EXIT_DONE : fail(tool, EXIT_REFUSED, "out of memory");
}

/* Whose a file is matters to those who load it into a process that serves; here it is a warning. */
static void judge_again(const struct verify *v, struct candidate *c)
{
	char path[PATH_MAX];
	memcpy(path, c->path, sizeof path);
	if (*path && c->status)
		examine_backend(&v->machine.config, &v->machine.cpu, path, c);
}

static int take_named(struct tool *tool, struct verify *v, int count, char **names)
{
	v->report.proofs = calloc((size_t)count + 1, sizeof *v->report.proofs);
	if (!v->report.proofs)
		return fail(tool, EXIT_REFUSED, "out of memory");
	for (int i = 0; i < count; i++) {
		struct why why;
		struct candidate *c = &v->report.proofs[v->report.count++].candidate;
		int status = resolve_backend(&v->machine.config, &v->machine.cpu, names[i], c, &why);
		if (status == TENON_ENOENT || status == TENON_ENOMEM)
			return fail(tool, EXIT_REFUSED, "%s", why.text);
		judge_again(v, c);
	}
	return EXIT_DONE;
}

static int prove_all(struct tool *tool, struct verify *v)
{
	for (size_t i = 0; i < v->report.count; i++) {
		struct why why;
		if (!prove_backend(&v->machine.cpu, &v->report.options, &v->report.proofs[i], &why))
			return fail(tool, EXIT_REFUSED, "%s", why.text);
	}
	return EXIT_DONE;
}

/* ---- Verdict ----------------------------------------------------------------------------------------------------- */

static bool is_named(const char *list, const char *name)
{
	size_t length = strlen(name);
	for (const char *word = list; word && *word; word += strcspn(word, ","), word += *word == ',')
		if (strcspn(word, ",") == length && strncmp(word, name, length) == 0)
			return true;
	return false;
}

/* What is required must have been run: the first name on the list that was not, or NULL. */
static const char *find_missing(const struct verify *v)
{
	static char name[BACKEND_NAME_SIZE];
	for (const char *word = v->require; word && *word; word += strcspn(word, ","), word += *word == ',') {
		bool ran = false;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(word, ","), word);
		for (size_t i = 0; i < v->report.count; i++)
			ran |= strcmp(v->report.proofs[i].candidate.name, name) == 0 &&
			       v->report.proofs[i].verdict != VERDICT_SKIP;
		if (!ran)
			return name;
	}
	return NULL;
}

/* A required backend must have run whole. */
static bool skips_required(const struct verify *v, const struct proof *proof)
{
	return is_named(v->require, proof->candidate.name) && count_verdicts(proof, VERDICT_SKIP);
}

/* Several subjects: 1, then 3; 77 only if nothing ran. */
static int conclude(const struct verify *v)
{
	bool ran = false, failed = find_missing(v) != NULL, refused = false;
	for (size_t i = 0; i < v->report.count; i++) {
		const struct proof *proof = &v->report.proofs[i];
		ran |= proof->verdict == VERDICT_PASS;
		refused |= proof->status && proof->verdict == VERDICT_FAIL;
		failed |= (!proof->status && proof->verdict == VERDICT_FAIL) || skips_required(v, proof);
	}
	return failed ? EXIT_DIFFERS : refused ? EXIT_REFUSED : ran ? EXIT_DONE : EXIT_NOTHING_RUN;
}

static int print_report(struct tool *tool, const struct verify *v)
{
#ifdef HAVE_JANSSON
	if (tool->json)
		return emit_json(tool, proofs_as_json(&v->report));
#endif
	if (strcmp(v->format, "tap") == 0)
		print_tap(tool->out, &v->report);
	else if (strcmp(v->format, "junit") == 0)
		print_junit(tool->out, &v->report);
	else
		print_human(tool->out, &v->report);
	return EXIT_DONE;
}

/* Only for what conforms; the report says why there is none. */
static int certify(struct tool *tool, struct verify *v)
{
	struct proof *proof = &v->report.proofs[0];
	if (!v->certificate || proof->verdict != VERDICT_PASS)
		return EXIT_DONE;
	if (!*proof->candidate.path)
		return fail(tool, EXIT_USAGE,
			    "--certificate: this scalar is part of the program; name the plugin, by its file");
	int code = measure_harness(tool, &v->machine.cpu, &v->score);
	v->report.score = &v->score;
	return code ? code : write_certificate(tool, v->certificate, &v->report);
}

/* Beside the report, whatever its format. */
static void name_missing(const struct verify *v)
{
	if (find_missing(v))
		fprintf(stderr, "tenon verify: required, but not run: %s\n", find_missing(v));
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

/* Becomes the runner, which runs this program again with the same arguments but --runner. */
static int become_runner(struct tool *tool, struct verify *v, int argc, char **argv)
{
	char self[4096], *words[256], *copy = strdup(v->runner);
	size_t count = 0;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	if (length < 0 || !copy) {
		free(copy);
		return fail(tool, EXIT_REFUSED, "--runner: cannot tell which program this is");
	}
	self[length] = '\0';
	for (char *word = strtok(copy, " "); word && count < 64; word = strtok(NULL, " "))
		words[count++] = word;
	words[count++] = self;
	words[count++] = "verify";
	words[count++] = "--emulated-by";
	words[count++] = (char *)v->runner;
	if (tool->json)
		words[count++] = "--json";
	for (int i = 1; i < argc && count < 255; i++) {
		if (strcmp(argv[i], "--runner") == 0)
			i++;
		else if (strncmp(argv[i], "--runner=", 9) != 0)
			words[count++] = argv[i];
	}
	words[count] = NULL;
	execvp(words[0], words);
	int code = fail(tool, EXIT_REFUSED, "--runner: cannot run '%s'", words[0]);
	free(copy);
	return code;
}

static int verify(struct tool *tool, struct verify *v, int argc, char **argv)
{
	int code = open_machine(tool, v->config, &v->machine);
	v->report.cpu = &v->machine.cpu;
	if (!code)
		code = read_options(tool, v);
	if (!code && v->self_test)
		return test_harness(tool, &v->machine.cpu, strcmp(v->format, "tap") == 0);
	if (!code && v->check)
		return check_certificate(tool, &v->machine, v->certificate, v->check);
	if (!code)
		code = check_certified(tool, v, argc - 1);
	if (!code)
		code = v->all ? take_all(tool, v) : take_named(tool, v, argc - 1, argv + 1);
	if (!code)
		code = prove_all(tool, v);
	if (!code)
		code = certify(tool, v);
	if (!code && v->reproducer)
		code = reproduce(tool, &v->report, v->reproducer);
	if (!code)
		code = print_report(tool, v);
	name_missing(v);
	return code ? code : conclude(v);
}

/* A flight record stands for all options but --config. */
static int replay_flights(struct tool *tool, struct verify *v, int argc, char **argv)
{
	if (v->all || argc > 2)
		return fail(tool, EXIT_USAGE, "--replay FILE is for one backend; leave it out for the recorded one");
	int code = open_machine(tool, v->config, &v->machine);
	return code ? code : replay_file(tool, &v->machine, v->replay, argc > 1 ? argv[1] : NULL);
}

int run_verify(struct tool *tool, int argc, char **argv)
{
	struct verify v = {.profile = "quick", .format = "human", .seed = SEED_NOT_GIVEN, .seconds = 10800};
	const struct tool_option options[] = {{"--all", OPTION_FLAG, &v.all, 0, 0},
					      {"--self-test", OPTION_FLAG, &v.self_test, 0, 0},
					      {"--profile", OPTION_TEXT, &v.profile, 0, 0},
					      {"--certificate", OPTION_TEXT, &v.certificate, 0, 0},
					      {"--check", OPTION_TEXT, &v.check, 0, 0},
					      {"--reproducer", OPTION_TEXT, &v.reproducer, 0, 0},
					      {"--kernel", OPTION_TEXT, &v.kernel, 0, 0},
					      {"--seed", OPTION_NUMBER, &v.seed, 0, SEED_NOT_GIVEN - 1},
					      {"--seconds", OPTION_NUMBER, &v.seconds, 0, 1000000},
					      {"--replay", OPTION_TEXT, &v.replay, 0, 0},
					      {"--format", OPTION_TEXT, &v.format, 0, 0},
					      {"--require", OPTION_TEXT, &v.require, 0, 0},
					      {"--runner", OPTION_TEXT, &v.runner, 0, 0},
					      {"--config", OPTION_TEXT, &v.config, 0, 0},
					      {"--emulated-by", OPTION_TEXT, &v.emulator, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int given = argc;
	char **copy = calloc((size_t)argc + 1, sizeof *copy);
	if (!copy)
		return fail(tool, EXIT_REFUSED, "out of memory");
	memcpy(copy, argv, (size_t)argc * sizeof *copy);
	int code = parse_options(tool, options, &argc, argv, 0, 64);
	bool is_flight = v.replay && is_flight_file(v.replay);
	if (!code && v.runner)
		code = become_runner(tool, &v, given, copy);
	else if (!code && v.check && !v.certificate)
		code = fail(tool, EXIT_USAGE, "--check %s: say --certificate FILE, too", v.check);
	else if (!code && is_flight)
		code = replay_flights(tool, &v, argc, argv);
	else if (!code && (v.all || v.self_test || v.check ? argc > 1 : argc < 2))
		code = fail(tool, EXIT_USAGE, "name the backends, or say --all; see tenon help verify");
	else if (!code)
		code = verify(tool, &v, argc, argv);
	free(v.report.proofs);
	free(copy);
	return code;
}
