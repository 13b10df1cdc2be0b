/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which processes a command means: a PID, the path of a socket, --label L or --all. Looks at socket folders and at the
 * kernel's list of listening sockets; no state.
 */
#ifndef TOOLS_PROCESSES_H
#define TOOLS_PROCESSES_H

#include "tools/client.h"

struct targets {
	const char *label, *timeout;
	bool all;
	const char
		*designator; /* a PID, PIDs with commas between, or the path of a socket; NULL with --label or --all */
	bool several;        /* anything but one process that was named */
	uint64_t timeout_ms;
};

/* The options of every command that talks to processes, for its struct tool_option list. */
#define TARGET_OPTIONS(targets)                                                                         \
	{"--label", OPTION_TEXT, &(targets).label, 0, 0}, {"--all", OPTION_FLAG, &(targets).all, 0, 0}, \
	{                                                                                               \
		"--timeout", OPTION_TEXT, &(targets).timeout, 0, 0                                      \
	}

#define TARGET_HELP                                                                                         \
	"  PID            the process; several as 11,12,13; or the path of a socket that is configured\n"   \
	"  --label L      every process whose [runtime] label is L\n"                                       \
	"  --all          every process of this machine that we may talk to; with RUNTIME_DIRECTORY set,\n" \
	"                 as inside a systemd service, only those whose sockets are there\n"                \
	"  --timeout T    give up on an answer after T, as 500ms, 5s or 2m (default 5s)\n"

/*
 * Parses options and operands: the designator unless --label or --all stands for it, then exactly words operands, which
 * follow in argv[1...]. Returns an exit code; fail() was called.
 */
int parse_targets(struct tool *tool, struct targets *targets, const struct tool_option *options, int *argc, char **argv,
		  int words);

/*
 * The same for a command that can do without a process: a designator is a PID at argv[place] then, and the command
 * judges what else is there.
 */
int parse_optional_targets(struct tool *tool, struct targets *targets, const struct tool_option *options, int *argc,
			   char **argv, int place);
bool has_targets(const struct targets *targets);

/* Reads targets->timeout, where a command has the option but takes its processes otherwise. Returns an exit code. */
int parse_timeout(struct tool *tool, struct targets *targets);

/* The processes that are meant, at least one. Returns an exit code; fail() was called. free() the list. */
int select_processes(struct tool *tool, const struct targets *targets, struct process **list, size_t *count);

/* Every process that answers at a socket here, by PID. False when memory is short. free() the list. */
bool find_processes(uint64_t timeout_ms, struct process **list, size_t *count);

#endif
