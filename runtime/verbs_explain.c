/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verb explain: what this process, with its own configuration, CPU cap and quarantine, thinks of one backend. Reads
 * files, and asks the helper for kept verdicts; loads and proves nothing. No state.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/find.h"
#include "runtime/prove.h"
#include "runtime/quarantine.h"
#include "runtime/runtime.h"
#include "runtime/verb.h"

struct subject {
	struct runtime runtime;            /* a copy */
	struct candidate candidate, taken; /* taken: what [runtime] backend means now */
	struct text *answer;
};

/* vet_observer */
static void add_rule(void *user, const char *rule, int verdict, const char *text)
{
	struct subject *subject = user;
	add_pair(subject->answer, "rule", "%s", rule);
	add_pair(subject->answer, "verdict", "%d", verdict);
	add_pair(subject->answer, "text", "%s", text);
	add_text(subject->answer, "\n");
}

/* What was proven here is known under the lock. */
static void judge_proof(struct subject *subject)
{
	struct runtime *runtime;
	if (lock_runtime(&runtime, NULL))
		return;
	explain_proof(&runtime->config, &runtime->cpu, &subject->candidate, add_rule, subject);
	unlock_runtime();
}

static void judge_file(struct subject *subject, bool by_name)
{
	struct candidate *c = &subject->candidate;
	char path[PATH_MAX], name[BACKEND_NAME_SIZE];
	memcpy(path, c->path, sizeof path);
	memcpy(name, c->name, sizeof name);
	if (*path)
		examine_every_rule(&subject->runtime.config, &subject->runtime.cpu, path, by_name ? name : NULL,
				   add_rule, subject, c);
	if (*path)
		judge_proof(subject);
}

static void add_candidate(const struct candidate *c, struct text *answer)
{
	add_line(answer, "name", c->name);
	add_line(answer, "path", c->path);
	add_pair(answer, "status", "%d", c->status ? c->status : c->distrust.status);
	add_text(answer, "\n");
	add_line(answer, "reason", c->status ? c->why.text : c->distrust.status ? c->distrust.text : "");
	add_line(answer, "version", c->vetted.version);
	add_line(answer, "vendor", c->vetted.vendor);
	add_line(answer, "needs", c->vetted.needs);
	add_line(answer, "uses", c->vetted.uses);
	add_line(answer, "build_id", c->vetted.build_id);
	add_count(answer, "abi_min", c->vetted.abi_min);
	add_count(answer, "abi_max", c->vetted.abi_max);
}

/* The lines of the configuration that decide, and what they come to. */
static void add_choice(struct subject *subject)
{
	struct why why = {0};
	const struct config *config = &subject->runtime.config;
	struct candidate *taken = &subject->taken;
	int status = resolve_backend(config, &subject->runtime.cpu, config->backend, taken, &why);
	add_line(subject->answer, "config_backend", config->backend);
	add_line(subject->answer, "config_origin", config_origin(config, "runtime", "backend"));
	add_line(subject->answer, "config_ignored", config->ignored);
	add_line(subject->answer, "takes", status ? "" : taken->name);
	add_line(subject->answer, "takes_path", status ? "" : taken->path);
	add_line(subject->answer, "takes_reason", why.text);
	add_flag(subject->answer, "auto_may_choose", auto_may_choose(config, subject->candidate.name));
	add_line(subject->answer, "max_isa", config->max_isa);
	add_line(subject->answer, "max_isa_origin", config_origin(config, "runtime", "max_isa"));
}

static void add_kernel(struct subject *subject, int kernel)
{
	char source[BACKEND_NAME_SIZE] = "";
	const struct config *config = &subject->runtime.config;
	const char *override = config->kernel_backend[kernel];
	tenon_kernel_backend(kernels[kernel].id, source, sizeof source);
	add_pair(subject->answer, "kernel", "%s", kernels[kernel].name);
	add_pair(subject->answer, "source", "%s", source);
	add_pair(subject->answer, "override", "%s", override);
	add_pair(subject->answer, "origin", "%s",
		 *override ? config_origin(config, "kernels", kernels[kernel].name) : "");
	add_pair(subject->answer, "quarantined", "%s",
		 is_quarantined(subject->candidate.vetted.build_id, kernel) ? "true" : "false");
	add_text(subject->answer, "\n");
}

static int find_subject(struct subject *subject, const char *name, struct why *why)
{
	int status = copy_runtime(&subject->runtime, why);
	if (status)
		return status;
	status = resolve_backend(&subject->runtime.config, &subject->runtime.cpu, name, &subject->candidate, why);
	return status == TENON_ENOENT || status == TENON_ENOMEM ? status : TENON_OK;
}

void say_explain(const struct request *request, struct text *answer)
{
	struct why why = {0};
	const char *name = request->word[0];
	struct subject *subject = calloc(1, sizeof *subject);
	int status = subject ? find_subject(subject, name, &why) : explain(&why, TENON_ENOMEM, "explain: no memory");
	if (status) {
		answer_why(answer, &why);
	} else {
		subject->answer = answer;
		answer_status(answer, TENON_OK, "explained");
		judge_file(subject, strchr(name, '/') == NULL);
		add_candidate(&subject->candidate, answer);
		add_choice(subject);
		for (int i = 0; i < KERNEL_COUNT; i++)
			add_kernel(subject, i);
	}
	free(subject);
}
