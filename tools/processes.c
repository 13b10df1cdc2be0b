/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding processes by their control sockets. Called from the main thread of the tool.
 */
#include "tools/processes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/client.h"

/* ---- Sockets ----------------------------------------------------------------------------------------------------- */

static bool add_process(struct process **list, size_t *count, pid_t pid, const char *socket)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i].socket, socket) == 0)
			return true;
	struct process *larger = realloc(*list, (*count + 1) * sizeof *larger);
	if (!larger)
		return false;
	*list = larger;
	larger[*count].pid = pid;
	snprintf(larger[*count].socket, SOCKET_PATH_SIZE, "%s", socket);
	++*count;
	return true;
}

static bool search_folder(const char *folder, struct process **list, size_t *count)
{
	bool good = true;
	DIR *stream = opendir(folder);
	struct dirent *entry;
	while (good && stream && (entry = readdir(stream))) {
		char path[PATH_MAX];
		pid_t pid = parse_socket_name(entry->d_name);
		if (pid > 0 && (size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < SOCKET_PATH_SIZE)
			good = add_process(list, count, pid, path);
	}
	if (stream)
		closedir(stream);
	return good;
}

/*
 * The kernel names every listening socket of this network namespace: so services whose $RUNTIME_DIRECTORY we do not know
 * are found. A line is "num: refs protocol flags type state inode path".
 */
static bool search_kernel(struct process **list, size_t *count)
{
	bool good = true;
	char line[512];
	FILE *stream = fopen("/proc/net/unix", "re");
	while (good && stream && fgets(line, sizeof line, stream)) {
		char *name = strrchr(line, '/'), *path = strchr(line, '/');
		if (!path)
			continue;
		line[strcspn(line, "\n")] = '\0';
		pid_t pid = parse_socket_name(name + 1);
		if (pid > 0 && path[-1] == ' ' && strlen(path) < SOCKET_PATH_SIZE)
			good = add_process(list, count, pid, path);
	}
	if (stream)
		fclose(stream);
	return good;
}

static int compare_processes(const void *a, const void *b)
{
	pid_t left = ((const struct process *)a)->pid, right = ((const struct process *)b)->pid;
	return (left > right) - (left < right);
}

/*
 * Every socket that is named after a process, by that PID, whether or not anybody listens. $RUNTIME_DIRECTORY, when it is
 * set, is the whole of our machine: what runs inside a service, or a test, must not reach other people's processes.
 */
static bool find_sockets(struct process **list, size_t *count)
{
	char folder[SOCKET_PATH_SIZE];
	const char *scope = getenv("RUNTIME_DIRECTORY");
	bool known = find_socket_folder(folder, sizeof folder, NULL) == 0;
	*list = NULL;
	*count = 0;
	if (scope && *scope)
		return !known || search_folder(folder, list, count);
	return search_kernel(list, count) && search_folder("/run/tenon", list, count) &&
	       (!known || search_folder(folder, list, count));
}

/* Keeps those that answer and, unless label is NULL, have it. The others are not ours, or gone. */
static void keep_answering(const char *label, uint64_t timeout_ms, struct process *list, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		struct answer answer;
		char error[512];
		list[i].pid = 0; /* the kernel knows better than the name: the PID may be another namespace's */
		if (ask_process(&list[i], "hello", timeout_ms, &answer, error, sizeof error) != EXIT_DONE)
			continue;
		list[i].pid = answer.pid;
		if (answer.status == TENON_OK && (!label || strcmp(find_value(&answer, "label"), label) == 0))
			list[kept++] = list[i];
		free_answer(&answer);
	}
	*count = kept;
}

bool find_processes(uint64_t timeout_ms, struct process **list, size_t *count)
{
	if (!find_sockets(list, count)) {
		free(*list);
		return false;
	}
	keep_answering(NULL, timeout_ms, *list, count);
	if (*count)
		qsort(*list, *count, sizeof **list, compare_processes);
	return true;
}

/* ---- Selection --------------------------------------------------------------------------------------------------- */

static int parse_timeout(struct tool *tool, struct targets *targets)
{
	static const struct unit {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
	const char *text = targets->timeout ? targets->timeout : "5s";
	char *end;
	uint64_t number = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (text[0] >= '0' && text[0] <= '9' && strcmp(end, units[i].name) == 0 && number > 0 && number <= 100000) {
			targets->timeout_ms = number * units[i].ms;
			return EXIT_DONE;
		}
	return fail(tool, EXIT_USAGE, "--timeout takes a number and a unit, as 500ms, 5s or 2m, not '%s'", text);
}

int parse_targets(struct tool *tool, struct targets *targets, const struct tool_option *options, int *argc,
		    char **argv, int words)
{
	int code = parse_options(tool, options, argc, argv, 0, words + 1);
	if (!code)
		code = parse_timeout(tool, targets);
	if (code)
		return code;
	if (targets->all && targets->label)
		return fail(tool, EXIT_USAGE, "--all and --label exclude each other");
	bool designated = !targets->all && !targets->label;
	if (*argc - 1 < words + designated)
		return fail(tool, EXIT_USAGE, "%s; see tenon help %s", designated && *argc - 1 == words ?
			    "name a process: a PID, --label L or --all" : "an argument is missing", tool->command);
	if (*argc - 1 > words + designated)
		return fail(tool, EXIT_USAGE, "'%s' names a process, and so does %s", argv[1],
			    targets->all ? "--all" : "--label");
	if (designated) {
		targets->designator = argv[1];
		memmove(argv + 1, argv + 2, (size_t)(--*argc) * sizeof *argv);
	}
	return EXIT_DONE;
}

static void keep_pid(pid_t pid, struct process *list, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++)
		if (list[i].pid == pid)
			list[kept++] = list[i];
	*count = kept;
}

static int select_pid(struct tool *tool, const struct targets *targets, struct process *list, size_t *count)
{
	const char *text = targets->designator;
	char *end;
	errno = 0;
	long pid = strtol(text, &end, 10);
	if (errno || pid <= 0 || pid > INT_MAX || *end)
		return fail(tool, EXIT_USAGE, "'%s' is neither a PID nor the path of a socket", text);
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return fail(tool, EXIT_NO_PROCESS, "there is no process %ld; tenon ps lists those that can be reached", pid);
	keep_pid((pid_t)pid, list, count);
	if (*count > 1) { /* anybody may give his socket that name: take the one that the process serves */
		keep_answering(NULL, targets->timeout_ms, list, count);
		keep_pid((pid_t)pid, list, count);
	}
	if (*count == 0)
		return fail(tool, EXIT_NO_PROCESS, "process %ld has no control socket: set `[control] socket = on` in its "
			    "configuration, or give the path that is configured there", pid);
	return EXIT_DONE;
}

static int select_socket(struct tool *tool, const char *path, struct process **list, size_t *count)
{
	*count = 0;
	if (strlen(path) >= SOCKET_PATH_SIZE)
		return fail(tool, EXIT_USAGE, "%s is too long for a socket", path);
	return add_process(list, count, 0, path) ? EXIT_DONE : fail(tool, EXIT_REFUSED, "out of memory");
}

static int select_matching(struct tool *tool, const struct targets *targets, struct process *list, size_t *count)
{
	keep_answering(targets->label, targets->timeout_ms, list, count);
	if (*count)
		qsort(list, *count, sizeof *list, compare_processes);
	if (*count == 0 && targets->label)
		return fail(tool, EXIT_NO_PROCESS, "no process that answers has the label '%s'; tenon ps lists them",
			    targets->label);
	if (*count == 0)
		return fail(tool, EXIT_NO_PROCESS, "no process answers: set `[control] socket = on` in their "
			    "configuration; a user sees only his own");
	return EXIT_DONE;
}

int select_processes(struct tool *tool, const struct targets *targets, struct process **list, size_t *count)
{
	int code;
	if (!find_sockets(list, count))
		code = fail(tool, EXIT_REFUSED, "out of memory");
	else if (!targets->designator)
		code = select_matching(tool, targets, *list, count);
	else if (strchr(targets->designator, '/'))
		code = select_socket(tool, targets->designator, list, count);
	else
		code = select_pid(tool, targets, *list, count);
	if (code)
		free(*list);
	return code;
}
