/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A small world for the tests of the demo: copies of tests/data/wordnet in folders of their own, which tests may
 * damage.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	char data[256];    /* what --data names */
	char wordnet[300]; /* data/wordnet */
	char why[1024];
};

static const char *const world_files[] = {"data.noun",  "data.verb",  "data.adj",  "data.adv",
					  "index.noun", "index.verb", "index.adj", "index.adv"};

static inline char *read_world_file(const char *folder, const char *file)
{
	static char text[16384];
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", folder, file);
	FILE *in = fopen(path, "re");
	assert_non_null(in);
	size_t size = fread(text, 1, sizeof text - 1, in);
	fclose(in);
	text[size] = '\0';
	return text;
}

static inline void write_world_file(const struct world *world, const char *file, const char *text)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", world->wordnet, file);
	FILE *out = fopen(path, "we");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static inline int open_world(void **state)
{
	char source[512];
	static struct world world;
	const char *top = getenv("top_srcdir"), *temporary = getenv("TMPDIR");
	snprintf(source, sizeof source, "%s/tests/data/wordnet", top ? top : ".");
	snprintf(world.data, sizeof world.data, "%s/tenon-world-XXXXXX", temporary ? temporary : "/tmp");
	assert_non_null(mkdtemp(world.data));
	snprintf(world.wordnet, sizeof world.wordnet, "%s/wordnet", world.data);
	assert_int_equal(mkdir(world.wordnet, 0755), 0);
	for (size_t i = 0; i < sizeof world_files / sizeof world_files[0]; i++)
		write_world_file(&world, world_files[i], read_world_file(source, world_files[i]));
	*world.why = '\0';
	*state = &world;
	return 0;
}

static inline int close_world(void **state)
{
	const struct world *world = *state;
	char command[512];
	snprintf(command, sizeof command, "rm -rf '%s'", world->data);
	return system(command);
}

/* Replaces the first `from` in a file of the world, which must be there. */
static inline void change_world(const struct world *world, const char *file, const char *from, const char *to)
{
	static char changed[20000];
	char *text = read_world_file(world->wordnet, file), *at = strstr(text, from);
	assert_non_null(at);
	snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	write_world_file(world, file, changed);
}

#endif
