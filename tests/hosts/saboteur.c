/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A library to preload into `tenon soak`: it stands in front of libtenon and does the harm that $SABOTAGE names, so that
 * a test can see soak find each kind. Without it a soak that reports zeros proves nothing.
 */
#undef _FORTIFY_SOURCE /* with it recv() is an inline function, which cannot be replaced here */
#include "build.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/public.h"
#include "tests/plugins/turncoat.h"

static atomic_uint calls;
static pid_t process;

__attribute__((constructor)) static void note_process(void)
{
	process = getpid();
}

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
static int is_open(void)
{
	static atomic_int opened;
	struct tenon_status_info info;
	if (!atomic_load(&opened) && tenon_status_get(&info) == TENON_OK)
		atomic_store(&opened, info.open);
	return atomic_load(&opened);
}

static int now_and_then(const char *what)
{
	return told_to(what) && is_open() && atomic_fetch_add(&calls, 1) % 64 == 0;
}

TENON_PUBLIC int tenon_inner_product(const struct tenon_inner_product_args *args)
{
	int (*next)(const struct tenon_inner_product_args *args);
	find_next("tenon_inner_product", &next);
	int status = next(args);
	if (told_to("child") && getpid() != process)
		memcpy(args->scores, "bad!", 4);
	if (told_to("signal") && args->dim == 8 && args->count == 1) /* the handler's call */
		memcpy(args->scores, "bad!", 4);
	if (told_to("probation") && args->dim == BETRAYED_DIM && args->count == BETRAYED_COUNT &&
	    args->query[0] == BETRAYED_FIRST && is_open())
		memcpy(args->scores, "bad!", 4);
	if (now_and_then("wrong"))
		memcpy(args->scores, "bad!", 4);
	return now_and_then("failed") ? TENON_EARENA : status;
}

/* One generation for all tables: two batches that different backends served then claim the same one. */
TENON_PUBLIC int tenon_batch(struct tenon_call *list, size_t count, struct tenon_served *served)
{
	int (*next)(struct tenon_call * list, size_t count, struct tenon_served * served);
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
	int (*next)(struct tenon_status_info * info);
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
	if (told_to("fault") && strstr(backend, "/bad.so"))
		return TENON_OK;
	if (told_to("proof") && strstr(backend, "/crashing/"))
		return TENON_OK;
	return told_to("swap") ? TENON_EREFUSED : next(backend, flags);
}

TENON_PUBLIC const char *tenon_error_detail(void)
{
	const char *(*next)(void);
	find_next("tenon_error_detail", &next);
	return told_to("silence") ? "" : next();
}

TENON_PUBLIC int tenon_reload(void)
{
	int (*next)(void);
	find_next("tenon_reload", &next);
	int status = next();
	return told_to("reload") ? TENON_OK : status;
}

/* Words of one length, so that the rest of the answer stays where it is. */
static void forge(char *bytes, size_t size, const char *word, const char *other)
{
	char *at = memmem(bytes, size, word, strlen(word));
	if (at)
		memcpy(at, other, strlen(other));
}

static void forge_answer(char *bytes, ssize_t got)
{
	if (got <= 0)
		return;
	if (told_to("promoted"))
		forge(bytes, (size_t)got, "rollout=rolled-back", "rollout=promoted -a");
	if (told_to("free"))
		forge(bytes, (size_t)got, "quarantined=", "quarantine_=");
	if (told_to("blamed"))
		forge(bytes, (size_t)got, "rollout=promoted", "rollout=withdrew");
	if (told_to("unpaused"))
		forge(bytes, (size_t)got, "rollout=paused", "rollout=canary");
}

/* Answers of the control socket. */
TENON_PUBLIC ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	ssize_t (*next)(int fd, void *bytes, size_t size, int flags);
	find_next("recv", &next);
	ssize_t got = next(fd, bytes, size, flags);
	forge_answer(bytes, got);
	return got;
}

/* The same, where the tool is built with _FORTIFY_SOURCE. */
TENON_PUBLIC ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);
TENON_PUBLIC ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags)
{
	ssize_t (*next)(int fd, void *bytes, size_t size, size_t room, int flags);
	find_next("__recv_chk", &next);
	ssize_t got = next(fd, bytes, size, room, flags);
	forge_answer(bytes, got);
	return got;
}
