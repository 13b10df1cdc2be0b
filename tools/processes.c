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
#include "tools/each.h"

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

/* ---- Who answers ------------------------------------------------------------------------------------------------- */

struct roll_call {
	struct process *list;
	struct answer *answers;
	uint64_t timeout_ms;
};

static void greet(size_t i, void *user)
{
	const struct roll_call *call = user;
	char error[512];
	struct process process = call->list[i];
	process.pid = 0; /* the kernel knows better than the name: the PID may be another namespace's */
	ask_process(&process, "hello", call->timeout_ms, &call->answers[i], error, sizeof error);
}

/* Who took the call and says nothing is not passed over where all are meant. */
static bool is_meant(const struct answer *answer, const char *label)
{
	if (answer->problem)
		return !label && is_mute(answer) && answer->pid;
	return answer->status == TENON_OK && (!label || strcmp(find_value(answer, "label"), label) == 0);
}

/* Keeps those that answer and, unless label is NULL, have it; without a label also who hangs. The rest is gone, or not ours. */
static bool keep_answering(const char *label, uint64_t timeout_ms, struct process *list, size_t *count)
{
	size_t kept = 0;
	struct answer *answers = calloc(*count + 1, sizeof *answers);
	if (!answers)
		return false;
	do_each(*count, greet, &(struct roll_call){list, answers, timeout_ms});
	for (size_t i = 0; i < *count; i++) {
		list[i].pid = answers[i].pid;
		if (is_meant(&answers[i], label))
			list[kept++] = list[i];
		free_answer(&answers[i]);
	}
	free(answers);
	*count = kept;
	return true;
}

bool find_processes(uint64_t timeout_ms, struct process **list, size_t *count)
{
	if (!find_sockets(list, count) || !keep_answering(NULL, timeout_ms, *list, count)) {
		free(*list);
		return false;
	}
	if (*count)
		qsort(*list, *count, sizeof **list, compare_processes);
	return true;
}

/* ---- Selection --------------------------------------------------------------------------------------------------- */

int parse_timeout(struct tool *tool, struct targets *targets)
{
	return parse_time(tool, "--timeout", targets->timeout ? targets->timeout : "5s", &targets->timeout_ms);
}

/* One process, or several, by what stands for it. */
static void designate(struct targets *targets, const char *word)
{
	targets->designator = word;
	targets->several = !word || (strchr(word, ',') && !strchr(word, '/'));
}

int parse_targets(struct tool *tool, struct targets *targets, const struct tool_option *options, int *argc, char **argv,
		  int words)
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
		return fail(tool, EXIT_USAGE, "%s; see tenon help %s",
			    designated && *argc - 1 == words ? "name a process: a PID, --label L or --all"
							     : "an argument is missing",
			    tool->command);
	if (*argc - 1 > words + designated)
		return fail(tool, EXIT_USAGE, "'%s' names a process, and so does %s", argv[1],
			    targets->all ? "--all" : "--label");
	designate(targets, designated ? argv[1] : NULL);
	if (designated) {
		memmove(argv + 1, argv + 2, (size_t)(--*argc) * sizeof *argv);
	}
	return EXIT_DONE;
}

int parse_optional_targets(struct tool *tool, struct targets *targets, const struct tool_option *options, int *argc,
			   char **argv, int place)
{
	int code = parse_options(tool, options, argc, argv, 0, *argc);
	if (!code)
		code = parse_timeout(tool, targets);
	if (code)
		return code;
	if (targets->all && targets->label)
		return fail(tool, EXIT_USAGE, "--all and --label exclude each other");
	const char *word = place < *argc ? argv[place] : "";
	targets->several = true;
	if (targets->all || targets->label || !*word || word[strspn(word, "0123456789,")])
		return EXIT_DONE;
	designate(targets, word);
	memmove(argv + place, argv + place + 1, (size_t)(*argc - place) * sizeof *argv);
	--*argc;
	return EXIT_DONE;
}

bool has_targets(const struct targets *targets)
{
	return targets->designator || targets->label || targets->all;
}

static void keep_pid(pid_t pid, struct process *list, size_t *count)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++)
		if (list[i].pid == pid)
			list[kept++] = list[i];
	*count = kept;
}

/* The next number of a list of them; 0 for what is none, and at the end. */
static pid_t next_pid(const char **text)
{
	char *end;
	errno = 0;
	long pid = strtol(*text, &end, 10);
	bool good = !errno && **text >= '0' && **text <= '9' && pid > 0 && pid <= INT_MAX &&
		    (!*end || (*end == ',' && end[1]));
	*text = end + (*end == ',');
	return good ? (pid_t)pid : 0;
}

/* Moves the entry of pid from what was found, of which there are count, to the end of the list of those chosen. */
static int choose_pid(struct tool *tool, const struct targets *targets, pid_t pid, const struct process *found,
		      size_t count, struct process **list, size_t *chosen)
{
	struct process *matches = malloc((count + 1) * sizeof *matches);
	bool good = matches;
	if (good) {
		for (size_t i = 0; i < count; i++)
			matches[i] = found[i];
		keep_pid(pid, matches, &count);
	}
	if (good && count > 1) { /* anybody may give his socket that name: take the one that the process serves */
		good = keep_answering(NULL, targets->timeout_ms, matches, &count);
		keep_pid(pid, matches, &count);
	}
	good = good && (count == 0 || add_process(list, chosen, pid, matches[0].socket));
	free(matches);
	if (!good)
		return fail(tool, EXIT_REFUSED, "out of memory");
	if (count == 0)
		return fail(tool, EXIT_NO_PROCESS,
			    "process %ld has no control socket: set `[control] socket = on` in its "
			    "configuration, or give the path that is configured there",
			    (long)pid);
	return EXIT_DONE;
}

/* One PID or several; each must be there before the first is asked anything. */
static int select_pids(struct tool *tool, const struct targets *targets, struct process **list, size_t *count)
{
	struct process *chosen = NULL;
	size_t number = 0;
	int code = EXIT_DONE;
	const char *text = targets->designator;
	do {
		pid_t pid = next_pid(&text);
		if (!pid || (*text && !targets->several))
			code = fail(tool, EXIT_USAGE,
				    "'%s' is neither a PID, as 11 or 11,12,13, nor the path of a socket",
				    targets->designator);
		else if (kill(pid, 0) != 0 && errno == ESRCH)
			code = fail(tool, EXIT_NO_PROCESS,
				    "there is no process %ld; tenon ps lists those that can be reached", (long)pid);
		else
			code = choose_pid(tool, targets, pid, *list, *count, &chosen, &number);
	} while (!code && *text);
	free(*list);
	*list = chosen;
	*count = number;
	return code;
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
	if (!keep_answering(targets->label, targets->timeout_ms, list, count))
		return fail(tool, EXIT_REFUSED, "out of memory");
	if (*count)
		qsort(list, *count, sizeof *list, compare_processes);
	if (*count == 0 && targets->label)
		return fail(tool, EXIT_NO_PROCESS, "no process that answers has the label '%s'; tenon ps lists them",
			    targets->label);
	if (*count == 0)
		return fail(tool, EXIT_NO_PROCESS,
			    "no process answers: set `[control] socket = on` in their "
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
		code = select_pids(tool, targets, list, count);
	if (code)
		free(*list);
	return code;
}
