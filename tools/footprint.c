/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading /proc/self/maps and /proc/self/fd, and the difference of two readings. Single-threaded.
 */
#include "build.h"

#include "tools/footprint.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add_line(struct lines *lines, const char *text)
{
	char **larger = realloc(lines->line, (lines->count + 1) * sizeof *larger);
	if (!larger)
		return false;
	lines->line = larger;
	larger[lines->count] = strdup(text);
	return larger[lines->count++] != NULL;
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->line[i]);
	free(lines->line);
	*lines = (struct lines){0};
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool read_mappings(struct lines *lines)
{
	char line[PATH_MAX + 128];
	FILE *stream = fopen("/proc/self/maps", "re");
	bool good = stream != NULL;
	while (good && fgets(line, sizeof line, stream)) {
		char *path = strchr(line, '/');
		line[strcspn(line, "\n")] = '\0';
		good = !path || add_line(lines, path);
	}
	if (stream)
		fclose(stream);
	return good;
}

static bool read_descriptors(struct lines *lines)
{
	DIR *stream = opendir("/proc/self/fd");
	struct dirent *entry;
	bool good = stream != NULL;
	while (good && (entry = readdir(stream))) {
		char target[PATH_MAX], text[PATH_MAX + 300];
		ssize_t length = readlinkat(dirfd(stream), entry->d_name, target, sizeof target - 1);
		if (length < 0 || atoi(entry->d_name) == dirfd(stream))
			continue;
		target[length] = '\0';
		snprintf(text, sizeof text, "%s %s", entry->d_name, target);
		good = add_line(lines, text);
	}
	if (stream)
		closedir(stream);
	return good;
}

bool take_footprint(struct footprint *footprint)
{
	*footprint = (struct footprint){0};
	if (!read_mappings(&footprint->mappings) || !read_descriptors(&footprint->descriptors)) {
		free_footprint(footprint);
		return false;
	}
	struct lines *lists[] = {&footprint->mappings, &footprint->descriptors};
	for (int i = 0; i < 2; i++)
		if (lists[i]->count)
			qsort(lists[i]->line, lists[i]->count, sizeof lists[i]->line[0], compare_lines);
	return true;
}

void free_footprint(struct footprint *footprint)
{
	free_lines(&footprint->mappings);
	free_lines(&footprint->descriptors);
}

size_t count_new(const struct lines *before, const struct lines *after, const char **first)
{
	size_t i = 0, count = 0;
	*first = "";
	for (size_t j = 0; j < after->count; j++) {
		while (i < before->count && strcmp(before->line[i], after->line[j]) < 0)
			i++;
		if (i < before->count && strcmp(before->line[i], after->line[j]) == 0) {
			i++;
			continue;
		}
		if (count++ == 0)
			*first = after->line[j];
	}
	return count;
}
