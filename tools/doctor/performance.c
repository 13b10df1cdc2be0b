/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether today's backends are as fast as those of the recorded baseline: the area performance. One kernel, the gate of
 * tenon bench, in a child of its own, because the bench opens a runtime and pins its thread.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/stage.h"
#include "tools/bench/bench.h"
#include "tools/doctor/doctor.h"

#define LONGEST_S 120
#define LINE_SIZE 640
#define BASELINE_NAME "baseline.json"

/* Without the runtime, which would make its state directory and its socket. */
static int race_inner_product(const struct config *config, const char *baseline)
{
	static struct cpu cpu;
	struct wishes wishes = {.cpu = &cpu, .baseline = baseline, .max_regression = 5};
	struct tool tool = {.command = "bench", .out = stdout};
	struct why why;
	plan.topics = "similarity";
	plan.kernels = "inner_product";
	probe_cpu(&cpu);
	pin_thread();
	read_environment(&cpu, &wishes.environment);
	if (!collect_backends(config, &cpu, &why))
		return fail(&tool, EXIT_REFUSED, "%s", why.text);
	int code = run_gate(&tool, &wishes);
	release_backends();
	return code;
}

static void race_in_child(const struct config *config, int out, const char *baseline)
{
	alarm(LONGEST_S);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	int code = race_inner_product(config, baseline);
	close_stage();
	fflush(NULL);
	_exit(code);
}

/* The last line that the child prints is its verdict. */
static int race_apart(const struct config *config, const char *baseline, char last[LINE_SIZE])
{
	int ends[2], status = 0;
	char line[LINE_SIZE];
	*last = '\0';
	if (pipe(ends))
		return -1;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		race_in_child(config, ends[1], baseline);
	close(ends[1]);
	FILE *stream = child > 0 ? fdopen(ends[0], "re") : NULL;
	while (stream && fgets(line, sizeof line, stream)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			memcpy(last, line, sizeof line);
	}
	if (stream)
		fclose(stream);
	else
		close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void judge_race(struct doctor *doctor, const char *baseline)
{
	char last[LINE_SIZE];
	int code = race_apart(&doctor->config, baseline, last);
	if (code == EXIT_DONE)
		add_ok(doctor, "baseline", "inner_product: %s", last);
	else if (code == EXIT_DIFFERS)
		add_failure(doctor, EXIT_DIFFERS, "baseline",
			    "tenon bench --baseline FILE shows every kernel; install the backends "
			    "that the baseline was recorded with, or record a new one",
			    "inner_product: %s", last);
	else if (code == EXIT_NOTHING_RUN)
		add_note(doctor, "baseline", "try again when the machine is idle", "inner_product: %s", last);
	else if (code < 0)
		add_note(doctor, "baseline", "try again when the machine is idle",
			 "inner_product: no verdict within %d s", LONGEST_S);
	else
		add_refusal(doctor, code, "baseline", last, "record it again");
}

static bool find_baseline(const struct doctor *doctor, char path[PATH_MAX + 32])
{
	const char *variable = secure_getenv("STATE_DIRECTORY");
	const char *folder = *doctor->config.state_dir ? doctor->config.state_dir
			     : variable && *variable   ? variable
						       : "/var/lib/tenon";
	if (doctor->baseline)
		snprintf(path, PATH_MAX + 32, "%s", doctor->baseline);
	else
		snprintf(path, PATH_MAX + 32, "%.*s/" BASELINE_NAME, (int)strcspn(folder, ":"), folder);
	return doctor->baseline || access(path, F_OK) == 0;
}

void examine_performance(struct doctor *doctor)
{
	char path[PATH_MAX + 32], remedy[PATH_MAX + 128];
	if (find_baseline(doctor, path)) {
		judge_race(doctor, path);
		return;
	}
	snprintf(remedy, sizeof remedy,
		 "on an idle machine: tenon bench --topic similarity --kernel inner_product --record %s", path);
	add_note(doctor, "baseline", remedy, "no baseline was recorded, so nothing is compared");
}
