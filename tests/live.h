/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the tests of a live runtime share: a configuration file from text, a kernel call whose answer is known, waiting
 * with a deadline, and looking at this process from outside.
 */
#ifndef TESTS_LIVE_H
#define TESTS_LIVE_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

/* BUILD/relative, in a buffer that the next four calls do not touch. */
static inline const char *built(const char *relative)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	const char *top = getenv("top_builddir");
	char *path = paths[next++ % 4];
	snprintf(path, PATH_MAX, "%s/%s", top ? top : ".", relative);
	return path;
}

#define HOOKED_PLUGIN built("tests/plugins/.libs/hooked.so")
#define ODD_PLUGIN built("tests/plugins/.libs/odd.so")
#define FAULTY_PLUGIN built("tests/plugins/.libs/faulty.so")
#define SCALAR_PLUGIN built("backends/.libs/scalar.so")

/* Opens the runtime with a configuration of this text. */
static inline int open_with(const char *text)
{
	char path[] = "/tmp/tenon-test-XXXXXX";
	int file = mkstemp(path);
	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
		return TENON_ESYSTEM;
	close(file);
	int status = tenon_open(path);
	unlink(path);
	return status;
}

static inline int open_quietly(void)
{
	return open_with("[runtime]\nbackend = scalar\n");
}

/* 1*1 + 2*2 + ... + 40*40 */
static inline bool calls_work(void)
{
	float vector[40], score = 0;
	for (int i = 0; i < 40; i++)
		vector[i] = (float)(i + 1);
	const struct tenon_inner_product_args args = {vector, vector, 1, 40, 40, &score};
	return tenon_inner_product(&args) == TENON_OK && score == 22140.0f;
}

static inline struct tenon_status_info get_status(void)
{
	struct tenon_status_info info;
	tenon_status_get(&info);
	return info;
}

static inline bool serves(const char *backend)
{
	char name[32];
	tenon_kernel_backend(TENON_ID_inner_product, name, sizeof name);
	return strcmp(name, backend) == 0;
}

static inline void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Waits until condition holds, at most ten seconds; its value then. */
#define wait_until(condition)                           \
	__extension__({                                 \
		int tries_ = 0;                         \
		while (!(condition) && tries_++ < 5000) \
			sleep_ms(2);                    \
		(condition);                            \
	})

/* Lines of /proc/self/maps with text in them. */
static inline int count_mappings(const char *text)
{
	char line[PATH_MAX + 128];
	int count = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof line, maps))
		count += strstr(line, text) != NULL;
	if (maps)
		fclose(maps);
	return count;
}

static inline int count_entries(const char *path)
{
	int count = 0;
	DIR *list = opendir(path);
	while (list && readdir(list))
		count++;
	if (list)
		closedir(list);
	return count;
}

#endif
