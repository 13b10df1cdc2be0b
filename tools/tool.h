/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every subcommand of tenon shares: options, output and errors; tool.c owns it. Exit codes are those below,
 * everywhere; several subjects: 2, then 1, 3, 4; 77 only if nothing ran.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "build.h"

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

enum tool_exit {
	EXIT_DONE = 0,
	EXIT_DIFFERS = 1,    /* does not conform, diverged, regressed or rolled back */
	EXIT_USAGE = 2,      /* usage or configuration; output that cannot be written */
	EXIT_REFUSED = 3,    /* cannot load, or refused */
	EXIT_NO_PROCESS = 4, /* no such process, no answer, or timeout */
	EXIT_NOTHING_RUN = 77
};

struct tool {
	const char *command; /* "swap" */
	bool json;           /* --json: only JSON on stdout, errors too */
	FILE *out;           /* stdout, or --output FILE (under a temporary name; renamed unless fail() was called) */
	bool failed;         /* fail() was called */
};

/*
 * A subcommand sees argv[0] = its name and its own arguments; --help, --json and --output FILE are gone from them.
 * Returns an exit code. help_<name> is the text of --help: usage line, options, an example, exit codes; it ends with a
 * newline. --json, --output and --help are described once, by main.c, below it.
 */
#define COMMAND(name, summary)                                    \
	int run_##name(struct tool *tool, int argc, char **argv); \
	extern const char help_##name[];
#include "tools/commands.def"
#undef COMMAND

/*
 * Prints "tenon COMMAND: message" to stderr, or an error object to stdout with --json, and returns code. Once, as the
 * last thing a command does: `return fail(...)`.
 */
__attribute__((format(printf, 3, 4))) int fail(struct tool *tool, int code, const char *format, ...);

/* The options of a subcommand: "--name", "--name VALUE" or "--name=VALUE". The list ends with an entry without name. */
enum option_kind {
	OPTION_FLAG,  /* bool: set to true */
	OPTION_TEXT,  /* const char *: points into argv */
	OPTION_NUMBER /* uint64_t: decimal, within [least, most] */
};

struct tool_option {
	const char *name; /* "--seconds" */
	enum option_kind kind;
	void *value; /* keeps its default when the option is absent */
	uint64_t least, most;
};

/*
 * Takes the options out of argv; what remains, *argc of them from argv[1], are operands, of which there must be between
 * fewest and most. "--" ends the options. Returns EXIT_DONE, or the code of fail(), which named what is wrong and the
 * nearest option.
 */
int parse_options(struct tool *tool, const struct tool_option *options, int *argc, char **argv, int fewest, int most);

/* The value of an option that is a time, "500ms", "5s" or "2m": EXIT_DONE and milliseconds, or the code of fail(). */
int parse_time(struct tool *tool, const char *option, const char *text, uint64_t *ms);

/* Appends to text[size] the entries of names[count] that resemble word, or all of them: "did you mean a or b?". */
void suggest_names(char *text, size_t size, const char *word, const char *const *names, size_t count);

/* Redirects tool->out to a temporary file beside path. Anything that is not a regular file is written in place. */
int open_output(struct tool *tool, const char *path);

/* Flushes and, unless fail() was called, renames; returns code, or that of a write that failed (full disk, EPIPE). */
int close_output(struct tool *tool, int code);

#ifdef HAVE_JANSSON
/* Adds schema ("tenon.COMMAND/1") and tenon_version, writes it as the whole output, and drops the reference. */
int emit_json(struct tool *tool, json_t *object);

/* A real; null for NaN and infinities, which JSON does not have. */
json_t *json_figure(double value);
#endif

#endif
