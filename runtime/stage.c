/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the staging directory of this process: 0700, made at the first load, under $XDG_RUNTIME_DIR or /tmp. A lock on
 * it says that its process lives; whoever makes one removes those whose lock is free. Where mappings from a directory
 * cannot be executed (noexec) the copy is a sealed memfd. Under the runtime's lock, except for unstage().
 */
#include "build.h"

#include "runtime/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STAGE_PREFIX "tenon-stage-"

/* ---- The directory ----------------------------------------------------------------------------------------------- */

static char directory[PATH_MAX - 64]; /* "" until made */
static int directory_lock = -1;
static pid_t directory_owner;

static void remove_directory(int descriptor, const char *path)
{
	DIR *list = fdopendir(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
	if (!list)
		return;
	for (struct dirent *entry; (entry = readdir(list));)
		if (entry->d_name[0] != '.')
			unlinkat(descriptor, entry->d_name, 0);
	closedir(list);
	rmdir(path);
}

/* Removes the directory at path if it is ours and its process is gone. */
static void sweep_directory(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0)
		return;
	struct stat status;
	if (fstat(descriptor, &status) == 0 && status.st_uid == geteuid() && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
		remove_directory(descriptor, path);
	close(descriptor);
}

static void sweep_base(const char *base)
{
	char path[PATH_MAX];
	DIR *list = opendir(base);
	if (!list)
		return;
	for (struct dirent *entry; (entry = readdir(list));)
		if (strncmp(entry->d_name, STAGE_PREFIX, strlen(STAGE_PREFIX)) == 0 &&
		    snprintf(path, sizeof path, "%s/%s", base, entry->d_name) < (int)sizeof path)
			sweep_directory(path);
	closedir(list);
}

/* Makes and locks one; another process's sweep may take a new directory before it is locked: then make another. */
static int make_locked(const char *base)
{
	for (int i = 0; i < 8; i++) {
		if (snprintf(directory, sizeof directory, "%s/" STAGE_PREFIX "%ld-XXXXXX", base, (long)getpid()) >=
		    (int)sizeof directory)
			return ENAMETOOLONG;
		if (!mkdtemp(directory))
			return errno;
		directory_lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct stat status;
		if (directory_lock >= 0 && flock(directory_lock, LOCK_EX) == 0 && fstat(directory_lock, &status) == 0 &&
		    status.st_nlink > 0 && access(directory, F_OK) == 0)
			return 0;
		if (directory_lock >= 0)
			close(directory_lock);
		directory_lock = -1;
		rmdir(directory);
	}
	return EAGAIN;
}

static int make_directory(const char *base, struct why *why)
{
	struct statvfs system;
	int error = 0;
	if (statvfs(base, &system))
		error = errno;
	else if (system.f_flag & ST_NOEXEC)
		return explain(why, TENON_ESYSTEM, "%s is mounted noexec", base);
	if (!error) {
		sweep_base(base);
		error = make_locked(base);
	}
	if (error) {
		directory[0] = '\0';
		return explain(why, TENON_ESYSTEM, "%s: %s", base, strerror(error));
	}
	directory_owner = getpid();
	return TENON_OK;
}

static int find_directory(struct why *why)
{
	if (directory[0] && directory_owner == getpid() && access(directory, W_OK) == 0)
		return TENON_OK;
	forget_stage();
	struct why first = {0};
	const char *base = secure_getenv("XDG_RUNTIME_DIR");
	if (base && base[0] == '/' && make_directory(base, &first) == TENON_OK)
		return TENON_OK;
	struct why second;
	if (make_directory("/tmp", &second) == TENON_OK)
		return TENON_OK;
	return explain(why, TENON_ESYSTEM, "%s%s%s", first.text, first.text[0] ? "; " : "", second.text);
}

void forget_stage(void)
{
	if (directory_lock >= 0)
		close(directory_lock);
	directory_lock = -1;
	directory[0] = '\0';
}

void close_stage(void)
{
	if (directory[0] && directory_owner == getpid() && rmdir(directory) == 0)
		forget_stage();
}

/* A host that ends without tenon_close() leaves nothing behind either. What is mapped stays mapped. */
__attribute__((destructor)) static void remove_stage(void)
{
	if (directory[0] && directory_owner == getpid())
		remove_directory(directory_lock, directory);
}

/* ---- The copy ---------------------------------------------------------------------------------------------------- */

static atomic_uint copies; /* makes each name new */

static int write_exactly(int file, const struct file *source)
{
	for (size_t done = 0; done < source->size;) {
		ssize_t put = write(file, (const char *)source->bytes + done, source->size - done);
		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0)
			done += (size_t)put;
	}
	return 0;
}

static int stage_in_directory(const struct file *source, const char *name, struct staged *staged, struct why *why)
{
	int result = find_directory(why);
	if (result)
		return result;
	snprintf(staged->path, sizeof staged->path, "%s/%.31s-%u.so", directory, name, atomic_fetch_add(&copies, 1));
	int file = open(staged->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	int error = file < 0 ? errno : write_exactly(file, source);
	if (file >= 0)
		close(file);
	if (!error) {
		staged->is_ours = true;
		return TENON_OK;
	}
	if (file >= 0)
		unlink(staged->path);
	return explain(why, TENON_ESYSTEM, "%s: %s", staged->path, strerror(error));
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

static int make_memfd(const char *name)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int file = memfd_create(name, flags | MFD_EXEC);
	return file < 0 && errno == EINVAL ? memfd_create(name, flags) : file;
}

/*
 * Descriptor numbers are reused, and with them the names under /proc/self/fd. The dynamic linker compares names as
 * text, so each copy spells the same directory in another way: a binary number of "/" and "/.".
 */
static void spell_path(char *path, size_t size, int file)
{
	size_t length = (size_t)snprintf(path, size, "/proc/self/fd");
	for (unsigned number = atomic_fetch_add(&copies, 1); number; number /= 2)
		length += (size_t)snprintf(path + length, size - length, number & 1 ? "/." : "/");
	snprintf(path + length, size - length, "/%d", file);
}

static int stage_in_memory(const struct file *source, const char *name, struct staged *staged, struct why *why)
{
	int file = make_memfd(name);
	int error = file < 0 ? errno : write_exactly(file, source);
	if (!error && fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		error = errno;
	if (!error && access("/proc/self/fd", X_OK))
		error = errno;
	if (error) {
		if (file >= 0)
			close(file);
		return explain(why, TENON_ESYSTEM, "memfd: %s", strerror(error));
	}
	staged->descriptor = file;
	spell_path(staged->path, sizeof staged->path, file);
	return TENON_OK;
}

int stage_source(const struct file *source, const char *original, const char *name, const char *mode,
		 struct staged *staged, struct why *why)
{
	*staged = (struct staged){.descriptor = -1};
	if (strcmp(mode, "none") == 0) {
		snprintf(staged->path, sizeof staged->path, "%s", original);
		return TENON_OK;
	}
	struct why first = {0}, second = {0};
	if (strcmp(mode, "memfd") != 0 && stage_in_directory(source, name, staged, &first) == TENON_OK)
		return TENON_OK;
	if (strcmp(mode, "directory") != 0 && stage_in_memory(source, name, staged, &second) == TENON_OK)
		return TENON_OK;
	return explain(why, TENON_ESYSTEM,
		       "%s: no place for a private copy that can be executed: %s%s%s; remedy: "
		       "point XDG_RUNTIME_DIR to a directory of yours that is not noexec",
		       original, first.text, first.text[0] && second.text[0] ? "; " : "", second.text);
}

void close_staged(struct staged *staged)
{
	if (staged->descriptor >= 0)
		close(staged->descriptor);
	staged->descriptor = -1;
}

void unstage(const struct staged *staged)
{
	if (staged->is_ours)
		unlink(staged->path);
}
