/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of the state directory: what is quarantined, and what is pinned. One line each, logfmt words. Pure
 * functions over text and over the files of state.h; no threads, nothing kept in memory.
 */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cpu.h"
#include "runtime/name.h"
#include "runtime/state.h"

#define RECORD_LINE_SIZE (PATH_MAX + 1024)

/* ---- Quarantine ------------------------------------------------------------------------------------------------- */

/* A backend, told by its build-id, must not serve a kernel. */
struct quarantined {
	char build_id[65];
	char backend[BACKEND_NAME_SIZE]; /* its name, for people */
	char kernel[40];                 /* a name, or "all"; perhaps one that we do not know */
	char reason[224];
	int64_t time; /* seconds since 1970 */
};

struct quarantine_list {
	struct quarantined *entry;
	size_t count;
	unsigned bad_line; /* the first that cannot be read, 0 for none */
	struct file_key key;
};

/*
 * Reads DIR/quarantine; free(list->entry). Lines that cannot be read are passed over: *why then names the first, with
 * status 0.
 */
int read_quarantine(const char *dir, struct quarantine_list *list, struct why *why);

/* Adds a record to DIR/quarantine in the place of one of the same build-id and kernel. */
int write_quarantined(const char *dir, const struct quarantined *record, struct why *why);

/* Takes out the records that match: of this build-id or backend name, and of this kernel; "" matches all. */
int erase_quarantined(const char *dir, const char *backend, const char *kernel, unsigned *count, struct why *why);

/* Does a record match? As above. */
bool match_quarantined(const struct quarantined *record, const char *backend, const char *kernel);

/* Grows the list by one; false when memory is short. */
bool append_quarantined(struct quarantine_list *list, const struct quarantined *record);

/*
 * Fills a record for what an operator names: a backend by name or path, as this configuration finds it, or a build-id
 * in hex; and a kernel or "all". TENON_ENOENT: neither is known.
 */
int name_quarantined(const struct config *config, const struct cpu *cpu, const char *backend, const char *kernel,
		     const char *reason, struct quarantined *record, struct why *why);

/* ---- Pins ------------------------------------------------------------------------------------------------------- */

/* What a program, started with a label, serves its kernels from, whatever its configuration says. */
struct pin {
	char program[64];
	char label[64];
	char backend[PATH_MAX]; /* a name or a path */
	int64_t time;
};

/* The pin of program and label; pin->backend is "" without one. Bad lines as for read_quarantine(). */
int read_pin(const char *dir, const char *program, const char *label, struct pin *pin, struct why *why);

/* Writes it in the place of an older one. */
int write_pin(const char *dir, const struct pin *pin, struct why *why);

/* Takes it out, if there is one. */
int erase_pin(const char *dir, const char *program, const char *label, unsigned *count, struct why *why);

/* ---- Both ------------------------------------------------------------------------------------------------------- */

/* A time as 2026-02-28T12:34:56Z. */
#define RECORD_TIME_SIZE 24
void format_time(int64_t time, char text[RECORD_TIME_SIZE]);

#endif
