/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See project.h. What is in the templates is ours; where they go may be anything, so every write can fail.
 */
#include "tools/project.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/file.h"

#define TEMPLATE_MAX ((size_t)1 << 20)

/* ---- Variables --------------------------------------------------------------------------------------------------- */

bool set_variable(struct project *project, const char *name, const char *value)
{
	size_t i = 0;
	while (i < project->variables && strcmp(project->variable[i].name, name) != 0)
		i++;
	if (i == PROJECT_VARIABLES || strlen(name) >= sizeof project->variable[i].name ||
	    strlen(value) >= sizeof project->variable[i].value)
		return false;
	project->variables += i == project->variables;
	strcpy(project->variable[i].name, name);
	strcpy(project->variable[i].value, value);
	return true;
}

static const char *get_variable(const struct project *project, const char *name, size_t length)
{
	for (size_t i = 0; i < project->variables; i++)
		if (strlen(project->variable[i].name) == length && memcmp(project->variable[i].name, name, length) == 0)
			return project->variable[i].value;
	return NULL;
}

/* "%NAME VALUE" lines at the head of text, which is changed. Returns what follows, or NULL if there is no room. */
static char *take_variables(struct project *project, char *text)
{
	while (*text == '%') {
		char *line = text + 1, *end = line + strcspn(line, "\n");
		text = *end ? end + 1 : end;
		*end = '\0';
		char *value = line + strcspn(line, " ");
		if (*value)
			*value++ = '\0';
		if (!set_variable(project, line, value))
			return NULL;
	}
	return text;
}

/* An @ that begins no variable is an @. */
static void print_text(const struct project *project, const char *text, FILE *out)
{
	while (*text) {
		size_t length = strcspn(text, "@");
		fwrite(text, 1, length, out);
		text += length;
		if (!*text)
			return;
		length = strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		const char *value = text[1 + length] == '@' ? get_variable(project, text + 1, length) : NULL;
		fputs(value ? value : "@", out);
		text += value ? length + 2 : 1;
	}
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static int join_path(char path[PATH_MAX], const char *folder, const char *name, struct why *why)
{
	if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		return explain(why, TENON_EINVAL,
			       "%.80s.../%s: the path has more than %d bytes; choose a shorter folder", folder, name,
			       PATH_MAX - 1);
	return 0;
}

/* What undo_project() removes. */
static int note_made(struct project *project, const char *path, struct why *why)
{
	char *copy = project->count < PROJECT_FILES ? strdup(path) : NULL;
	if (!copy)
		return explain(why, TENON_ENOMEM, "%s: out of memory", path);
	project->made_path[project->count++] = copy;
	return 0;
}

static int make_folder(struct project *project, const char *to, struct why *why)
{
	char path[PATH_MAX];
	int status = join_path(path, project->directory, to, why);
	if (status)
		return status;
	if (mkdir(path, 0777))
		return explain(why, TENON_ESYSTEM, "%s: cannot be made: %s", path, strerror(errno));
	return note_made(project, to, why);
}

/* Closes file whatever happens. */
static int finish_file(FILE *file, const char *path, struct why *why)
{
	bool failed = ferror(file);
	failed |= fclose(file) != 0;
	return failed ? explain(why, TENON_ESYSTEM, "%s: cannot be written: %s", path, strerror(errno)) : 0;
}

/* A script may be run; nothing that is there is written over. */
static int write_file(struct project *project, const char *to, const char *text, struct why *why)
{
	char path[PATH_MAX];
	int status = join_path(path, project->directory, to, why);
	if (status)
		return status;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, strncmp(text, "#!", 2) == 0 ? 0777 : 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return explain(why, TENON_ESYSTEM, "%s: cannot be made: %s", path, strerror(errno));
	status = note_made(project, to, why);
	print_text(project, text, file);
	int written = finish_file(file, path, why);
	return status ? status : written;
}

int write_template(struct project *project, const char *from, const char *to, struct why *why)
{
	struct file file;
	char path[PATH_MAX];
	int status = join_path(path, project->templates, from, why);
	if (!status)
		status = read_file(path, TEMPLATE_MAX, TENON_ESYSTEM, &file, why);
	if (status)
		return status;
	char *text = malloc(file.size + 1), *body = NULL;
	if (text) {
		memcpy(text, file.bytes, file.size);
		text[file.size] = '\0';
		body = take_variables(project, text);
	}
	if (!body)
		status = explain(why, TENON_ENOMEM, "%s: out of memory, or of places for its variables", path);
	else if (*body)
		status = write_file(project, to, body, why);
	free(text);
	free(file.bytes);
	return status;
}

/* ---- Folders ----------------------------------------------------------------------------------------------------- */

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int write_folder(struct project *project, const char *folder, const char *to, int depth, struct why *why);

/* gitignore becomes .gitignore; sources of the project's language take its name for them. */
static void name_target(const struct project *project, const char *to, const char *name, char target[PATH_MAX])
{
	size_t length = strlen(name);
	if (!*to && length > 2 && strcmp(name + length - 2, ".c") == 0)
		snprintf(target, PATH_MAX, "%.*s%s", (int)length - 1, name, get_variable(project, "EXT", 3));
	else
		snprintf(target, PATH_MAX, "%s%s%s", to, strcmp(name, "gitignore") == 0 ? "." : "", name);
}

static int write_entry(struct project *project, const char *from, const char *to, const char *name, int depth,
		       struct why *why)
{
	char source[PATH_MAX], path[PATH_MAX], target[PATH_MAX];
	struct stat file;
	int status = join_path(source, from, name, why);
	if (!status)
		status = join_path(path, project->templates, source, why);
	if (status)
		return status;
	name_target(project, to, name, target);
	if (stat(path, &file) || !S_ISDIR(file.st_mode))
		return write_template(project, source, target, why);
	status = make_folder(project, target, why);
	strcat(target, "/");
	return status ? status : write_folder(project, source, target, depth + 1, why);
}

static int write_folder(struct project *project, const char *folder, const char *to, int depth, struct why *why)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int status = join_path(path, project->templates, folder, why);
	int count = status || depth > 2 ? -1 : scandir(path, &entries, is_visible, alphasort);
	if (!status && count < 0)
		return explain(why, TENON_ESYSTEM,
			       "%s: cannot be read as a folder of templates: %s; make install puts them there, "
			       "TENON_TEMPLATES names another place",
			       path, depth > 2 ? "too deep" : strerror(errno));
	for (int i = 0; i < count; i++) {
		status = status ? status : write_entry(project, folder, to, entries[i]->d_name, depth, why);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int write_templates(struct project *project, const char *folder, struct why *why)
{
	return write_folder(project, folder, "", 0, why);
}

/* ---- The project ------------------------------------------------------------------------------------------------- */

static int count_entries(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, NULL);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	return count < 0 ? -1 : count - 2; /* . and .. */
}

int begin_project(struct project *project, struct why *why)
{
	const char *path = project->directory;
	project->made = mkdir(path, 0777) == 0;
	if (project->made)
		return 0;
	if (errno != EEXIST)
		return explain(why, TENON_ESYSTEM, "%s: cannot be made: %s%s", path, strerror(errno),
			       errno == ENOENT ? "; make the folder that it is to be in first" : "");
	int entries = count_entries(path);
	if (entries < 0)
		return explain(why, TENON_EREFUSED, "%s: is there, and cannot be read as a folder: %s; name a new one",
			       path, strerror(errno));
	if (entries > 0)
		return explain(why, TENON_EREFUSED,
			       "%s: is not empty (%d entries), and nothing is written over; name a new folder, "
			       "or empty this one",
			       path, entries);
	return 0;
}

void undo_project(struct project *project)
{
	char path[PATH_MAX];
	for (size_t i = project->count; i-- > 0;)
		if (!join_path(path, project->directory, project->made_path[i], NULL))
			remove(path);
	if (project->made)
		rmdir(project->directory);
}

void free_project(struct project *project)
{
	for (size_t i = 0; i < project->count; i++)
		free(project->made_path[i]);
	project->count = 0;
}
