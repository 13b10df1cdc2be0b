/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a figure depends on besides the code: the machine, how it is clocked and how busy it is, and what the code was
 * compiled with. Reads files; no state.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/run.h"

static void read_governor(char *text, size_t size)
{
	char path[96];
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", sched_getcpu());
	FILE *file = fopen(path, "re");
	if (!file || !fgets(text, (int)size, file))
		snprintf(text, size, "not readable");
	text[strcspn(text, "\n")] = '\0';
	if (file)
		fclose(file);
}

void read_environment(const struct cpu *cpu, struct environment *environment)
{
	struct utsname name;
	memset(environment, 0, sizeof *environment);
	snprintf(environment->cpu, sizeof environment->cpu, "%s", *cpu->model ? cpu->model : "unknown");
	snprintf(environment->level, sizeof environment->level, "%s", cpu->level);
	snprintf(environment->arch, sizeof environment->arch, "%s", cpu->arch);
	if (uname(&name) == 0)
		snprintf(environment->kernel, sizeof environment->kernel, "%s %s", name.sysname, name.release);
	read_governor(environment->governor, sizeof environment->governor);
#ifdef __clang__
	environment->compiler = __VERSION__;
#else
	environment->compiler = "gcc " __VERSION__;
#endif
	environment->flags = BENCH_FLAGS;
	environment->cflags = BENCH_CFLAGS;
	if (getloadavg(environment->load, 3) < 0)
		memset(environment->load, 0, sizeof environment->load);
	environment->processors = sysconf(_SC_NPROCESSORS_ONLN);
	environment->pinned = sched_getcpu();
	environment->counters = explain_counters();
}
