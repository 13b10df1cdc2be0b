/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walks the paths of a configuration's layers; see places.h. A file may be replaced at any component of its path: by a
 * rename of the file, of a directory, or of a link on the way, as ConfigMap mounts do. No state, no threads.
 */
#include "runtime/places.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

/* ---- The list ---------------------------------------------------------------------------------------------------- */

static struct place *find_place(const struct places *places, const char *path, const char *name)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->list[i].path, path) == 0 && strcmp(places->list[i].name, name) == 0)
			return &places->list[i];
	return NULL;
}

/* The place, which is there from now on; NULL when memory is short. */
static struct place *add_place(struct places *places, const char *path, const char *name)
{
	struct place *place = find_place(places, path, name);
	if (place)
		return place;
	if (places->count == places->room) {
		size_t room = places->room ? 2 * places->room : 16;
		struct place *list = realloc(places->list, room * sizeof *list);
		if (!list)
			return NULL;
		places->list = list;
		places->room = room;
	}
	char *copy = strdup(path);
	if (!copy)
		return NULL;
	place = &places->list[places->count++];
	*place = (struct place){.path = copy, .watch = -1};
	snprintf(place->name, sizeof place->name, "%s", name);
	return place;
}

void free_places(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->list[i].path);
	free(places->list);
	*places = (struct places){NULL, 0, 0};
}

/* ---- One path ---------------------------------------------------------------------------------------------------- */

/* A walk along a path: what is behind us, without links and without a last slash, and what is ahead. */
struct walk {
	struct places *places;
	char behind[PATH_MAX], ahead[2 * PATH_MAX];
	int links;
	bool is_lost; /* memory, or a path that is too long */
};

/* Takes the next component from ahead; false at the end. */
static bool take_component(struct walk *walk, char name[NAME_MAX + 1])
{
	char *start = walk->ahead + strspn(walk->ahead, "/");
	size_t length = strcspn(start, "/");
	if (length > NAME_MAX)
		walk->is_lost = true;
	if (!length || length > NAME_MAX)
		return false;
	memcpy(name, start, length);
	name[length] = '\0';
	memmove(walk->ahead, start + length, strlen(start + length) + 1);
	return true;
}

static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->behind, '/');
	if (slash)
		*slash = '\0';
}

/* The link's target takes its place in the path. */
static bool follow_link(struct walk *walk, const char *link)
{
	char target[PATH_MAX], rest[sizeof walk->ahead];
	ssize_t length = readlink(link, target, sizeof target - 1);
	if (length < 0 || ++walk->links > LINKS_MAX)
		return false;
	target[length] = '\0';
	memcpy(rest, walk->ahead, sizeof rest);
	int whole = snprintf(walk->ahead, sizeof walk->ahead, "%s/%s", target, rest);
	walk->is_lost = whole >= (int)sizeof walk->ahead;
	if (*target == '/')
		walk->behind[0] = '\0';
	return !walk->is_lost;
}

/* One step; false where the path ends, or leads no further. */
static bool step(struct walk *walk, struct stat *status)
{
	char name[NAME_MAX + 1], path[PATH_MAX];
	if (!take_component(walk, name))
		return false;
	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		go_up(walk);
		return true;
	}
	struct place *place = add_place(walk->places, *walk->behind ? walk->behind : "/", name);
	if (!place || snprintf(path, sizeof path, "%s/%s", walk->behind, name) >= (int)sizeof path) {
		walk->is_lost = true;
		return false;
	}
	bool found = lstat(path, status) == 0;
	place->is_vital |= !found || !S_ISDIR(status->st_mode);
	if (!found)
		return false;
	if (S_ISLNK(status->st_mode))
		return follow_link(walk, path);
	memcpy(walk->behind, path, sizeof path);
	return true;
}

static bool add_file(struct places *places, const char *path)
{
	struct place *place = add_place(places, path, "");
	if (place)
		place->is_file = place->is_vital = true;
	return place;
}

/* True, and the path without links in real, unless memory is short or the path too long; "" if it leads nowhere. */
static bool follow_path(struct places *places, const char *path, char real[PATH_MAX])
{
	struct walk *walk = calloc(1, sizeof *walk); /* too large for a small stack */
	struct stat status = {.st_mode = 0};
	if (!walk)
		return false;
	walk->places = places;
	snprintf(walk->ahead, sizeof walk->ahead, "%s", path);
	while (step(walk, &status))
		;
	bool found = !walk->is_lost && !walk->ahead[strspn(walk->ahead, "/")] && lstat(walk->behind, &status) == 0;
	snprintf(real, PATH_MAX, "%s", found ? walk->behind : "");
	bool good = !walk->is_lost && (!found || !S_ISREG(status.st_mode) || add_file(places, walk->behind));
	free(walk);
	return good;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

static bool follow_directory(struct places *places, const char *path)
{
	char real[PATH_MAX], entry[PATH_MAX + NAME_MAX + 1], unused[PATH_MAX];
	bool good = follow_path(places, path, real);
	if (!good || !*real)
		return good;
	struct place *place = add_place(places, real, "");
	if (!place)
		return false;
	place->is_vital = true;
	DIR *list = opendir(real);
	for (struct dirent *found; good && list && (found = readdir(list)) != NULL;)
		if (is_layer_name(found->d_name)) {
			snprintf(entry, sizeof entry, "%s/%s", real, found->d_name);
			good = follow_path(places, entry, unused);
		}
	if (list)
		closedir(list);
	return good;
}

bool find_places(const struct config *config, struct places *places)
{
	char path[PATH_MAX], unused[PATH_MAX];
	bool is_directory, good = true;
	*places = (struct places){NULL, 0, 0};
	for (size_t i = 0; good && config_layer(config, i, path, &is_directory); i++)
		if (*path)
			good = is_directory ? follow_directory(places, path) : follow_path(places, path, unused);
	return good;
}

/* ---- Looking ----------------------------------------------------------------------------------------------------- */

static void mix(struct look *look, uint64_t value)
{
	look->hash = (look->hash ^ value) * 0x9e3779b97f4a7c15;
	look->hash ^= look->hash >> 29;
}

/* By its name alone: a path may be relative before the configuration is read, and is absolute afterwards. */
static void look_at_file(struct look *look, const char *path)
{
	struct stat status;
	const char *slash = strrchr(path, '/');
	for (const char *c = slash ? slash + 1 : path; *c; c++)
		mix(look, (unsigned char)*c);
	if (stat(path, &status)) {
		mix(look, (uint64_t)errno);
		return;
	}
	const uint64_t facts[] = {status.st_dev,
				  status.st_ino,
				  (uint64_t)status.st_size,
				  status.st_mode,
				  status.st_uid,
				  (uint64_t)status.st_mtim.tv_sec,
				  (uint64_t)status.st_mtim.tv_nsec,
				  (uint64_t)status.st_ctim.tv_sec,
				  (uint64_t)status.st_ctim.tv_nsec};
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		mix(look, facts[i]);
	int64_t changed = (int64_t)status.st_ctim.tv_sec * 1000 + status.st_ctim.tv_nsec / 1000000;
	if (changed > look->newest_ms)
		look->newest_ms = changed;
	look->files++;
}

/* Sums, because the order in which a directory lists its entries says nothing. */
static void look_at_directory(struct look *look, const char *path)
{
	char entry[PATH_MAX + NAME_MAX + 1];
	uint64_t sum = 0;
	DIR *list = opendir(path);
	mix(look, list ? 0 : (uint64_t)errno);
	for (struct dirent *found; list && (found = readdir(list)) != NULL;) {
		struct look one = {.files = 0};
		if (!is_layer_name(found->d_name))
			continue;
		snprintf(entry, sizeof entry, "%s/%s", path, found->d_name);
		look_at_file(&one, entry);
		sum += one.hash;
		look->files += one.files;
		if (one.newest_ms > look->newest_ms)
			look->newest_ms = one.newest_ms;
	}
	mix(look, sum);
	if (list)
		closedir(list);
}

void look_at_layers(const struct config *config, struct look *look)
{
	char path[PATH_MAX];
	bool is_directory;
	*look = (struct look){.hash = 1};
	for (size_t i = 0; config_layer(config, i, path, &is_directory); i++) {
		if (is_directory)
			look_at_directory(look, path);
		else if (*path)
			look_at_file(look, path);
	}
}
