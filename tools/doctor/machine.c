/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU, and what the kernel lets a host do: the areas machine and kernel. Asks the kernel for what it can do; nothing is
 * registered, filtered or mounted.
 */
#include "build.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/doctor/doctor.h"

/* ---- The machine ------------------------------------------------------------------------------------------------- */

static void examine_masked(struct doctor *doctor)
{
	char names[256] = "";
	const char *reason = NULL;
	for (size_t i = 0; i < count_cpu_features(); i++)
		if (doctor->cpu.masked[i] && strlen(names) < sizeof names - 32) {
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
				 name_cpu_feature(i));
			reason = doctor->cpu.masked[i];
		}
	if (!reason)
		add_ok(doctor, "features", "nothing that this CPU has is masked");
	else if (doctor->cpu.cap != ISA_UNKNOWN)
		add_note(doctor, "features", "raise or remove [runtime] max_isa, if that was not meant",
			 "masked: %s: %s", names, reason);
	else
		add_warning(doctor, "features",
			    "let the hypervisor or the kernel's command line enable them (tenon probe says which)",
			    "masked: %s: %s", names, reason);
}

void examine_machine(struct doctor *doctor)
{
	add_ok(doctor, "cpu", "%s %s, %s, level %s", doctor->cpu.vendor, doctor->cpu.model, doctor->cpu.arch,
	       *doctor->cpu.level ? doctor->cpu.level : "none");
	examine_masked(doctor);
}

/* ---- What the kernel can do -------------------------------------------------------------------------------------- */

static void examine_membarrier(struct doctor *doctor)
{
	long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	if (can > 0 && can & MEMBARRIER_CMD_PRIVATE_EXPEDITED)
		add_ok(doctor, "membarrier", "private expedited barriers: replaced backends can be unloaded");
	else
		add_warning(doctor, "membarrier",
			    "allow membarrier() in the seccomp profile of the service (systemd: SystemCallFilter), or "
			    "use Linux 4.14",
			    "no private expedited barriers (%s): backends are never unloaded, and calls cost more",
			    can < 0 ? strerror(errno) : "the kernel has none");
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

static bool can_make_memfd(char *reason, size_t size)
{
	int file = memfd_create("tenon-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (file < 0 && errno == EINVAL)
		file = memfd_create("tenon-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	snprintf(reason, size, "%s", file < 0 ? strerror(errno) : "");
	if (file >= 0)
		close(file);
	return file >= 0;
}

static bool is_fit_for_staging(const char *base, char *reason, size_t size)
{
	struct statvfs system;
	if (!base || base[0] != '/')
		snprintf(reason, size, "XDG_RUNTIME_DIR is not set");
	else if (statvfs(base, &system))
		snprintf(reason, size, "%s: %s", base, strerror(errno));
	else if (system.f_flag & ST_NOEXEC)
		snprintf(reason, size, "%s is mounted noexec", base);
	else if (access(base, W_OK | X_OK))
		snprintf(reason, size, "%s: %s", base, strerror(errno));
	else
		return true;
	return false;
}

/* Where private copies of backends are made; in the order of runtime/stage.c. */
static void examine_staging(struct doctor *doctor)
{
	static const char remedy[] =
		"give the service a writable XDG_RUNTIME_DIR that is not noexec, or allow memfd_create()";
	char session[300], temporary[300], memory[100];
	const char *mode = doctor->config.stage, *base = getenv("XDG_RUNTIME_DIR");
	bool memfd = can_make_memfd(memory, sizeof memory);
	if (strcmp(mode, "none") == 0)
		add_note(doctor, "staging", "[runtime] stage = auto",
			 "stage = none: files are loaded where they are, so they "
			 "must never be overwritten");
	else if (strcmp(mode, "memfd") != 0 && is_fit_for_staging(base, session, sizeof session))
		add_ok(doctor, "staging", "private copies in %s", base);
	else if (strcmp(mode, "memfd") != 0 && is_fit_for_staging("/tmp", temporary, sizeof temporary))
		add_ok(doctor, "staging", "private copies in /tmp (%s)", session);
	else if (strcmp(mode, "memfd") == 0 && memfd)
		add_ok(doctor, "staging", "private copies in memory");
	else if (strcmp(mode, "directory") != 0 && memfd)
		add_warning(doctor, "staging", "give the service a writable XDG_RUNTIME_DIR that is not noexec",
			    "private copies in memory, without names for gdb and perf: %s; %s", session, temporary);
	else if (strcmp(mode, "memfd") == 0)
		add_failure(doctor, EXIT_REFUSED, "staging", remedy, "no backend can be loaded: memfd: %s", memory);
	else
		add_failure(doctor, EXIT_REFUSED, "staging", remedy, "no backend can be loaded: %s; %s%s%s", session,
			    temporary, memfd ? "" : "; memfd: ", memory);
}

static void examine_seccomp(struct doctor *doctor)
{
	/* Without a filter: EFAULT means that the kernel would have looked at one. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EFAULT)
		add_ok(doctor, "seccomp", "the helper that proves backends is confined by a filter");
	else
		add_warning(doctor, "seccomp",
			    "use a kernel with CONFIG_SECCOMP_FILTER, or allow prctl() in the service's profile",
			    "no filters (%s): a backend being proven could start processes", strerror(errno));
}

/* The first line of a file of the kernel's; "" without one. */
static const char *read_line(const char *path, char *line, int size)
{
	FILE *stream = fopen(path, "re");
	if (!stream || !fgets(line, size, stream))
		*line = '\0';
	if (stream)
		fclose(stream);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void examine_hugepages(struct doctor *doctor)
{
	char line[128];
	read_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof line);
	if (strstr(line, "[madvise]") || strstr(line, "[always]"))
		add_ok(doctor, "hugepages", "transparent: %s", line);
	else
		add_note(doctor, "hugepages", "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
			 "transparent: %s: large graphs take longer", *line ? line : "not readable");
}

static void examine_perf_events(struct doctor *doctor)
{
	char line[64];
	read_line("/proc/sys/kernel/perf_event_paranoid", line, sizeof line);
	if (*line && atoi(line) <= 2)
		add_ok(doctor, "perf_event", "perf_event_paranoid = %s: hardware counters of own processes", line);
	else
		add_note(doctor, "perf_event", "sysctl kernel.perf_event_paranoid=2, while you look for something",
			 "perf_event_paranoid = %s: no hardware counters in bench and trace",
			 *line ? line : "not readable");
}

void examine_kernel(struct doctor *doctor)
{
	examine_membarrier(doctor);
	examine_staging(doctor);
	examine_seccomp(doctor);
	examine_hugepages(doctor);
	examine_perf_events(doctor);
}
