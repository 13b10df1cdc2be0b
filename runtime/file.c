/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads whole regular files; see file.h. No state.
 */
#include "runtime/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_key key_of_file(const struct stat *status)
{
	return (struct file_key){status->st_dev, status->st_ino, status->st_size, status->st_mtim, status->st_ctim};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool same_key(const struct file_key *a, const struct file_key *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

/* Reads what fstat() promised; anything else means that somebody is writing right now. */
static int read_bytes(int fd, const char *path, int failure, struct file *file, struct why *why)
{
	size_t done = 0;
	for (;;) {
		ssize_t count = read(fd, file->bytes + done, file->size + 1 - done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return explain(why, failure, "%s: cannot be read: %s", path, strerror(errno));
		done += (size_t)count;
		if (count == 0 && done == file->size)
			return 0;
		if (count == 0 || done > file->size)
			return explain(why, failure,
				       "%s: changed while it was read; write a new file and rename it over the old "
				       "one, then try again",
				       path);
	}
}

static int read_open_file(int fd, const char *path, size_t limit, int failure, struct file *file, struct why *why)
{
	struct stat st;
	if (fstat(fd, &st))
		return explain(why, failure, "%s: fstat: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return explain(why, failure, "%s: is %s, not a regular file", path,
			       S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
	if (st.st_size < 0 || (unsigned long long)st.st_size > limit)
		return explain(why, failure, "%s: has %lld bytes, more than the %zu that it may have", path,
			       (long long)st.st_size, limit);
	file->mode = st.st_mode;
	file->owner = st.st_uid;
	file->key = key_of_file(&st);
	file->size = (size_t)st.st_size;
	file->bytes = malloc(file->size + 1);
	if (!file->bytes)
		return explain(why, TENON_ENOMEM, "%s: no memory for its %zu bytes", path, file->size);
	return read_bytes(fd, path, failure, file, why);
}

int read_file(const char *path, size_t limit, int failure, struct file *file, struct why *why)
{
	memset(file, 0, sizeof *file);
	/* O_NONBLOCK: a FIFO must not hang the host; it is refused a moment later. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return explain(why, errno == ENOENT ? TENON_ENOENT : failure, "%s: cannot be opened: %s", path,
			       strerror(errno));
	int status = read_open_file(fd, path, limit, failure, file, why);
	close(fd);
	if (status) {
		free(file->bytes);
		file->bytes = NULL;
	}
	return status;
}
