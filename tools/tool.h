/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every subcommand of tenon shares: options, output and errors. main.c owns it. Exit codes are those below,
 * everywhere; several subjects: 2, then 1, 3, 4; 77 only if nothing ran.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "config.h"

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

enum tool_exit {
	EXIT_DONE = 0,
	EXIT_DIFFERS = 1,   /* does not conform, diverged, regressed or rolled back */
	EXIT_USAGE = 2,     /* usage or configuration */
	EXIT_REFUSED = 3,   /* cannot load, or refused */
	EXIT_NO_PROCESS = 4, /* no such process, no answer, or timeout */
	EXIT_NOTHING_RUN = 77
};

struct tool {
	const char *command; /* "swap" */
	bool json;           /* --json: only JSON on stdout, errors too */
	FILE *out;           /* stdout, or --output FILE (written to a temporary name, renamed on success) */
};

/*
 * A subcommand sees argv[0] = its name and its own arguments; --help, --json and --output FILE are gone from them.
 * Returns an exit code. help_<name> is the text of --help: usage line, options, an example, exit codes.
 */
#define COMMAND(name, summary)                                    \
	int run_##name(struct tool *tool, int argc, char **argv); \
	extern const char help_##name[];
#include "tools/commands.def"
#undef COMMAND

/* Prints "tenon COMMAND: message" to stderr, or an error object to stdout with --json, and returns code. */
__attribute__((format(printf, 3, 4))) int fail(struct tool *tool, int code, const char *format, ...);

#ifdef HAVE_JANSSON
/* Adds schema ("tenon.COMMAND/1") and tenon_version, writes it as the command's whole output, and drops the reference. */
int emit_json(struct tool *tool, json_t *object);
#endif

#endif
