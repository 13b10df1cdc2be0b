/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon-prove: what libtenon starts before it loads a backend (runtime/prove.c asks, runtime/helper.c starts). It checks a
 * signature, looks for a kept verdict, else lets children run the quick profile, and answers once, on a pipe that none of
 * them has. One thread.
 */
#include "build.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/helper.h"
#include "runtime/logfmt.h"
#include "runtime/prove.h"
#include "tests/conform/confine.h"
#include "tests/conform/prove.h"
#include "tests/conform/trial.h"
#include "tools/prove/identity.h"
#include "tools/prove/signature.h"
#include "tools/prove/verdicts.h"

/* What the children may map beyond what the harness has: no kernel has a use for memory of its own. */
enum { MEMORY_LIMIT = 256 << 20 };

struct question {
	const char *file, *path, *keys, *state, *max_isa, *emulated, *recall; /* NULL: not said */
};

struct reply {
	const char *verdict; /* "pass", "fail", or "none" where nothing was asked, or no verdict is kept */
	bool is_kept, is_signed;
	char reason[sizeof((struct kept_verdict *)0)->reason];
};

/* ---- Proving ------------------------------------------------------------------------------------------------------ */

/* In each child, which could otherwise answer in our place, or say what nobody wants to hear. */
static void enter_child(void)
{
	close(HELPER_ANSWER);
	prctl(PR_SET_DUMPABLE, 1);
	limit_memory(MEMORY_LIMIT);
}

/* The host knows where the file came from, and says it. */
static const char *without_path(const char *text, const char *path)
{
	size_t length = strlen(path);
	return strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

static const struct proof_entry *find_failed(const struct proof *proof)
{
	for (size_t i = 0; i < proof->entries; i++)
		if (proof->entry[i].verdict == VERDICT_FAIL)
			return &proof->entry[i];
	return NULL;
}

static void describe_failure(const struct question *question, const struct proof *proof, struct reply *reply)
{
	char token[200];
	const struct proof_entry *failed = find_failed(proof);
	if (proof->status || !failed) {
		snprintf(reply->reason, sizeof reply->reason, "%.550s",
			 proof->status ? without_path(proof->why.text, question->file)
				       : "nothing of it could be proven");
		return;
	}
	const struct finding *finding = &failed->finding;
	write_token(specs[failed->kernel], finding->seed, &finding->point, token, sizeof token);
	snprintf(reply->reason, sizeof reply->reason, "does not conform: %s %.150s; see: tenon verify '%s' --replay %s",
		 kernels[failed->kernel].name, finding->text, strlen(question->path) < 80 ? question->path : "FILE",
		 token);
}

/* A crash or a hang may have been the machine's; a wrong bit is the plugin's. */
static bool is_lasting(const struct proof *proof)
{
	const struct proof_entry *failed = find_failed(proof);
	if (proof->verdict == VERDICT_PASS)
		return true;
	if (proof->status || !failed)
		return false;
	enum check check = failed->finding.check;
	return check != CHECK_CRASH && check != CHECK_HANG && check != CHECK_EXIT && check != CHECK_HEAP &&
	       check != CHECK_PROCESSES;
}

/* Whether the children left some of their own; those are ours now. The host ends them with us. */
static bool left_processes(void)
{
	siginfo_t info;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

static void refuse(struct reply *reply, const char *reason)
{
	reply->verdict = "fail";
	snprintf(reply->reason, sizeof reply->reason, "%.559s", reason);
}

/* Whose the file was has been judged by the host; this is a copy. */
static void examine(const struct question *question, const struct cpu *cpu, const struct file *file,
		    struct candidate *out)
{
	snprintf(out->path, sizeof out->path, "%s", question->file);
	out->status = vet_bytes(file->bytes, file->size, out->path, cpu, &out->vetted, &out->why);
	snprintf(out->name, sizeof out->name, "%s", out->vetted.name);
}

/* True if the verdict will be the same tomorrow. */
static bool prove(const struct question *question, const struct cpu *cpu, const struct file *file, struct reply *reply)
{
	static struct proof proof;
	struct why why;
	const struct proof_options options = {.profile = PROFILE_QUICK,
					      .seed = 1,
					      .kernel = -1,
					      .stops_early = true,
					      .is_brief = true,
					      .skips_lint = true,
					      .is_emulated = question->emulated != NULL,
					      .enter = enter_child};
	examine(question, cpu, file, &proof.candidate);
	if (!prove_backend(cpu, &options, &proof, &why))
		return refuse(reply, why.text), false;
	reply->verdict = proof.verdict == VERDICT_PASS ? "pass" : "fail";
	if (proof.verdict != VERDICT_PASS)
		describe_failure(question, &proof, reply);
	else if (left_processes())
		return refuse(reply, "does not conform: left processes behind"), false;
	return is_lasting(&proof);
}

/* ---- Verdicts ----------------------------------------------------------------------------------------------------- */

static bool recall(const struct question *question, const char *identity, struct reply *reply)
{
	struct kept_verdict verdict;
	char path[300];
	if (!question->state || !recall_verdict(question->state, identity, &verdict))
		return false;
	reply->is_kept = true;
	reply->verdict = verdict.passed ? "pass" : "fail";
	if (!verdict.passed && name_verdict_file(question->state, identity, path, sizeof path))
		snprintf(reply->reason, sizeof reply->reason,
			 "%.*s (so it was found earlier; to prove it again, remove %s)",
			 (int)(sizeof reply->reason - sizeof path - 60 + strlen(path)), verdict.reason, path);
	return true;
}

static void keep(const struct question *question, const char *identity, const struct reply *reply)
{
	struct kept_verdict verdict = {.passed = strcmp(reply->verdict, "pass") == 0};
	memcpy(verdict.reason, reply->reason, sizeof verdict.reason);
	if (question->state && *identity)
		keep_verdict(question->state, identity, &verdict, NULL);
}

/* The signature first, always: keys come and go. */
static void judge(const struct question *question, const struct cpu *cpu, struct reply *reply)
{
	char digest[DIGEST_SIZE], identity[IDENTITY_SIZE];
	struct file file;
	struct why why;
	if (read_file(question->file, BACKEND_FILE_MAX, TENON_EREFUSED, &file, &why)) {
		refuse(reply, without_path(why.text, question->file));
		return;
	}
	const struct signed_file subject = {file.bytes, file.size, question->path, question->keys};
	int status = question->keys ? check_signature(&subject, &why) : TENON_OK;
	digest_bytes(file.bytes, file.size, digest, NULL);
	describe_identity(digest, cpu, identity);
	reply->is_signed = question->keys && status == TENON_OK;
	if (status)
		refuse(reply, why.text);
	else if (!recall(question, identity, reply) && !question->recall && prove(question, cpu, &file, reply))
		keep(question, identity, reply);
	free(file.bytes);
}

/* ---- Question and answer ------------------------------------------------------------------------------------------ */

static bool read_question(int argc, char **argv, struct question *question)
{
	const struct {
		const char *key, **value;
	} words[] = {{"file=", &question->file},       {"path=", &question->path},
		     {"keys=", &question->keys},       {"state=", &question->state},
		     {"max_isa=", &question->max_isa}, {"emulated=", &question->emulated},
		     {"recall=", &question->recall}};
	for (int i = 2; i < argc; i++) {
		size_t w = 0;
		while (w < sizeof words / sizeof *words && strncmp(argv[i], words[w].key, strlen(words[w].key)) != 0)
			w++;
		if (w == sizeof words / sizeof *words)
			return false;
		*words[w].value = argv[i] + strlen(words[w].key);
	}
	return argc > 1 && strcmp(argv[1], PROVE_PROTOCOL) == 0 && !question->file == !question->path;
}

/* One write: less than a pipe takes at once. */
static bool say(const struct cpu *cpu, const struct reply *reply)
{
	char bytes[4096], features[CPU_LIST_SIZE];
	struct text text;
	start_text(&text, bytes, sizeof bytes);
	list_features(cpu, features);
	add_text(&text, PROVE_GREETING "\n");
	add_pair(&text, "version", "%s", PACKAGE_VERSION);
	add_pair(&text, "features", "%s", features);
	add_text(&text, "\n");
	add_pair(&text, "verdict", "%s", reply->verdict);
	add_pair(&text, "kept", "%s", reply->is_kept ? "yes" : "no");
	add_pair(&text, "signature", "%s", reply->is_signed ? "good" : "");
	add_pair(&text, "reason", "%s", reply->reason);
	add_text(&text, "\nend\n");
	return !text.cut && write(HELPER_ANSWER, text.bytes, text.length) == (ssize_t)text.length;
}

int main(int argc, char **argv)
{
	static struct cpu cpu;
	struct question question = {0};
	struct reply reply = {.verdict = "none"};
	if (!read_question(argc, argv, &question) || fcntl(HELPER_ANSWER, F_GETFD) < 0) {
		fprintf(stderr, "tenon-prove: libtenon runs this before it loads a backend; to see more, run: tenon "
				"verify FILE\n");
		return 2;
	}
	closefrom(HELPER_FIRST_FREE);
	umask(022);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	probe_cpu(&cpu);
	cap_cpu(&cpu, question.max_isa ? question.max_isa : "", NULL);
	if (question.file)
		judge(&question, &cpu, &reply);
	return say(&cpu, &reply) ? 0 : 1;
}
