/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The layers of the configuration: which files, in which order, then the environment. Everything is parsed into a
 * staged copy that replaces the caller's only when all of it is valid. Knows nothing of threads; the caller owns the
 * struct.
 */
#include "build.h"

#include "runtime/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/inifile.h"

/* What one file is parsed with. */
struct loader {
	struct config staged;
	int seen[CONFIG_KEYS_MAX]; /* the line that set the key in this file, 0 for none */
};

static void *key_field(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

static const struct config_key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < count_config_keys(); i++)
		if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

const char *config_origin(const struct config *config, const char *section, const char *name)
{
	const struct config_key *key = find_key(section, name);
	return key && *config->origin[key - config_keys] ? config->origin[key - config_keys] : "the default";
}

void default_config(struct config *config)
{
	memset(config, 0, sizeof *config);
	for (size_t i = 0; i < count_config_keys(); i++)
		if (config_keys[i].initial)
			config_keys[i].parse(&config_keys[i], key_field(config, &config_keys[i]),
					     config_keys[i].initial);
	snprintf(config->identity, sizeof config->identity, "the built-in defaults");
}

/* ---- One key ----------------------------------------------------------------------------------------------------- */

/* Keeps the tail: the file's name and the line say more than where the path begins. */
static void note_origin(struct config *config, const struct config_key *key, const char *place)
{
	char *origin = config->origin[key - config_keys];
	size_t size = sizeof config->origin[0], length = strlen(place);
	if (length < size)
		memcpy(origin, place, length + 1);
	else
		snprintf(origin, size, "...%s", place + length - (size - 4));
}

/* place says where the value stands: "FILE:LINE" or "environment VARIABLE". */
static int set_key(struct config *config, const struct config_key *key, const char *value, const char *place,
		   struct why *why)
{
	if (!key->parse(key, key_field(config, key), value))
		return explain(why, TENON_ECONFIG, "%s: [%s] %s = %.80s: expected %s", place, key->section, key->name,
			       *value ? value : "(empty)", key->expects);
	note_origin(config, key, place);
	return 0;
}

/* Appends the distinct sections, or the keys of one section, to text[size]. */
static void list_keys(const char *section, char *text, size_t size)
{
	const char *previous = "";
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < count_config_keys() && used < size; i++) {
		const char *item = section ? config_keys[i].name : config_keys[i].section;
		if ((section && strcmp(config_keys[i].section, section) != 0) || strcmp(item, previous) == 0)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", used ? ", " : "", section ? "" : "[",
					 item, section ? "" : "]");
		previous = item;
	}
}

static bool section_exists(const char *section)
{
	for (size_t i = 0; i < count_config_keys(); i++)
		if (strcmp(config_keys[i].section, section) == 0)
			return true;
	return false;
}

static int refuse_name(const struct ini_line *line, struct why *why)
{
	char valid[384];
	if (line->key && !*line->section)
		return explain(why, TENON_ECONFIG,
			       "%s:%d: '%s' stands before any section; put a line such as [runtime] above it",
			       line->path, line->number, line->key);
	list_keys(line->key ? line->section : NULL, valid, sizeof valid);
	if (line->key)
		return explain(why, TENON_ECONFIG, "%s:%d: [%s] has no key '%s'; it has %s", line->path, line->number,
			       line->section, line->key, valid);
	return explain(why, TENON_ECONFIG, "%s:%d: there is no section [%s]; use one of %s", line->path, line->number,
		       line->section, valid);
}

/* ini_line_fn */
static int take_line(void *user, const struct ini_line *line, struct why *why)
{
	struct loader *loader = user;
	if (!line->key)
		return section_exists(line->section) ? 0 : refuse_name(line, why);
	const struct config_key *key = find_key(line->section, line->key);
	if (!key)
		return refuse_name(line, why);
	int *seen = &loader->seen[key - config_keys];
	if (*seen)
		return explain(why, TENON_ECONFIG,
			       "%s:%d: [%s] %s is set a second time, after line %d; remove one of them", line->path,
			       line->number, line->section, line->key, *seen);
	*seen = line->number;
	char place[PATH_MAX + 16];
	snprintf(place, sizeof place, "%s:%d", line->path, line->number);
	return set_key(&loader->staged, key, line->value, place, why);
}

/* ---- Layers ------------------------------------------------------------------------------------------------------ */

static int load_file(struct loader *loader, const char *path, bool required, struct why *why)
{
	memset(loader->seen, 0, sizeof loader->seen);
	return read_ini_file(path, required, take_line, loader, why);
}

static int is_ini(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".ini") == 0;
}

/* By bytes: alphasort() would make the order depend on the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_directory(struct loader *loader, const char *directory, struct why *why)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/tenon.ini.d", directory);
	struct dirent **entries;
	int count = scandir(path, &entries, is_ini, compare_entries);
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return explain(why, errno == ENOMEM ? TENON_ENOMEM : TENON_ECONFIG,
			       "%s: cannot be read as a directory: %s", path, strerror(errno));
	int status = 0;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/tenon.ini.d/%s", directory, entries[i]->d_name);
		if (!status)
			status = load_file(loader, path, true, why);
		free(entries[i]);
	}
	free(entries);
	return status;
}

/* The program's name as the kernel knows it; argv is the caller's to forge. "" where /proc does not say. */
static void name_program(char *name, size_t size)
{
	static const char deleted[] = " (deleted)"; /* the file was replaced while it runs */
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	name[0] = '\0';
	if (length <= 0)
		return;
	path[length] = '\0';
	size_t tail = sizeof deleted - 1;
	if ((size_t)length > tail && strcmp(path + length - tail, deleted) == 0)
		path[length - (ssize_t)tail] = '\0';
	const char *slash = strrchr(path, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : "");
}

static int load_system(struct loader *loader, const char *directory, const char *program, struct why *why)
{
	char path[PATH_MAX], own[NAME_MAX + 1];
	if (!program) {
		name_program(own, sizeof own);
		program = own;
	}
	snprintf(path, sizeof path, "%s/tenon.ini", directory);
	int status = load_file(loader, path, false, why);
	if (!status)
		status = load_directory(loader, directory, why);
	if (!status && *program) {
		snprintf(path, sizeof path, "%s/programs/%s.ini", directory, program);
		status = load_file(loader, path, false, why);
	}
	const char *named = secure_getenv("TENON_CONFIG");
	if (!status && named && *named)
		status = load_file(loader, named, true, why);
	return status;
}

static int load_environment(struct loader *loader, struct why *why)
{
	for (size_t i = 0; i < count_config_keys(); i++) {
		const struct config_key *key = &config_keys[i];
		const char *value = key->variable ? secure_getenv(key->variable) : NULL;
		if (!value || !*value)
			continue;
		char place[64];
		snprintf(place, sizeof place, "environment %s", key->variable);
		int status = set_key(&loader->staged, key, value, place, why);
		if (status)
			return status;
	}
	return 0;
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

/* The file's own name, so that two spellings of one path are one configuration. */
static void identify(struct config *config, const char *path)
{
	if (!path)
		snprintf(config->identity, sizeof config->identity, "the system's configuration");
	else if (!realpath(path, config->identity))
		snprintf(config->identity, sizeof config->identity, "%s", path);
}

int load_config_from(struct config *config, const char *directory, const char *program, const char *path,
		     struct why *why)
{
	struct loader *loader = malloc(sizeof *loader); /* too large for a host's small thread stack */
	if (!loader)
		return explain(why, TENON_ENOMEM, "no memory to read the configuration");
	default_config(&loader->staged);
	int status = path ? load_file(loader, path, true, why) : load_system(loader, directory ? directory : TENON_SYSCONFDIR, program, why);
	if (!status)
		status = load_environment(loader, why);
	if (!status) {
		identify(&loader->staged, path);
		*config = loader->staged;
	}
	free(loader);
	return status;
}

int load_config(struct config *config, const char *path, struct why *why)
{
	return load_config_from(config, NULL, NULL, path, why);
}
