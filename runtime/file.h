/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads whole regular files: opened once, bounded, never blocking on a FIFO or device. The caller frees bytes. Knows
 * nothing of threads.
 */
#ifndef RUNTIME_FILE_H
#define RUNTIME_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "runtime/why.h"

struct file {
	char *bytes;
	size_t size;
	mode_t mode;
	uid_t owner;
};

/*
 * 0, and file->bytes is the caller's to free; TENON_ENOENT if there is no such file, TENON_ENOMEM, or failure for what
 * cannot be read, is no regular file, or is larger than limit. file->bytes is NULL then.
 */
int read_file(const char *path, size_t limit, int failure, struct file *file, struct why *why);

#endif
