/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds and opens inside.so: beside this program in a build tree, else where it was installed. One thread.
 */
#include "bench/inside.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void find_inside(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	path[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) : 0;
	snprintf(path + folder, size - folder, "/inside.so");
	if (access(path, R_OK) != 0)
		snprintf(path, size, "%s/inside.so", BENCH_DIR);
}

const struct inside *open_inside(void)
{
	static const struct inside *inside;
	static bool tried;
	char path[PATH_MAX];
	if (tried)
		return inside;
	tried = true;
	find_inside(path, sizeof path);
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	inside = module ? dlsym(module, "tenon_bench_inside") : NULL;
	if (!inside)
		fprintf(stderr, "tenon bench: nothing inside the runtime is timed: %s; install Tenon whole\n",
			dlerror());
	return inside;
}
