/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A folder of this test's own with INI files in it, in an environment that says nothing of Tenon; and what was said of them.
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/why.h"

static char home[] = "/tmp/tenon-folder-XXXXXX";

static const char *const variables[] = {"TENON_CONFIG",  "TENON_BACKEND",    "TENON_BACKEND_PATH",
					"TENON_MAX_ISA", "TENON_ARENA_SIZE", "TENON_ARENA_OVERFLOW",
					"TENON_LOG"};

static void clear_environment(void)
{
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
}

static int make_home(void **state)
{
	(void)state;
	clear_environment();
	return mkdtemp(home) ? 0 : -1;
}

/* Before each test: an empty folder, an empty environment. */
static int empty_home(void **state)
{
	(void)state;
	char command[128];
	clear_environment();
	snprintf(command, sizeof command, "rm -rf %s/*", home);
	return system(command);
}

static int remove_home(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

static char path[256];

static const char *in_home(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", home, name);
	return path;
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(in_home(name), "wb");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct why why;

static void assert_says(const char *part)
{
	if (!strstr(why.text, part))
		fail_msg("'%s' does not say '%s'", why.text, part);
}

#endif
