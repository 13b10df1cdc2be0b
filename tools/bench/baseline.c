/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Baselines on disk; bench.h says what they are. Plugins are copied before the JSON that names them is put in place, so
 * that a baseline is whole or not there. Main thread of the tool only. No state.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/file.h"
#include "runtime/load.h"
#include "tools/bench/bench.h"

#define SCHEMA "tenon.bench-baseline/1"

#ifdef HAVE_JANSSON

/* ---- Key --------------------------------------------------------------------------------------------------------- */

static const char *const key_names[] = {"cpu", "compiler", "flags"};
enum { KEYS = sizeof key_names / sizeof key_names[0] };

static const char *key_value(const struct environment *e, int i)
{
	const char *const values[KEYS] = {e->cpu, e->compiler, e->flags};
	return values[i];
}

/* The baseline's object, or NULL with the reason and the remedy in text. */
static json_t *read_baseline(const struct wishes *w, char *text, size_t size)
{
	json_error_t error;
	json_t *object = json_load_file(w->baseline, 0, &error);
	const char *schema = json_string_value(json_object_get(object, "schema"));
	if (!object && access(w->baseline, F_OK) != 0)
		snprintf(text, size, "there is no baseline %s; record one with --record %s", w->baseline, w->baseline);
	else if (!object)
		snprintf(text, size, "the baseline %s, line %d: %s; record it again", w->baseline, error.line,
			 error.text);
	else if (!schema || strcmp(schema, SCHEMA) != 0)
		snprintf(text, size, "%s is no baseline: its schema is '%s', not %s", w->baseline, schema ? schema : "",
			 SCHEMA);
	else {
		for (int i = 0; i < KEYS; i++) {
			const json_t *key = json_object_get(object, "key");
			const char *was = json_string_value(json_object_get(key, key_names[i]));
			if (was && strcmp(was, key_value(&w->environment, i)) == 0)
				continue;
			snprintf(text, size,
				 "the baseline %s is of %s '%s', here it is '%s', so nothing can be "
				 "compared; record one here with --record FILE",
				 w->baseline, key_names[i], was ? was : "", key_value(&w->environment, i));
			json_decref(object);
			return NULL;
		}
		return object;
	}
	json_decref(object);
	return NULL;
}

bool has_baseline(const struct wishes *w)
{
	char text[1024];
	json_t *object = read_baseline(w, text, sizeof text);
	json_decref(object);
	return object != NULL;
}

/* ---- Recording --------------------------------------------------------------------------------------------------- */

static bool write_whole(const char *path, const void *bytes, size_t size)
{
	char temporary[PATH_MAX + 16];
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	FILE *out = fopen(temporary, "we");
	bool good = out && fwrite(bytes, 1, size, out) == size;
	good = out && fclose(out) == 0 && good;
	if (good && rename(temporary, path) == 0)
		return true;
	if (out)
		unlink(temporary);
	return false;
}

static int copy_plugin(struct tool *tool, const struct backend *backend, const char *path)
{
	struct file file;
	struct why why;
	if (read_file(backend->candidate.path, BACKEND_FILE_MAX, TENON_EREFUSED, &file, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	bool good = write_whole(path, file.bytes, file.size);
	free(file.bytes);
	return good ? EXIT_DONE : fail(tool, EXIT_USAGE, "cannot write %s: %s", path, strerror(errno));
}

static int copy_plugins(struct tool *tool, const struct wishes *w, json_t *plugins)
{
	char folder[PATH_MAX], path[PATH_MAX + 64];
	snprintf(folder, sizeof folder, "%s.d", w->record);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return fail(tool, EXIT_USAGE, "cannot create %s: %s", folder, strerror(errno));
	for (size_t i = 1; i < backend_count; i++) {
		const struct candidate *c = &backends[i].candidate;
		snprintf(path, sizeof path, "%s/%s.so", folder, c->name);
		int code = copy_plugin(tool, &backends[i], path);
		if (code)
			return code;
		json_array_append_new(
			plugins, json_pack("{s:s, s:s}", "name", c->name, "build_id", backends[i].image->build_id));
	}
	return EXIT_DONE;
}

int record_baseline(struct tool *tool, const struct wishes *w)
{
	json_t *plugins = json_array(), *key = json_object();
	int code = copy_plugins(tool, w, plugins);
	for (int i = 0; i < KEYS; i++)
		json_object_set_new(key, key_names[i], json_string(key_value(&w->environment, i)));
	json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "schema", SCHEMA, "tenon_version", PACKAGE_VERSION, "key",
				   key, "plugins", plugins);
	json_t *report = report_as_json(w);
	json_object_update(object, report);
	char *text = json_dumps(object, JSON_INDENT(1));
	if (!code && (!text || !write_whole(w->record, text, strlen(text))))
		code = fail(tool, EXIT_USAGE, "--record: cannot write %s: %s", w->record, strerror(errno));
	free(text);
	json_decref(report);
	json_decref(object);
	return code;
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static int open_plugin(struct tool *tool, const struct wishes *w, const json_t *plugin, struct backend *old)
{
	char path[PATH_MAX];
	struct why why;
	const char *name = json_string_value(json_object_get(plugin, "name"));
	const char *build_id = json_string_value(json_object_get(plugin, "build_id"));
	/* resolve_backend() takes only what has a slash for a path */
	snprintf(path, sizeof path, "%s%s.d/%s.so", w->baseline[0] == '/' ? "" : "./", w->baseline, name ? name : "");
	if (!load_backend(w->cpu, path, old, &why))
		return fail(tool, EXIT_REFUSED, "the baseline's plugin %s: %s; record the baseline again", path,
			    why.text);
	if (!build_id || strcmp(build_id, old->image->build_id) != 0)
		return fail(tool, EXIT_REFUSED,
			    "%s is not the plugin that the baseline was recorded with; record it "
			    "again",
			    path);
	return EXIT_DONE;
}

int open_baseline(struct tool *tool, const struct wishes *w, struct backend old[BACKENDS_MAX], size_t *count)
{
	char text[1024];
	int code = EXIT_DONE;
	*count = 0;
	json_t *object = read_baseline(w, text, sizeof text), *plugins = json_object_get(object, "plugins");
	if (!object)
		return fail(tool, EXIT_USAGE, "%s", text);
	for (size_t i = 0; i < json_array_size(plugins) && *count < BACKENDS_MAX && !code; i++) {
		const json_t *plugin = json_array_get(plugins, i);
		const char *name = json_string_value(json_object_get(plugin, "name"));
		if (is_listed(plan.backends, name ? name : ""))
			code = open_plugin(tool, w, plugin, &old[(*count)++]);
	}
	json_decref(object);
	return code;
}
#else
static const char missing[] = "baselines need JSON: built without jansson; install libjansson-dev and build again";

bool has_baseline(const struct wishes *w)
{
	(void)w;
	return true;
}

int record_baseline(struct tool *tool, const struct wishes *w)
{
	(void)w;
	return fail(tool, EXIT_USAGE, "%s", missing);
}

int open_baseline(struct tool *tool, const struct wishes *w, struct backend old[BACKENDS_MAX], size_t *count)
{
	(void)w;
	(void)old;
	*count = 0;
	return fail(tool, EXIT_USAGE, "%s", missing);
}
#endif
