/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replays tests/corpus/cases.txt: each case must pass on every backend that is found and runs here, and kill the mutant
 * that it names, by the check that it names. TAP, one test a case.
 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/score.h"
#include "tests/conform/trial.h"

struct corpus {
	struct cpu cpu;
	struct candidate *backends;
	size_t count;
	struct proof proof;
};

struct line {
	char token[200], mutant[64], check[32], story[200];
};

/* The verdict on the one case, or SKIP where this CPU runs no such entry. False if the harness could not run. */
static bool prove_case(struct corpus *corpus, const struct candidate *backend, const char *mutant, const char *token,
		       struct why *why)
{
	struct proof_options options = {
		.profile = PROFILE_QUICK, .is_replay = true, .mutant = mutant, .skips_lint = true};
	options.kernel = read_token(token, &options.seed, &options.replay, why);
	if (options.kernel < 0)
		return false;
	memset(&corpus->proof, 0, sizeof corpus->proof);
	corpus->proof.candidate = *backend;
	return prove_backend(&corpus->cpu, &options, &corpus->proof, why);
}

/* NULL, or what is wrong. */
static const char *try_backends(struct corpus *corpus, const struct line *line, struct why *why)
{
	for (size_t i = 0; i < corpus->count; i++) {
		if (corpus->backends[i].status)
			continue;
		if (!prove_case(corpus, &corpus->backends[i], NULL, line->token, why))
			return why->text;
		if (corpus->proof.verdict == VERDICT_FAIL) {
			explain(why, TENON_EREFUSED, "%s fails it again", corpus->backends[i].name);
			return why->text;
		}
	}
	return NULL;
}

static const char *try_mutant(struct corpus *corpus, const struct line *line, struct why *why)
{
	static struct candidate file;
	static struct config config;
	char path[PATH_MAX];
	if (strcmp(line->mutant, "-") == 0)
		return NULL;
	snprintf(path, sizeof path, "%.3900s/mutants.so", find_mutants());
	default_config(&config);
	if (!*file.path && examine_backend(&config, &corpus->cpu, path, &file))
		return file.why.text;
	if (!prove_case(corpus, &file, line->mutant, line->token, why))
		return why->text;
	for (size_t i = 0; i < corpus->proof.entries; i++) {
		const struct proof_entry *entry = &corpus->proof.entry[i];
		if (entry->verdict == VERDICT_FAIL && strcmp(name_check(entry->finding.check), line->check) == 0)
			return NULL;
	}
	explain(why, TENON_EREFUSED, "%s is not killed by %s any more", line->mutant, line->check);
	return why->text;
}

/* A sanitizer keeps accounts in the plugin's memory; a CPU may lack what a mutant needs. */
static const char *why_not(const struct line *line)
{
#ifdef TENON_SANITIZED
	if (strcmp(line->check, "state") == 0)
		return "a sanitizer keeps accounts in the plugin's memory, so nobody watches it";
#endif
#ifndef __x86_64__
	if (strcmp(line->check, "upper-halves") == 0)
		return "only x86-64 has upper halves";
#endif
	(void)line;
	return NULL;
}

static bool replay_line(struct corpus *corpus, const struct line *line, unsigned number)
{
	struct why why = {0};
	const char *skipped = why_not(line), *wrong = NULL;
	if (!skipped)
		wrong = try_backends(corpus, line, &why);
	if (!skipped && !wrong)
		wrong = try_mutant(corpus, line, &why);
	printf("%sok %u - %s%s%s\n", wrong ? "not " : "", number, line->story, skipped ? " # SKIP " : "",
	       skipped ? skipped : "");
	if (wrong)
		printf("# %s: %s\n", line->token, wrong);
	fflush(stdout); /* a child must find nothing to print a second time */
	return !wrong;
}

static unsigned replay_file(struct corpus *corpus, FILE *file)
{
	char text[600];
	unsigned number = 0, failures = 0;
	while (fgets(text, sizeof text, file)) {
		struct line line;
		if (*text == '#' || *text == '\n')
			continue;
		number++;
		if (sscanf(text, "%199s %63s %31s\t%199[^\n]", line.token, line.mutant, line.check, line.story) == 4) {
			failures += !replay_line(corpus, &line, number);
		} else {
			printf("not ok %u - not TOKEN MUTANT CHECK, a tab and a story: %s", number, text);
			failures++;
		}
	}
	printf("1..%u\n", number);
	return failures + !number;
}

int main(void)
{
	static struct corpus corpus;
	static struct config config;
	struct why why;
	char path[PATH_MAX];
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof path, "%.3900s/tests/corpus/cases.txt", top ? top : ".");
	FILE *file = fopen(path, "r");
	probe_cpu(&corpus.cpu);
	if (!file || load_config_from(&config, "/nonexistent", "", NULL, &why) ||
	    find_backends(&config, &corpus.cpu, &corpus.backends, &corpus.count, &why)) {
		printf("Bail out! %s\n", file ? why.text : path);
		return 1;
	}
	unsigned failures = replay_file(&corpus, file);
	free(corpus.backends);
	fclose(file);
	return failures != 0;
}
