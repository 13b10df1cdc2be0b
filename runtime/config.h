/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The configuration: files in layers, then the environment, read whole, validated whole, applied as one change or not
 * at all. The caller owns the struct. Knows nothing of threads; opens only configuration files.
 */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/kernels.h"
#include "runtime/name.h"
#include "runtime/trust.h"
#include "runtime/why.h"

/* More than there are keys, kernels included; config.c asserts it. */
#define CONFIG_KEYS_MAX (32 + KERNEL_COUNT)

/* The values are those of the words that config.c lists for the key, in that order. */
enum arena_overflow { ARENA_ERROR, ARENA_FALLBACK, ARENA_ABORT };

struct config {
	/* [runtime] */
	char backend[PATH_MAX];      /* "auto", a name, or a path */
	char backend_path[PATH_MAX]; /* colon-separated directories, searched in order; then the installed backenddir */
	char allow[512];             /* names that auto may choose beyond those we ship, comma-separated */
	char max_isa[16];            /* "" for no cap */
	bool bounded;                /* numerics = bounded */
	bool fallback_fail;          /* fallback = fail: tenon_open() fails where it would run degraded */
	bool fork_scalar;            /* fork = scalar: a forked child starts on scalar */
	struct trusted_owners trusted_owners;
	char stage[16];              /* auto, directory, memfd, none */
	char label[64];
	/* [kernels] */
	char kernel_backend[KERNEL_COUNT][BACKEND_NAME_SIZE]; /* "" = [runtime] backend */
	/* [arena] */
	size_t arena_size;
	enum arena_overflow arena_overflow;
	/* [control] */
	char socket[PATH_MAX];       /* "off", "on" (the default place), or a path */
	/* [log] */
	int log_level;               /* enum tenon_log_level */
	char log_target[16];         /* "callback" (the default), "stderr", "syslog", "none" */
	/* A text that identifies what was loaded: equal texts mean equal configurations (tenon_open's TENON_EBUSY). */
	char identity[PATH_MAX];
	/* By key: "FILE:LINE" or "environment VARIABLE" that set it, "" for a default; the tail of what is too long. */
	char origin[CONFIG_KEYS_MAX][96];
};

/* One row of the key table: the single list for parsing, errors and documents. */
struct config_key {
	const char *section, *name;
	const char *variable; /* that overrides it, or NULL */
	/* Puts value into field[size]; false if it does not fit what the key expects. */
	bool (*parse)(const struct config_key *key, void *field, const char *value);
	size_t offset, size;  /* in struct config */
	const char *initial;  /* the default, NULL for a zero */
	const char *expects;  /* completes "expected ..."; for words, the list of them */
	const char *meaning;
};

extern const struct config_key config_keys[];
size_t count_config_keys(void);

/* The value of a key as a file would have it, cut to size. */
void format_config_value(const struct config *config, const struct config_key *key, char *text, size_t size);

/* Where the value of a key came from, for messages: its origin, or "the default". */
const char *config_origin(const struct config *config, const char *section, const char *name);

/* The built-in defaults. */
void default_config(struct config *config);

/*
 * Loads path, or the system's layers when path is NULL: SYSCONFDIR/tenon.ini, tenon.ini.d/ *.ini, programs/NAME.ini,
 * then $TENON_CONFIG; the TENON_* variables override either. The environment is ignored in a setuid process, and so is
 * a variable that is empty. On failure *config is untouched and why names file, line, value and remedy.
 */
int load_config(struct config *config, const char *path, struct why *why);

/* The same with the system's layers from another directory (NULL: SYSCONFDIR), for another program (NULL: this one; "": none). */
int load_config_from(struct config *config, const char *directory, const char *program, const char *path,
		     struct why *why);

#endif
