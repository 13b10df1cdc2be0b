/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening plugins; see plugins.h.
 */
#include "tests/bits/plugins.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/find.h"

static int open_plugin(const char *path, struct plugin *plugin)
{
	static const struct tenon_services services = {sizeof services, TENON_ABI_OLDEST, TENON_ABI_CURRENT, 0, "tests"};
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	tenon_backend_entry_fn *entry = NULL;
	if (handle)
		*(void **)&entry = dlsym(handle, "tenon_backend_entry");
	if (!entry)
		return explain(&plugin->why, TENON_EREFUSED, "%s", dlerror());
	plugin->backend = entry(&services);
	return plugin->backend ? 0 : explain(&plugin->why, TENON_EREFUSED, "%s: declined", path);
}

/* Opens the file if it is one that this CPU can run. */
static void consider_file(const char *folder, const char *name, const struct cpu *cpu, struct plugin *plugin)
{
	static struct config config;
	struct candidate file;
	char path[PATH_MAX];
	default_config(&config);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	*plugin = (struct plugin){.status = examine_backend(&config, cpu, path, &file)};
	plugin->why = file.why;
	snprintf(plugin->name, sizeof plugin->name, "%s", *file.vetted.name ? file.vetted.name : name);
	if (!plugin->status)
		plugin->status = open_plugin(path, plugin);
}

static int is_shared_object(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int open_plugins(const char *folder, const struct cpu *cpu, struct plugin list[PLUGIN_LIMIT])
{
	struct dirent **entries;
	int found = folder ? scandir(folder, &entries, is_shared_object, by_name) : -1, opened = 0;
	for (int i = 0; i < found; i++) {
		if (opened < PLUGIN_LIMIT)
			consider_file(folder, entries[i]->d_name, cpu, &list[opened++]);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	return found < 0 ? -1 : opened;
}
