/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds backend files and chooses among them. Each file is read once and vetted; nothing of it runs. No state, no
 * threads: anyone may call, but not from a kernel call.
 */
#include "build.h"

#include "runtime/find.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/file.h"
#include "runtime/trust.h"

/* What auto may choose without being told; scalar is always there. */
static const char *const shipped[] = {"avx512", "avx2", "neon"};
#define SHIPPED_COUNT (sizeof shipped / sizeof shipped[0])

/* ---- One file ---------------------------------------------------------------------------------------------------- */

/* The rules about the file as such; vetting has those about what is in it. */
struct examination {
	const struct config *config;
	const char *name; /* that the file must have, NULL for any */
	vet_observer *observer;
	void *user;
	struct candidate *out;
};

static void observe(const struct examination *e, const char *rule, int verdict, const char *text)
{
	if (e->observer)
		e->observer(e->user, rule, verdict, text);
}

/* A refusal before or after vetting wins over what vetting said, except over a refusal. */
static void judge(const struct examination *e, const char *rule, const char *demand, const struct why *refusal)
{
	struct candidate *out = e->out;
	observe(e, rule, refusal ? TENON_EREFUSED : 0, refusal ? refusal->text : demand);
	if (!refusal || out->status == TENON_EREFUSED)
		return;
	out->status = TENON_EREFUSED;
	out->why = *refusal;
}

static void judge_name(const struct examination *e)
{
	struct why why;
	const char *noted = e->out->vetted.name;
	if (!e->name)
		return;
	if (!is_backend_name(e->name))
		explain(&why, TENON_EREFUSED, "%s: no backend may have this name; use " BACKEND_NAME_RULE,
			e->out->path);
	else if (*noted && strcmp(noted, e->name) != 0)
		explain(&why, TENON_EREFUSED, "%s: its note says that it is %s; rename it to %s.so", e->out->path,
			noted, noted);
	else
		why.status = 0;
	judge(e, "file-name", "the file named as its note says", why.status ? &why : NULL);
}

static void judge_mode(const struct examination *e, const struct file *file)
{
	struct why why;
	if (file->mode & S_IWOTH)
		explain(&why, TENON_EREFUSED, "%s: anyone may write to it; run: chmod o-w '%s'", e->out->path,
			e->out->path);
	judge(e, "permissions", "not writable by everyone", file->mode & S_IWOTH ? &why : NULL);
}

static void judge_owner(const struct examination *e, const struct file *file)
{
	struct why *distrust = &e->out->distrust;
	distrust->status = check_trust(e->out->path, file->owner, file->mode, &e->config->trusted_owners, distrust);
	observe(e, "ownership", distrust->status ? VET_WARNED : 0,
		distrust->status ? distrust->text : "nobody could change it but root, we, and whom we trust");
}

/* All rules are judged whatever the first says, so that name and version can be shown and remedies come at once. */
static void examine_file(const struct examination *e, const struct cpu *cpu)
{
	struct candidate *out = e->out;
	struct file file;
	out->status = read_file(out->path, BACKEND_FILE_MAX, TENON_EREFUSED, &file, &out->why);
	observe(e, "file", out->status, out->status ? out->why.text : "a regular file that we may read");
	if (out->status)
		return;
	judge_mode(e, &file);
	judge_owner(e, &file);
	struct why why;
	int status = vet_every_rule(file.bytes, file.size, out->path, cpu, &out->vetted, e->observer, e->user, &why);
	if (status && !out->status) {
		out->status = status;
		out->why = why;
	}
	judge_name(e);
	free(file.bytes);
}

int examine_every_rule(const struct config *config, const struct cpu *cpu, const char *path, const char *name,
		       vet_observer *observer, void *user, struct candidate *out)
{
	struct examination examination = {config, name, observer, user, out};
	memset(out, 0, sizeof *out);
	if (snprintf(out->path, sizeof out->path, "%s", path) >= (int)sizeof out->path)
		out->status = explain(&out->why, TENON_EREFUSED, "a path of %zu bytes is longer than paths may be",
				      strlen(path));
	else
		examine_file(&examination, cpu);
	snprintf(out->name, sizeof out->name, "%s", name ? name : out->vetted.name);
	out->rank = (int)rank_needs(out->vetted.needs);
	return out->status;
}

int examine_backend(const struct config *config, const struct cpu *cpu, const char *path, struct candidate *out)
{
	return examine_every_rule(config, cpu, path, NULL, NULL, NULL, out);
}

static int examine_named(const struct config *config, const struct cpu *cpu, const char *directory, const char *name,
			 struct candidate *out)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/%s.so", directory, name);
	return examine_every_rule(config, cpu, path, name, NULL, NULL, out);
}

static void describe_scalar(struct candidate *out)
{
	memset(out, 0, sizeof *out);
	snprintf(out->name, sizeof out->name, "scalar");
	snprintf(out->vetted.name, sizeof out->vetted.name, "scalar");
	snprintf(out->vetted.version, sizeof out->vetted.version, "%s", PACKAGE_VERSION);
	snprintf(out->vetted.vendor, sizeof out->vetted.vendor, "Tenon");
	out->vetted.abi_min = TENON_ABI_OLDEST;
	out->vetted.abi_max = TENON_ABI_CURRENT;
}

/* ---- Directories ------------------------------------------------------------------------------------------------- */

bool backend_directory(const struct config *config, size_t index, char directory[PATH_MAX])
{
	for (const char *at = config->backend_path; *at; at += *at == ':') {
		size_t length = strcspn(at, ":");
		if (index-- == 0) {
			snprintf(directory, PATH_MAX, "%.*s", (int)length, at);
			return true;
		}
		at += length;
	}
	if (index == 0)
		snprintf(directory, PATH_MAX, "%s", TENON_BACKENDDIR);
	return index == 0;
}

static int is_plugin(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

/* By bytes: alphasort() would make the order depend on the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_listed(const struct candidate *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

/* Adds the backends of one directory. A directory that is not there is fine: most machines have but one of them. */
static int add_directory(const struct config *config, const struct cpu *cpu, const char *directory,
			 struct candidate **list, size_t *count, struct why *why)
{
	struct dirent **entries;
	int found = scandir(directory, &entries, is_plugin, compare_entries);
	if (found < 0 && errno == ENOMEM)
		return explain(why, TENON_ENOMEM, "%s: no memory to list it", directory);
	if (found < 0 && errno != ENOENT && why && !*why->text)
		explain(why, 0, "%s: passed over: %s", directory, strerror(errno));
	if (found < 0)
		return 0;
	struct candidate *grown = realloc(*list, (*count + (size_t)found + 1) * sizeof *grown);
	if (grown)
		*list = grown;
	for (int i = 0; i < found; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 3] = '\0';
		if (grown && !is_listed(grown, *count, entries[i]->d_name))
			examine_named(config, cpu, directory, entries[i]->d_name, &grown[(*count)++]);
		free(entries[i]);
	}
	free(entries);
	return grown ? 0 : explain(why, TENON_ENOMEM, "no memory for the list of backends");
}

int find_backends(const struct config *config, const struct cpu *cpu, struct candidate **list, size_t *count,
		  struct why *why)
{
	char directory[PATH_MAX];
	explain(why, 0, "%s", "");
	*count = 1;
	*list = malloc(sizeof **list);
	if (!*list)
		return explain(why, TENON_ENOMEM, "no memory for the list of backends");
	describe_scalar(*list);
	int status = 0;
	for (size_t i = 0; status == 0 && backend_directory(config, i, directory); i++)
		status = add_directory(config, cpu, directory, list, count, why);
	if (status) {
		free(*list);
		*list = NULL;
	}
	return status;
}

/* ---- Choosing ---------------------------------------------------------------------------------------------------- */

/* For loading, what is not trusted is refused. */
static int harden(struct candidate *out)
{
	if (out->status != TENON_OK || out->distrust.status == TENON_OK)
		return out->status;
	out->why = out->distrust;
	return out->status = out->distrust.status;
}

/* The first file of that name; TENON_ENOENT, with out->status the same, if no directory has one. */
static int find_named(const struct config *config, const struct cpu *cpu, const char *name, struct candidate *out)
{
	char directory[PATH_MAX];
	out->status = TENON_ENOENT;
	for (size_t i = 0; out->status == TENON_ENOENT && backend_directory(config, i, directory); i++)
		examine_named(config, cpu, directory, name, out);
	return harden(out);
}

/* Appends to text[size], which is cut when full. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list list;
	va_start(list, format);
	vsnprintf(text + used, size - used, format, list);
	va_end(list);
}

static int explain_unknown(const struct config *config, const struct cpu *cpu, const char *name, struct why *why)
{
	char names[256] = "", directories[256] = "", directory[PATH_MAX];
	struct candidate *list;
	size_t count;
	if (find_backends(config, cpu, &list, &count, NULL))
		count = 0, list = NULL;
	for (size_t i = 0; i < count; i++)
		append(names, sizeof names, "%s%s", i ? ", " : "", list[i].name);
	free(list);
	for (size_t i = 0; backend_directory(config, i, directory); i++)
		append(directories, sizeof directories, "%s%s", i ? ", " : "", directory);
	return explain(why, TENON_ENOENT,
		       "there is no backend '%.40s'; there are %s (auto takes the best); looked for %.40s.so in "
		       "%s",
		       name, names, name, directories);
}

/* The index-th name that auto may choose, shipped ones first; false beyond the last. */
static bool auto_name(const struct config *config, size_t index, char name[BACKEND_NAME_SIZE])
{
	if (index < SHIPPED_COUNT) {
		snprintf(name, BACKEND_NAME_SIZE, "%s", shipped[index]);
		return true;
	}
	index -= SHIPPED_COUNT;
	for (const char *at = config->allow; *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		if (index-- == 0) {
			snprintf(name, BACKEND_NAME_SIZE, "%.*s", (int)length, at);
			return true;
		}
		at += length;
	}
	return false;
}

bool auto_may_choose(const struct config *config, const char *name)
{
	char allowed[BACKEND_NAME_SIZE];
	for (size_t i = 0; auto_name(config, i, allowed); i++)
		if (strcmp(allowed, name) == 0)
			return true;
	return strcmp(name, "scalar") == 0;
}

bool is_shipped(const struct candidate *candidate)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < SHIPPED_COUNT; i++) {
		snprintf(path, sizeof path, "%s/%s.so", TENON_BACKENDDIR, shipped[i]);
		if (strcmp(path, candidate->path) == 0)
			return true;
	}
	return false;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	return a->rank != b->rank ? a->rank > b->rank : strcmp(a->name, b->name) < 0;
}

static int resolve_auto(const struct config *config, const struct cpu *cpu, struct candidate *out, struct why *why)
{
	char name[BACKEND_NAME_SIZE];
	struct candidate *other = malloc(sizeof *other); /* too large for a host's small thread stack */
	if (!other)
		return explain(why, TENON_ENOMEM, "no memory to choose a backend");
	describe_scalar(out);
	for (size_t i = 0; auto_name(config, i, name); i++) {
		int status = find_named(config, cpu, name, other);
		if (status == 0 && (!*out->path || is_better(other, out)))
			*out = *other;
		else if (status == TENON_EREFUSED && why && !*why->text)
			explain(why, 0, "auto passed over %s: %s", name, other->why.text);
	}
	free(other);
	return 0;
}

int resolve_backend(const struct config *config, const struct cpu *cpu, const char *name, struct candidate *out,
		    struct why *why)
{
	explain(why, 0, "%s", "");
	if (strcmp(name, "auto") == 0)
		return resolve_auto(config, cpu, out, why);
	if (strcmp(name, "scalar") == 0) {
		describe_scalar(out);
		return 0;
	}
	int status;
	if (strchr(name, '/'))
		status = examine_backend(config, cpu, name, out) ? out->status : harden(out);
	else if (!is_backend_name(name) || find_named(config, cpu, name, out) == TENON_ENOENT)
		return explain_unknown(config, cpu, name, why);
	else
		status = out->status;
	return status ? explain(why, status, "%s", out->why.text) : 0;
}
