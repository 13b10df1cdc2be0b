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
#include <stdint.h>

#include "runtime/kernels.h"
#include "runtime/name.h"
#include "runtime/trust.h"
#include "runtime/why.h"

/* More than there are keys, kernels included; config.c asserts it. */
#define CONFIG_KEYS_MAX (32 + KERNEL_COUNT)

/* The values are those of the words that config.c lists for the key, in that order. */
enum arena_overflow { ARENA_ERROR, ARENA_FALLBACK, ARENA_ABORT };

enum metrics_calls { CALLS_AUTO, CALLS_ON, CALLS_OFF };

/* Growing shares of calls, the last one 100; none: a swap is immediate. */
#define ROLLOUT_STEPS_MAX 8
struct rollout_steps {
	unsigned count;
	unsigned char percent[ROLLOUT_STEPS_MAX];
};

/* What files look like (places.h): equal if nothing happened to them, so far as the file system tells. */
struct look {
	uint64_t hash;
	unsigned files;    /* that are there */
	int64_t newest_ms; /* the youngest change, by the file system's clock */
};

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
	bool trust_signature;        /* trust = signature */
	char trusted_keys[PATH_MAX]; /* "" for SYSCONFDIR/keys */
	char state_dir[PATH_MAX];    /* "" for $STATE_DIRECTORY, else /var/lib/tenon, else memory */
	char stage[16];              /* auto, directory, memfd, none */
	char label[64];
	/* [kernels] */
	char kernel_backend[KERNEL_COUNT][BACKEND_NAME_SIZE]; /* "" = [runtime] backend */
	/* [arena] */
	size_t arena_size;
	enum arena_overflow arena_overflow;
	/* [rollout] */
	struct rollout_steps steps;
	uint64_t hold_ms;
	uint32_t shadow; /* one call of so many; 0 for none */
	bool guard;
	unsigned max_p99_increase; /* percent */
	/* [control] */
	char socket[PATH_MAX]; /* "off", "on" (the default place), or a path */
	int64_t group;         /* -1 for none */
	bool watch;
	/* [metrics] */
	char http[64]; /* "off", or ADDRESS:PORT as it was written, or PORT */
	enum metrics_calls metrics_calls;
	/* [log] */
	int log_level;       /* enum tenon_log_level */
	char log_target[16]; /* "callback" (the default), "stderr", "syslog", "none" */
	int log_format;      /* enum log_format */
	/* A text that identifies what was loaded: equal texts mean equal configurations (tenon_open's TENON_EBUSY). */
	char identity[PATH_MAX];
	/* Where it was loaded from, absolute, symbolic links as they were: the one file, or "", and then the layers. */
	char file[PATH_MAX];
	char directory[PATH_MAX - NAME_MAX - 32]; /* so that every layer's path fits */
	char program[NAME_MAX + 1];               /* "" for none */
	char last_layer[PATH_MAX];                /* $TENON_CONFIG, or "" */
	struct look look;                         /* its files, just before they were read */
	char ignored[1024]; /* which tuned files do not count here, and why (tuned.h); "" for none */
	/* By key: "FILE:LINE" or "environment VARIABLE" that set it, "" for a default; the tail of what is too long. */
	char origin[CONFIG_KEYS_MAX][96];
};

struct config_key;

/* A kind of value. parse puts value into the key's field, false if it is not what the key expects; format writes it back. */
struct value_kind {
	bool (*parse)(const struct config_key *key, void *field, const char *value);
	void (*format)(const struct config_key *key, const void *field, char *text, size_t size);
};

extern const struct value_kind word_value, choice_value, max_isa_value, backend_value, name_value, names_value,
	label_value, directories_value, directory_value, socket_value, owners_value, arena_size_value, duration_value,
	steps_value, interval_value, percent_value, group_value, http_value;

/* One row of the key table: the single list for parsing, errors and documents. */
struct config_key {
	const char *section, *name;
	const char *variable; /* that overrides it, or NULL */
	const struct value_kind *kind;
	size_t offset, size; /* in struct config */
	const char *initial; /* the default, NULL for a zero */
	const char *expects; /* completes "expected ..."; for words, the list of them */
	const char *meaning;
};

extern const struct config_key config_keys[];
size_t count_config_keys(void);

/* The value of a key as a file would have it, cut to size. */
void format_config_value(const struct config *config, const struct config_key *key, char *text, size_t size);

/*
 * Takes the value of [metrics] http apart, "off" excepted: *address of size bytes is numeric, "127.0.0.1" where none was
 * given, without the brackets of IPv6. False for what the key does not accept.
 */
bool split_http(const char *value, char *address, size_t size, uint16_t *port);

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

/*
 * Reads again what running was loaded from, into *fresh. What the environment said when running was loaded still holds:
 * another thread of the host may be changing it now. On failure *fresh is untouched.
 */
int reload_config(const struct config *running, struct config *fresh, struct why *why);

/*
 * The index-th place that a configuration is read from, whether it is there now or not; *is_directory: every *.ini in
 * it. False beyond the last.
 */
bool config_layer(const struct config *config, size_t index, char path[PATH_MAX], bool *is_directory);

/* Is this the name of a file that counts in tenon.ini.d? */
bool is_layer_name(const char *name);

/* The same with the system's layers from another directory (NULL: SYSCONFDIR), for another program (NULL: this one; "": none). */
int load_config_from(struct config *config, const char *directory, const char *program, const char *path,
		     struct why *why);

#endif
