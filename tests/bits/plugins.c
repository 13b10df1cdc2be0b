/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening the plugins of a folder; see plugins.h.
 */
#include "tests/bits/plugins.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/find.h"

/* Opens the file if it is one that this CPU can run. */
static void consider_file(const char *folder, const char *name, const struct cpu *cpu, struct plugin *plugin)
{
	static struct config config;
	struct candidate file;
	struct subject subject;
	char path[PATH_MAX];
	default_config(&config);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	*plugin = (struct plugin){.status = examine_backend(&config, cpu, path, &file)};
	plugin->why = file.why;
	snprintf(plugin->name, sizeof plugin->name, "%s", *file.vetted.name ? file.vetted.name : name);
	if (!plugin->status)
		plugin->status = open_subject(path, &subject, &plugin->why);
	plugin->backend = plugin->status ? NULL : subject.backend;
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
