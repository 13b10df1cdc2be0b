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
#include "runtime/places.h"
#include "runtime/tuned.h"

#define ENVIRONMENT "environment " /* how an origin begins that is a variable */

/* What one file is parsed with. */
struct loader {
	struct config staged;
	int seen[CONFIG_KEYS_MAX]; /* the line that set the key in this file, 0 for none */
	enum { TUNED_NOT, TUNED_READING, TUNED_COUNTS, TUNED_IGNORED } tuning; /* of this file */
	struct tuned tuned;
	char tuned_under[TUNED_VALUE_SIZE]; /* the max_isa of the last file that counts */
	char tuned_path[PATH_MAX];          /* that file; "" for none */
	bool first;                         /* nothing of this file was read yet */
	bool ignores_tuned;                 /* that max_isa is another one by now */
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
			config_keys[i].kind->parse(&config_keys[i], key_field(config, &config_keys[i]),
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
	if (!key->kind->parse(key, key_field(config, key), value))
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

/* ---- Tuning ------------------------------------------------------------------------------------------------------ */

static void note_ignored(struct loader *loader, const char *path, const char *reason)
{
	char *text = loader->staged.ignored;
	size_t used = strlen(text), size = sizeof loader->staged.ignored;
	snprintf(text + used, size - used, "%s%s is ignored: %s; run tenon tune here", used ? "; " : "", path, reason);
}

/* Behind the section [tuned]: does the rest of the file count here? */
static void judge_tuning(struct loader *loader, const char *path)
{
	char reason[256] = "max_isa is another one now than when it was measured";
	bool counts = !loader->ignores_tuned && is_tuned_for_here(&loader->tuned, reason, sizeof reason);
	loader->tuning = counts ? TUNED_COUNTS : TUNED_IGNORED;
	if (!counts) {
		note_ignored(loader, path, reason);
		return;
	}
	snprintf(loader->tuned_path, sizeof loader->tuned_path, "%s", path);
	memcpy(loader->tuned_under, loader->tuned.value[TUNED_MAX_ISA], sizeof loader->tuned_under);
}

/* A line of the section [tuned], which must come first, so that nothing of a file applies before it is judged. */
static int take_tuned(struct loader *loader, const struct ini_line *line, struct why *why)
{
	if (!line->key && loader->tuning != TUNED_READING)
		return explain(why, TENON_ECONFIG,
			       "%s:%d: [" TUNED_SECTION "] stands behind other sections; it must be the "
			       "first of its file",
			       line->path, line->number);
	if (line->key)
		set_tuned(&loader->tuned, line->key, line->value);
	return 0;
}

/* The first section of a file decides whether it is a tuned one; the second, or the end, ends the section [tuned]. */
static void follow_tuning(struct loader *loader, const struct ini_line *line)
{
	bool tuned = strcmp(line->section, TUNED_SECTION) == 0;
	if (loader->tuning == TUNED_NOT && tuned && !line->key)
		loader->tuning = TUNED_READING;
	else if (loader->tuning == TUNED_READING && !tuned)
		judge_tuning(loader, line->path);
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

/* ini_line_fn */
static int take_line(void *user, const struct ini_line *line, struct why *why)
{
	struct loader *loader = user;
	bool first = loader->first;
	loader->first = false;
	if (first || loader->tuning == TUNED_READING)
		follow_tuning(loader, line);
	if (strcmp(line->section, TUNED_SECTION) == 0)
		return take_tuned(loader, line, why);
	if (loader->tuning == TUNED_IGNORED)
		return 0;
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
	memset(&loader->tuned, 0, sizeof loader->tuned);
	loader->tuning = TUNED_NOT;
	loader->first = true;
	int status = read_ini_file(path, required, take_line, loader, why);
	if (!status && loader->tuning == TUNED_READING)
		judge_tuning(loader, path);
	return status;
}

bool is_layer_name(const char *name)
{
	size_t length = strlen(name);
	return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".ini") == 0;
}

static int is_ini(const struct dirent *entry)
{
	return is_layer_name(entry->d_name);
}

/* By bytes: alphasort() would make the order depend on the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_directory(struct loader *loader, const char *directory, struct why *why)
{
	char path[PATH_MAX + NAME_MAX + 1];
	struct dirent **entries;
	int count = scandir(directory, &entries, is_ini, compare_entries);
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return explain(why, errno == ENOMEM ? TENON_ENOMEM : TENON_ECONFIG,
			       "%s: cannot be read as a directory: %s", directory, strerror(errno));
	int status = 0;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
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

bool config_layer(const struct config *config, size_t index, char path[PATH_MAX], bool *is_directory)
{
	*is_directory = false;
	path[0] = '\0';
	if (*config->file)
		return index == 0 && snprintf(path, PATH_MAX, "%s", config->file);
	if (index == 0)
		snprintf(path, PATH_MAX, "%s/tenon.ini", config->directory);
	else if (index == 1)
		snprintf(path, PATH_MAX, "%s/tenon.ini.d", config->directory);
	else if (index == 2 && *config->program)
		snprintf(path, PATH_MAX, "%s/programs/%s.ini", config->directory, config->program);
	else if (index == 3)
		snprintf(path, PATH_MAX, "%s", config->last_layer);
	*is_directory = index == 1;
	return index < 4;
}

static int load_layers(struct loader *loader, struct why *why)
{
	char path[PATH_MAX];
	bool is_directory;
	int status = 0;
	for (size_t i = 0; !status && config_layer(&loader->staged, i, path, &is_directory); i++) {
		bool named = *loader->staged.file || i == 3; /* somebody named this file: it must be there */
		if (is_directory)
			status = load_directory(loader, path, why);
		else if (*path)
			status = load_file(loader, path, named, why);
	}
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
		snprintf(place, sizeof place, ENVIRONMENT "%s", key->variable);
		int status = set_key(&loader->staged, key, value, place, why);
		if (status)
			return status;
	}
	return 0;
}

/* What the environment said when running was loaded. */
static void keep_environment(struct config *config, const struct config *running)
{
	for (size_t i = 0; i < count_config_keys(); i++) {
		const struct config_key *key = &config_keys[i];
		if (strncmp(running->origin[i], ENVIRONMENT, strlen(ENVIRONMENT)) != 0)
			continue;
		memcpy(key_field(config, key), (const char *)running + key->offset, key->size);
		memcpy(config->origin[i], running->origin[i], sizeof config->origin[i]);
	}
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

static int keep_path(char *kept, size_t size, const char *path, struct why *why)
{
	size_t length = path ? strlen(path) : 0;
	if (length >= size)
		return explain(why, TENON_ECONFIG, "%.80s...: the path is too long", path);
	memcpy(kept, path ? path : "", length + 1);
	return 0;
}

/* The process may change its folder before it reads again; but symbolic links stay, they may be made to lead elsewhere. */
static int make_absolute(char path[PATH_MAX], struct why *why)
{
	char folder[PATH_MAX], given[PATH_MAX];
	if (!*path || *path == '/')
		return 0;
	memcpy(given, path, sizeof given);
	if (!getcwd(folder, sizeof folder))
		return explain(why, TENON_ECONFIG, "%s: its folder cannot be named: %s; give an absolute path", given,
			       strerror(errno));
	if (snprintf(path, PATH_MAX, "%s/%s", folder, given) >= PATH_MAX)
		return explain(why, TENON_ECONFIG, "%s: the path is too long in %.80s", given, folder);
	return 0;
}

/* The file's own name, so that two spellings of one path are one configuration. */
static void identify(struct config *config)
{
	if (!*config->file)
		snprintf(config->identity, sizeof config->identity, "the system's configuration");
	else if (!realpath(config->file, config->identity))
		memcpy(config->identity, config->file, sizeof config->identity);
}

/* Where to load from: what the caller names, and what the process's name and environment say. */
static int choose_place(struct config *config, const char *directory, const char *program, const char *path,
			struct why *why)
{
	if (path && !*path)
		return explain(why, TENON_ECONFIG,
			       "the name of the configuration file is empty; give NULL for the "
			       "system's configuration");
	int status = keep_path(config->file, sizeof config->file, path, why);
	if (!status)
		status = keep_path(config->directory, sizeof config->directory,
				   directory ? directory : TENON_SYSCONFDIR, why);
	if (!status)
		status = keep_path(config->last_layer, sizeof config->last_layer, secure_getenv("TENON_CONFIG"), why);
	if (program)
		snprintf(config->program, sizeof config->program, "%s", program);
	else
		name_program(config->program, sizeof config->program);
	return status;
}

static void copy_place(struct config *config, const struct config *from)
{
	memcpy(config->file, from->file, sizeof config->file);
	memcpy(config->directory, from->directory, sizeof config->directory);
	memcpy(config->program, from->program, sizeof config->program);
	memcpy(config->last_layer, from->last_layer, sizeof config->last_layer);
}

static struct loader *make_loader(struct why *why)
{
	struct loader *loader = malloc(sizeof *loader); /* too large for a host's small thread stack */
	if (loader) {
		memset(loader, 0, sizeof *loader);
		default_config(&loader->staged);
	} else {
		explain(why, TENON_ENOMEM, "no memory to read the configuration");
	}
	return loader;
}

/* The files, and then the environment: that of now, or what it said when running was loaded. */
static int load_everything(struct loader *loader, const struct config *running, struct why *why)
{
	int status = load_layers(loader, why);
	if (!status && running)
		keep_environment(&loader->staged, running);
	else if (!status)
		status = load_environment(loader, why);
	return status;
}

/*
 * What was measured under another max_isa than all layers together come to does not count; since every layer may set it,
 * that is known at the end, and then the files are read once more, without the tuned ones.
 */
static int load_tuned(struct loader *loader, const struct config *running, struct why *why)
{
	struct config *place = malloc(sizeof *place);
	if (!place)
		return explain(why, TENON_ENOMEM, "no memory to read the configuration");
	look_at_layers(&loader->staged, &loader->staged.look);
	*place = loader->staged;
	int status = load_everything(loader, running, why);
	if (!status && *loader->tuned_path && strcmp(loader->tuned_under, loader->staged.max_isa) != 0) {
		loader->staged = *place;
		loader->ignores_tuned = true;
		status = load_everything(loader, running, why);
	}
	free(place);
	return status;
}

int load_config_from(struct config *config, const char *directory, const char *program, const char *path,
		     struct why *why)
{
	struct loader *loader = make_loader(why);
	if (!loader)
		return TENON_ENOMEM;
	int status = choose_place(&loader->staged, directory, program, path, why);
	if (!status)
		status = load_tuned(loader, NULL, why);
	if (!status)
		status = make_absolute(loader->staged.file, why);
	if (!status)
		status = make_absolute(loader->staged.last_layer, why);
	if (!status) {
		identify(&loader->staged);
		*config = loader->staged;
	}
	free(loader);
	return status;
}

int load_config(struct config *config, const char *path, struct why *why)
{
	return load_config_from(config, NULL, NULL, path, why);
}

int reload_config(const struct config *running, struct config *fresh, struct why *why)
{
	struct loader *loader = make_loader(why);
	if (!loader)
		return TENON_ENOMEM;
	copy_place(&loader->staged, running);
	int status = load_tuned(loader, running, why);
	if (!status) {
		memcpy(loader->staged.identity, running->identity, sizeof running->identity);
		*fresh = loader->staged;
	}
	free(loader);
	return status;
}
