/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of the state directory, there and back; see record.h. No threads, no state.
 */
#include "build.h"

#include "runtime/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/find.h"
#include "runtime/kernels.h"
#include "runtime/logfmt.h"

#define QUARANTINE_FILE "quarantine"
#define PINS_FILE "pins"

/* ---- Words ------------------------------------------------------------------------------------------------------ */

void format_time(int64_t time, char text[RECORD_TIME_SIZE])
{
	struct tm parts;
	time_t seconds = (time_t)time;
	if (!gmtime_r(&seconds, &parts) || !strftime(text, RECORD_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(text, RECORD_TIME_SIZE, "?");
}

static bool parse_time(const char *text, int64_t *time)
{
	struct tm parts = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (!end || *end)
		return false;
	*time = timegm(&parts);
	return true;
}

/* Where a word of a record belongs. */
struct field {
	const char *key;
	char *text; /* NULL for the time */
	size_t size;
	int64_t *time;
	bool seen;
};

static bool take_word(struct field *fields, size_t count, const char *key, const char *value)
{
	for (size_t i = 0; i < count; i++) {
		struct field *field = &fields[i];
		if (strcmp(field->key, key) != 0)
			continue;
		field->seen = true;
		if (!field->text)
			return parse_time(value, field->time);
		if (strlen(value) >= field->size)
			return false;
		memcpy(field->text, value, strlen(value) + 1);
	}
	return true; /* a key that a later version added */
}

/* Cuts line up. Every field must be there. */
static bool parse_fields(char *line, struct field *fields, size_t count)
{
	char *key, *value;
	while (next_pair(&line, &key, &value))
		if (!value || !take_word(fields, count, key, value))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!fields[i].seen)
			return false;
	return line != NULL;
}

static bool is_blank(const char *line)
{
	return !line[strspn(line, " \t")] || line[0] == '#';
}

/* Calls take with each line that is no comment; *bad is the number of the first that it does not understand, else 0. */
static void for_each_line(struct file *file, bool (*take)(char *line, void *user), void *user, unsigned *bad)
{
	unsigned number = 0;
	*bad = 0;
	for (char *line = file->bytes, *end; line && *line; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		number++;
		if (end > line && end[-1] == '\n')
			end[-1] = '\0';
		if (!is_blank(line) && !take(line, user) && !*bad)
			*bad = number;
	}
}

static void tell_bad_line(const char *dir, const char *name, unsigned line, struct why *why)
{
	if (line)
		explain(why, TENON_OK,
			"%s/%s:%u: cannot be read as a record, and is passed over; mend or remove the line", dir, name,
			line);
}

/* ---- Quarantine ------------------------------------------------------------------------------------------------- */

static bool parse_quarantined(char *line, struct quarantined *record)
{
	struct field fields[] = {
		{"build_id", record->build_id, sizeof record->build_id, NULL, false},
		{"backend", record->backend, sizeof record->backend, NULL, false},
		{"kernel", record->kernel, sizeof record->kernel, NULL, false},
		{"reason", record->reason, sizeof record->reason, NULL, false},
		{"time", NULL, 0, &record->time, false},
	};
	return parse_fields(line, fields, sizeof fields / sizeof fields[0]) && record->build_id[0] && record->kernel[0];
}

static void format_quarantined(const struct quarantined *record, struct text *line)
{
	char time[RECORD_TIME_SIZE];
	format_time(record->time, time);
	add_pair(line, "build_id", "%s", record->build_id);
	add_pair(line, "backend", "%s", record->backend);
	add_pair(line, "kernel", "%s", record->kernel);
	add_pair(line, "time", "%s", time);
	add_pair(line, "reason", "%s", record->reason);
	add_text(line, "\n");
}

bool append_quarantined(struct quarantine_list *list, const struct quarantined *record)
{
	struct quarantined *larger = realloc(list->entry, (list->count + 1) * sizeof *larger);
	if (!larger)
		return false;
	list->entry = larger;
	larger[list->count++] = *record;
	return true;
}

struct reading {
	struct quarantine_list *list;
	bool full; /* memory is short */
};

static bool take_quarantined(char *line, void *user)
{
	struct reading *reading = user;
	struct quarantined record = {.time = 0};
	if (!parse_quarantined(line, &record))
		return false;
	reading->full = reading->full || !append_quarantined(reading->list, &record);
	return true;
}

int read_quarantine(const char *dir, struct quarantine_list *list, struct why *why)
{
	struct file file;
	*list = (struct quarantine_list){.count = 0};
	int status = read_state(dir, QUARANTINE_FILE, &file, why);
	if (status)
		return status;
	struct reading reading = {.list = list};
	for_each_line(&file, take_quarantined, &reading, &list->bad_line);
	list->key = file.key;
	free(file.bytes);
	if (reading.full) {
		free(list->entry);
		*list = (struct quarantine_list){.count = 0};
		return explain(why, TENON_ENOMEM, "%s/" QUARANTINE_FILE ": no memory to read it", dir);
	}
	tell_bad_line(dir, QUARANTINE_FILE, list->bad_line, why);
	return TENON_OK;
}

bool match_quarantined(const struct quarantined *record, const char *backend, const char *kernel)
{
	bool same_backend =
		!*backend || strcmp(record->backend, backend) == 0 || strcmp(record->build_id, backend) == 0;
	return same_backend && (!*kernel || strcmp(record->kernel, kernel) == 0);
}

struct choice {
	const char *backend, *kernel;
};

static bool drop_quarantined(char *line, void *user)
{
	const struct choice *choice = user;
	struct quarantined record = {.time = 0};
	return !is_blank(line) && parse_quarantined(line, &record) &&
	       match_quarantined(&record, choice->backend, choice->kernel);
}

int write_quarantined(const char *dir, const struct quarantined *record, struct why *why)
{
	char bytes[RECORD_LINE_SIZE];
	struct text line;
	struct choice same = {record->build_id, record->kernel};
	start_text(&line, bytes, sizeof bytes);
	format_quarantined(record, &line);
	return update_state(dir, QUARANTINE_FILE, drop_quarantined, &same, bytes, NULL, why);
}

int erase_quarantined(const char *dir, const char *backend, const char *kernel, unsigned *count, struct why *why)
{
	struct choice choice = {backend, kernel};
	return update_state(dir, QUARANTINE_FILE, drop_quarantined, &choice, NULL, count, why);
}

static bool is_build_id(const char *text)
{
	size_t length = strlen(text);
	return length >= 16 && length <= 64 && strspn(text, "0123456789abcdef") == length;
}

static int find_build_id(const struct config *config, const struct cpu *cpu, const char *backend,
			 struct quarantined *record, struct why *why)
{
	struct candidate *list = NULL;
	size_t count = 0;
	int status = find_backends(config, cpu, &list, &count, why);
	for (size_t i = 0; status == TENON_OK && i < count; i++)
		if (strcmp(list[i].name, backend) == 0)
			snprintf(record->build_id, sizeof record->build_id, "%s", list[i].vetted.build_id);
	free(list);
	snprintf(record->backend, sizeof record->backend, "%s", backend);
	return status;
}

static int examine_build_id(const struct config *config, const struct cpu *cpu, const char *path,
			    struct quarantined *record, struct why *why)
{
	struct candidate *candidate = calloc(1, sizeof *candidate);
	if (!candidate)
		return explain(why, TENON_ENOMEM, "%s: no memory", path);
	examine_backend(config, cpu, path, candidate);
	snprintf(record->build_id, sizeof record->build_id, "%s", candidate->vetted.build_id);
	snprintf(record->backend, sizeof record->backend, "%s", candidate->vetted.name);
	free(candidate);
	return TENON_OK;
}

int name_quarantined(const struct config *config, const struct cpu *cpu, const char *backend, const char *kernel,
		     const char *reason, struct quarantined *record, struct why *why)
{
	int status = TENON_OK;
	*record = (struct quarantined){.time = time(NULL)};
	snprintf(record->kernel, sizeof record->kernel, "%s", kernel);
	snprintf(record->reason, sizeof record->reason, "%s", reason);
	if (strcmp(kernel, "all") != 0 && find_kernel_name(kernel) < 0)
		return explain(why, TENON_ENOENT,
			       "quarantine: there is no kernel '%.80s'; tenon status names them, and all means all",
			       kernel);
	if (strchr(backend, '/'))
		status = examine_build_id(config, cpu, backend, record, why);
	else if (is_build_id(backend))
		snprintf(record->build_id, sizeof record->build_id, "%s", backend);
	else if (is_backend_name(backend))
		status = find_build_id(config, cpu, backend, record, why);
	if (status == TENON_OK && !record->build_id[0])
		return explain(
			why, TENON_ENOENT,
			"quarantine: no backend with a build-id is found as '%.200s'; give a name that tenon list "
			"shows, a file, or a build-id in hex",
			backend);
	return status;
}

/* ---- Pins ------------------------------------------------------------------------------------------------------- */

static bool parse_pin(char *line, struct pin *pin)
{
	struct field fields[] = {
		{"program", pin->program, sizeof pin->program, NULL, false},
		{"label", pin->label, sizeof pin->label, NULL, false},
		{"backend", pin->backend, sizeof pin->backend, NULL, false},
		{"time", NULL, 0, &pin->time, false},
	};
	return parse_fields(line, fields, sizeof fields / sizeof fields[0]) && pin->backend[0];
}

static bool is_pin_of(const struct pin *pin, const struct pin *wanted)
{
	return strcmp(pin->program, wanted->program) == 0 && strcmp(pin->label, wanted->label) == 0;
}

/* Both line functions: user is the pin that is looked for; the last one found is kept. */
static bool take_pin(char *line, void *user)
{
	struct pin *wanted = user, pin = {.time = 0};
	if (!parse_pin(line, &pin))
		return false;
	if (is_pin_of(&pin, wanted))
		*wanted = pin;
	return true;
}

static bool drop_pin(char *line, void *user)
{
	struct pin pin = {.time = 0};
	return !is_blank(line) && parse_pin(line, &pin) && is_pin_of(&pin, user);
}

static void name_pin(struct pin *pin, const char *program, const char *label)
{
	*pin = (struct pin){.time = 0};
	snprintf(pin->program, sizeof pin->program, "%s", program);
	snprintf(pin->label, sizeof pin->label, "%s", label);
}

int read_pin(const char *dir, const char *program, const char *label, struct pin *pin, struct why *why)
{
	struct file file;
	unsigned bad;
	name_pin(pin, program, label);
	int status = read_state(dir, PINS_FILE, &file, why);
	if (status)
		return status;
	for_each_line(&file, take_pin, pin, &bad);
	free(file.bytes);
	tell_bad_line(dir, PINS_FILE, bad, why);
	return TENON_OK;
}

int write_pin(const char *dir, const struct pin *pin, struct why *why)
{
	char bytes[RECORD_LINE_SIZE], time[RECORD_TIME_SIZE];
	struct text line;
	struct pin same = *pin;
	start_text(&line, bytes, sizeof bytes);
	format_time(pin->time, time);
	add_pair(&line, "program", "%s", pin->program);
	add_pair(&line, "label", "%s", pin->label);
	add_pair(&line, "backend", "%s", pin->backend);
	add_pair(&line, "time", "%s", time);
	add_text(&line, "\n");
	return update_state(dir, PINS_FILE, drop_pin, &same, bytes, NULL, why);
}

int erase_pin(const char *dir, const char *program, const char *label, unsigned *count, struct why *why)
{
	struct pin wanted;
	name_pin(&wanted, program, label);
	return update_state(dir, PINS_FILE, drop_pin, &wanted, NULL, count, why);
}
