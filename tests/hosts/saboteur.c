/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A library to preload into `tenon soak`: it stands in front of libtenon and does the harm that $SABOTAGE names, so that
 * a test can see soak find each kind. Without it a soak that reports zeros proves nothing.
 */
#include "build.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/public.h"

static atomic_uint calls;

static int told_to(const char *what)
{
	const char *sabotage = getenv("SABOTAGE");
	return sabotage && strcmp(sabotage, what) == 0;
}

/* The function behind ours. */
static void find_next(const char *name, void *pointer)
{
	void *next = dlsym(RTLD_NEXT, name);
	memcpy(pointer, &next, sizeof next);
}

/* Only once backends are swapped: before that soak learns the right answers. */
static int now_and_then(const char *what)
{
	static atomic_int opened;
	struct tenon_status_info info;
	if (!told_to(what))
		return 0;
	if (!atomic_load(&opened) && tenon_status_get(&info) == TENON_OK)
		atomic_store(&opened, info.open);
	return atomic_load(&opened) && atomic_fetch_add(&calls, 1) % 64 == 0;
}

TENON_PUBLIC int tenon_inner_product(const struct tenon_inner_product_args *args)
{
	int (*next)(const struct tenon_inner_product_args *args);
	find_next("tenon_inner_product", &next);
	int status = next(args);
	if (now_and_then("wrong"))
		memcpy(args->scores, "bad!", 4);
	return now_and_then("failed") ? TENON_EARENA : status;
}

/* One generation for all tables: two batches that different backends served then claim the same one. */
TENON_PUBLIC int tenon_batch(struct tenon_call *list, size_t count, struct tenon_served *served)
{
	int (*next)(struct tenon_call *list, size_t count, struct tenon_served *served);
	find_next("tenon_batch", &next);
	int status = next(list, count, served);
	if (told_to("mixed"))
		served->generation = 1000000;
	return status;
}

TENON_PUBLIC int tenon_close(void)
{
	int (*next)(void);
	find_next("tenon_close", &next);
	if (told_to("fd"))
		open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (told_to("mapping")) {
		int fd = memfd_create("left", MFD_CLOEXEC);
		if (ftruncate(fd, 4096) == 0)
			mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
	}
	return next();
}

TENON_PUBLIC int tenon_status_get(struct tenon_status_info *info)
{
	int (*next)(struct tenon_status_info *info);
	find_next("tenon_status_get", &next);
	int status = next(info);
	if (told_to("resident"))
		info->images_resident = 1;
	return status;
}

TENON_PUBLIC int tenon_swap(const char *backend, unsigned flags)
{
	int (*next)(const char *backend, unsigned flags);
	find_next("tenon_swap", &next);
	return told_to("swap") ? TENON_EREFUSED : next(backend, flags);
}
