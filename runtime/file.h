/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads whole regular files: opened once, bounded, never blocking on a FIFO or device. The caller frees bytes. Knows
 * nothing of threads.
 */
#ifndef RUNTIME_FILE_H
#define RUNTIME_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "runtime/why.h"

/* Which file, in which state. */
struct file_key {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct file_key key_of_file(const struct stat *status);
bool same_key(const struct file_key *a, const struct file_key *b);

/* mode, owner and key are of the very file that was read. */
struct file {
	char *bytes;
	size_t size;
	mode_t mode;
	uid_t owner;
	struct file_key key;
};

/* The largest file that is looked at as a backend. */
#define BACKEND_FILE_MAX ((size_t)64 << 20)

/*
 * 0, and file->bytes is the caller's to free; TENON_ENOENT if there is no such file, TENON_ENOMEM, or failure for what
 * cannot be read, is no regular file, or is larger than limit. file->bytes is NULL then.
 */
int read_file(const char *path, size_t limit, int failure, struct file *file, struct why *why);

#endif
