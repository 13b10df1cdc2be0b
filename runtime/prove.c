/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host's side of a proof: what the helper is asked, and what its answer is worth. helper.c starts it, tools/prove is
 * the other side. State: the files that were proven in this process.
 */
#include "build.h"

#include "runtime/prove.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/helper.h"
#include "runtime/logfmt.h"
#include "runtime/state.h"

enum { DEADLINE_MS = 30000, RECALL_MS = 2000, EMULATED_FACTOR = 20 };

/* ---- What was proven already ------------------------------------------------------------------------------------- */

/* One that was proven on all of the CPU's features is proven on fewer, not the other way round. */
struct memory {
	struct file_key key;
	enum isa_rank cap;
};

static struct memory memories[64];
static unsigned memory_count; /* ever; the oldest is forgotten first */

enum { MEMORIES = sizeof memories / sizeof *memories };

static bool is_remembered(const struct file_key *key, enum isa_rank cap)
{
	for (unsigned i = 0; i < MEMORIES && i < memory_count; i++)
		if (memories[i].cap >= cap && same_key(&memories[i].key, key))
			return true;
	return false;
}

static void remember(const struct file_key *key, enum isa_rank cap)
{
	memories[memory_count++ % MEMORIES] = (struct memory){*key, cap};
}

void forget_proofs(void)
{
	memory_count = 0;
}

/* ---- The CPU ------------------------------------------------------------------------------------------------------ */

void list_features(const struct cpu *cpu, char list[CPU_LIST_SIZE])
{
	struct text text;
	start_text(&text, list, CPU_LIST_SIZE);
	for (size_t i = 0; i < count_cpu_features(); i++)
		if (cpu->has[i])
			add_text(&text, "%s%s", text.length ? " " : "", name_cpu_feature(i));
}

/* ---- The question ------------------------------------------------------------------------------------------------- */

enum { WORDS_MAX = 48, ENVIRONMENT_MAX = 64, TEXT_SIZE = 5 * PATH_MAX };

struct request {
	char text[TEXT_SIZE]; /* of the words */
	size_t used;
	const char *argv[WORDS_MAX + 1];
	size_t words;
	const char *envp[ENVIRONMENT_MAX + 1];
	struct helper helper;
	bool is_emulated, is_cut;
};

__attribute__((format(printf, 2, 3))) static void add_argument(struct request *request, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	char *word = request->text + request->used;
	size_t room = sizeof request->text - request->used;
	int length = vsnprintf(word, room, format, list);
	va_end(list);
	if (length < 0 || (size_t)length >= room || request->words == WORDS_MAX) {
		request->is_cut = true;
		return;
	}
	request->argv[request->words++] = word;
	request->used += (size_t)length + 1;
}

/* The words of $TENON_LAUNCHER, then the program. */
static void name_program(struct request *request)
{
	const char *launcher = secure_getenv("TENON_LAUNCHER"), *program = secure_getenv("TENON_PROVE");
	for (const char *at = launcher ? launcher : ""; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
		add_argument(request, "%.*s", (int)strcspn(at, " "), at);
		request->is_emulated = true;
	}
	add_argument(request, "%s", program && *program ? program : TENON_PROVE_PROGRAM);
	add_argument(request, "%s", PROVE_PROTOCOL);
	if (request->is_emulated)
		add_argument(request, "emulated=yes");
}

/* A verdict must not depend on what the host happens to have in its environment, and a plugin has no business in it. */
static bool is_for_helper(const char *entry)
{
	static const char *const names[] = {"PATH=",         "LD_LIBRARY_PATH=",  "TMPDIR=",       "QEMU_",
					    "ASAN_OPTIONS=", "LSAN_OPTIONS=",     "TSAN_OPTIONS=", "UBSAN_OPTIONS=",
					    "GCOV_PREFIX",   "LLVM_PROFILE_FILE="};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void choose_environment(struct request *request)
{
	size_t count = 0;
	for (char **entry = environ; entry && *entry && count < ENVIRONMENT_MAX; entry++)
		if (is_for_helper(*entry))
			request->envp[count++] = *entry;
}

static void start_request(struct request *request, const struct config *config)
{
	name_program(request);
	choose_environment(request);
	if (*config->max_isa)
		add_argument(request, "max_isa=%s", config->max_isa);
	request->helper =
		(struct helper){.argv = request->argv,
				.envp = request->envp,
				.file = -1,
				.deadline_ms = request->is_emulated ? DEADLINE_MS * EMULATED_FACTOR : DEADLINE_MS};
}

/* The copy itself: a memfd has its name in this process alone, so the helper gets the descriptor. */
static void add_subject(struct request *request, const struct config *config, const struct candidate *candidate,
			const struct staged *staged)
{
	char state[PATH_MAX];
	struct why why;
	if (staged->descriptor >= 0)
		add_argument(request, "file=/proc/self/fd/%d", HELPER_FILE);
	else
		add_argument(request, "file=%s", staged->path);
	request->helper.file = staged->descriptor;
	add_argument(request, "path=%s", candidate->path);
	if (config->trust_signature)
		add_argument(request, "keys=%s",
			     config->trusted_keys[0] ? config->trusted_keys : TENON_SYSCONFDIR "/keys");
	if (find_state_dir(config, state, &why) == TENON_OK)
		add_argument(request, "state=%s", state);
}

/* ---- The answer --------------------------------------------------------------------------------------------------- */

struct answer {
	char text[sizeof((struct helper *)0)->answer];       /* what the rest points into */
	const char *features, *verdict, *reason, *signature; /* NULL: not said */
	bool is_whole;
};

static void take_line(struct answer *answer, char *line)
{
	char *key, *value;
	while (next_pair(&line, &key, &value)) {
		if (!value)
			answer->is_whole |= strcmp(key, "end") == 0;
		else if (strcmp(key, "features") == 0)
			answer->features = value;
		else if (strcmp(key, "verdict") == 0)
			answer->verdict = value;
		else if (strcmp(key, "reason") == 0)
			answer->reason = value;
		else if (strcmp(key, "signature") == 0)
			answer->signature = value;
	}
}

/* Cuts the text up. False unless it starts as one of this version does, and has an end. */
static bool parse_answer(const char *text, struct answer *answer)
{
	*answer = (struct answer){0};
	memcpy(answer->text, text, sizeof answer->text);
	char *rest = answer->text, *line = strsep(&rest, "\n");
	if (strcmp(line, PROVE_GREETING) != 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		take_line(answer, line);
	return answer->is_whole && answer->features && answer->verdict;
}

static int explain_silence(const struct request *request, const char *path, struct why *why)
{
	const struct helper *helper = &request->helper;
	const char *program = helper->argv[0];
	char end[64];
	if (helper->timed_out)
		return explain(why, TENON_EREFUSED, "%s: its proof took longer than %d s and was ended", path,
			       helper->deadline_ms / 1000);
	if (WIFSIGNALED(helper->status))
		snprintf(end, sizeof end, "died of signal %d", WTERMSIG(helper->status));
	else
		snprintf(end, sizeof end, "ended with status %d", WEXITSTATUS(helper->status));
	return explain(why, TENON_EREFUSED,
		       "%s: cannot be proven: %s %s and said \"%.60s\", not " PROVE_GREETING
		       "; install the helper of this version, or point TENON_PROVE to it",
		       path, program, end, helper->answer);
}

static int take_answer(const struct request *request, const struct cpu *cpu, const char *path, struct answer *answer,
		       struct why *why)
{
	char features[CPU_LIST_SIZE];
	if (!parse_answer(request->helper.answer, answer))
		return explain_silence(request, path, why);
	list_features(cpu, features);
	if (strcmp(answer->features, features) != 0)
		return explain(why, TENON_EREFUSED,
			       "%s: cannot be proven: %s runs on another CPU than this process: it has \"%.100s\", "
			       "here is \"%.100s\"; under an emulator, set TENON_LAUNCHER to its command",
			       path, request->helper.argv[0], answer->features, features);
	return TENON_OK;
}

static int demand_verdict(const struct answer *answer, const char *wanted, const char *path, struct why *why)
{
	if (strcmp(answer->verdict, wanted) == 0)
		return TENON_OK;
	return explain(why, TENON_EREFUSED, "%s: %s", path, answer->reason ? answer->reason : "its proof failed");
}

/* ---- Asking ------------------------------------------------------------------------------------------------------- */

static int make_request(const struct config *config, const char *path, struct request **out, struct why *why)
{
	if (getauxval(AT_SECURE))
		return explain(why, TENON_EREFUSED,
			       "%s: cannot be proven: a setuid process starts no helper; it can have the "
			       "shipped backends that auto takes when it opens",
			       path);
	*out = calloc(1, sizeof **out);
	if (!*out)
		return explain(why, TENON_ENOMEM, "%s: no memory to have it proven", path);
	start_request(*out, config);
	return TENON_OK;
}

/* Ends the request, too. */
static int ask_helper(struct request *request, const struct cpu *cpu, const char *path, struct answer *answer,
		      struct why *why)
{
	struct why cause;
	int status;
	if (request->is_cut)
		status = explain(why, TENON_EREFUSED,
				 "%s: cannot be proven: its path, [runtime] trusted_keys, state_dir and "
				 "TENON_LAUNCHER together are too long; shorten them",
				 path);
	else if (run_helper(&request->helper, &cause))
		status = explain(why, TENON_EREFUSED,
				 "%s: cannot be proven: %s; install tenon-prove, or point TENON_PROVE to it", path,
				 cause.text);
	else
		status = take_answer(request, cpu, path, answer, why);
	free(request);
	return status;
}

int prove_staged(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
		 const struct file *source, const struct staged *staged, struct why *why)
{
	struct request *request;
	struct answer answer;
	/* Keys may have been taken away, so a signature is always looked at. */
	if (!config->trust_signature && is_remembered(&source->key, cpu->cap))
		return TENON_OK;
	int status = make_request(config, candidate->path, &request, why);
	if (status)
		return status;
	add_subject(request, config, candidate, staged);
	status = ask_helper(request, cpu, candidate->path, &answer, why);
	if (status == TENON_OK)
		status = demand_verdict(&answer, "pass", candidate->path, why);
	if (status == TENON_OK)
		remember(&source->key, cpu->cap);
	return status;
}

int greet_helper(const struct config *config, const struct cpu *cpu, struct why *why)
{
	struct request *request;
	struct answer answer;
	int status = make_request(config, "the helper", &request, why);
	if (status == TENON_OK)
		status = ask_helper(request, cpu, "the helper", &answer, why);
	return status ? status : demand_verdict(&answer, "none", "the helper", why);
}

/* ---- Explaining --------------------------------------------------------------------------------------------------- */

static bool was_proven(const char *path, const struct cpu *cpu)
{
	struct stat status;
	if (stat(path, &status))
		return false;
	struct file_key key = key_of_file(&status);
	return is_remembered(&key, cpu->cap);
}

/* The kept verdict of the file itself, and its signature: nothing is proven, so nothing of it runs. */
static int recall_proof(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
			struct answer *answer, struct why *why)
{
	struct request *request;
	struct staged staged = {.descriptor = -1};
	int status = make_request(config, candidate->path, &request, why);
	if (status)
		return status;
	snprintf(staged.path, sizeof staged.path, "%s", candidate->path);
	add_subject(request, config, candidate, &staged);
	add_argument(request, "recall=yes");
	if (!request->is_emulated)
		request->helper.deadline_ms = RECALL_MS;
	return ask_helper(request, cpu, candidate->path, answer, why);
}

static int explain_answer(const struct answer *answer, const struct candidate *candidate, bool is_signed,
			  bool is_remembered, vet_observer *observer, void *user, struct why *why)
{
	int status = TENON_OK;
	if (is_signed && answer->signature && strcmp(answer->signature, "good") == 0)
		observer(user, "signature", TENON_OK, "one of the trusted keys signed it");
	else if (is_signed) {
		status = demand_verdict(answer, "", candidate->path, why);
		observer(user, "signature", status, why->text);
		observer(user, "proof", VET_OPEN, "proven only once its signature is good");
		return status;
	}
	if (strcmp(answer->verdict, "fail") == 0) {
		status = demand_verdict(answer, "pass", candidate->path, why);
		observer(user, "proof", status, why->text);
	} else if (strcmp(answer->verdict, "pass") == 0)
		observer(user, "proof", TENON_OK, "proven, says a kept verdict");
	else if (is_remembered)
		observer(user, "proof", TENON_OK, "proven by this process");
	else
		observer(user, "proof", VET_OPEN, "not yet proven; it would be when it is swapped to");
	return status;
}

void explain_proof(const struct config *config, const struct cpu *cpu, struct candidate *candidate,
		   vet_observer *observer, void *user)
{
	struct answer answer;
	struct why why = {0};
	bool is_signed = config->trust_signature;
	if (candidate->status) {
		if (is_signed)
			observer(user, "signature", VET_OPEN, "looked at only where vetting refuses nothing");
		observer(user, "proof", VET_OPEN, "proven only what vetting lets pass");
		return;
	}
	int status = recall_proof(config, cpu, candidate, &answer, &why);
	if (status)
		observer(user, "proof", status, why.text);
	else
		status = explain_answer(&answer, candidate, is_signed, was_proven(candidate->path, cpu), observer, user,
					&why);
	if (status) {
		candidate->status = status;
		candidate->why = why;
	}
}
