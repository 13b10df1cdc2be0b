/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding the state directory, and changing its files so that neither a crash nor another process can spoil them; see
 * state.h. No threads, no memory of earlier calls.
 */
#include "build.h"

#include "runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/trust.h"

#define STATE_FILE_MAX ((size_t)1 << 20)
#define STATE_DEFAULT "/var/lib/tenon"
#define LOCK_TRIES 50 /* of 10 ms */

/* ---- The directory ---------------------------------------------------------------------------------------------- */

static int refuse_place(char path[PATH_MAX], int status)
{
	path[0] = '\0';
	return status;
}

/* A place that somebody named: it is made if it is not there. */
static int use_named(char path[PATH_MAX], const char *origin, const struct trusted_owners *owners, struct why *why)
{
	struct stat st;
	if (mkdir(path, 0700) && errno != EEXIST)
		return explain(why, TENON_ESYSTEM,
			       "state directory %s (%s) cannot be made: %s; make it, or name another "
			       "in [runtime] state_dir",
			       path, origin, strerror(errno));
	if (stat(path, &st))
		return explain(why, TENON_ESYSTEM, "state directory %s (%s): %s", path, origin, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return explain(why, TENON_EREFUSED,
			       "state directory %s (%s) is no directory; name another in [runtime] "
			       "state_dir",
			       path, origin);
	/* A sticky directory would do for a file that we own; here anyone's file would be state. */
	return check_owner(path, st.st_uid, st.st_mode & ~(mode_t)S_ISVTX, owners, why);
}

static int use_default(char path[PATH_MAX], const struct trusted_owners *owners, struct why *why)
{
	struct stat st;
	if (stat(path, &st) || !S_ISDIR(st.st_mode) || access(path, W_OK))
		return explain(why, TENON_ENOENT,
			       "%s cannot be written, so quarantine and pins last only as long as the "
			       "process; set [runtime] state_dir, or STATE_DIRECTORY",
			       path);
	return check_owner(path, st.st_uid, st.st_mode & ~(mode_t)S_ISVTX, owners, why);
}

int find_state_dir(const struct config *config, char path[PATH_MAX], struct why *why)
{
	const char *named = secure_getenv("STATE_DIRECTORY"), *origin = "$STATE_DIRECTORY";
	int status;
	if (config->state_dir[0]) {
		named = config->state_dir;
		origin = config_origin(config, "runtime", "state_dir");
	}
	if (named && *named) {
		/* systemd separates several by colons */
		snprintf(path, PATH_MAX, "%.*s",
			 (int)(named == config->state_dir ? strlen(named) : strcspn(named, ":")), named);
		status = use_named(path, origin, &config->trusted_owners, why);
	} else {
		snprintf(path, PATH_MAX, "%s", STATE_DEFAULT);
		status = use_default(path, &config->trusted_owners, why);
	}
	return status ? refuse_place(path, status) : TENON_OK;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static int join_path(char path[PATH_MAX], const char *dir, const char *name, struct why *why)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		return TENON_OK;
	return explain(why, TENON_ESYSTEM, "%.200s...: the path is too long", dir);
}

/* The directory was found fit: its owner can replace the file, and may as well own it. */
static int check_file(const char *path, const char *dir, const struct file *file, struct why *why)
{
	struct stat st;
	struct trusted_owners owners = {.count = 0};
	if (stat(dir, &st) == 0)
		owners.uid[owners.count++] = st.st_uid;
	return check_owner(path, file->owner, file->mode, &owners, why);
}

int read_state(const char *dir, const char *name, struct file *file, struct why *why)
{
	char path[PATH_MAX];
	memset(file, 0, sizeof *file);
	int status = join_path(path, dir, name, why);
	if (status == TENON_OK)
		status = read_file(path, STATE_FILE_MAX, TENON_ESYSTEM, file, why);
	if (status == TENON_ENOENT)
		return explain(why, TENON_OK, "%s", "");
	if (status)
		return status;
	status = check_file(path, dir, file, why);
	if (status == TENON_OK && memchr(file->bytes, '\0', file->size))
		status = explain(why, TENON_ESYSTEM,
				 "%s: holds a NUL byte, so it is no text; move it away, and tell what wrote it", path);
	if (status) {
		free(file->bytes);
		file->bytes = NULL;
		return status;
	}
	file->bytes[file->size] = '\0'; /* read_file() left room */
	return TENON_OK;
}

bool is_state_unchanged(const char *dir, const char *name, const struct file_key *key)
{
	char path[PATH_MAX];
	struct stat st;
	struct file_key now = {0};
	if (join_path(path, dir, name, NULL) == TENON_OK && stat(path, &st) == 0)
		now = key_of_file(&st);
	return same_key(key, &now);
}

/* ---- Changing --------------------------------------------------------------------------------------------------- */

/* The lock goes with the descriptor, and so with its process, however that ends. */
static int lock_state(const char *dir, int *fd, struct why *why)
{
	char path[PATH_MAX];
	int status = join_path(path, dir, "lock", why);
	if (status)
		return status;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return explain(why, TENON_ESYSTEM, "%s: cannot be opened: %s; state is not saved", path,
			       strerror(errno));
	for (int tries = 0; flock(*fd, LOCK_EX | LOCK_NB); tries++) {
		int error = errno;
		bool is_held = error == EWOULDBLOCK || error == EINTR;
		if (tries == LOCK_TRIES || !is_held) {
			close(*fd);
			return explain(why, TENON_ESYSTEM, "%s: %s; state is not saved; try again", path,
				       is_held ? "is held by another process" : strerror(error));
		}
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return TENON_OK;
}

/* Copies what is to stay from file to text, which has room for it. Returns its length. */
static size_t copy_kept(const struct file *file, state_line_fn *drop, void *user, char *text, unsigned *dropped)
{
	size_t length = 0;
	for (size_t at = 0; at < file->size;) {
		size_t line = strcspn(file->bytes + at, "\n");
		memcpy(text + length, file->bytes + at, line);
		text[length + line] = '\0';
		at += line + 1;
		if (drop(text + length, user)) {
			++*dropped;
			continue;
		}
		memcpy(text + length, file->bytes + at - line - 1, line); /* drop may have cut it up */
		length += line;
		text[length++] = '\n';
	}
	return length;
}

static bool write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t put = write(fd, text, length);
		if (put < 0 && errno != EINTR)
			return false;
		text += put > 0 ? put : 0;
		length -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* The new file is complete on the disk before it gets the name, and the name before we say so. */
static bool write_durably(int directory, const char *temporary, const char *name, const char *text, size_t length)
{
	int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return false;
	bool good = write_all(fd, text, length) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	return good && renameat(directory, temporary, directory, name) == 0 && fsync(directory) == 0;
}

int replace_file(const char *dir, const char *name, const char *text, size_t length, struct why *why)
{
	char temporary[64];
	snprintf(temporary, sizeof temporary, "%s.new", name); /* a fixed one: what a crash left is written over */
	int directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = directory >= 0 && write_durably(directory, temporary, name, text, length);
	int error = errno;
	if (!good && directory >= 0)
		unlinkat(directory, temporary, 0);
	if (directory >= 0)
		close(directory);
	if (good)
		return TENON_OK;
	return explain(why, TENON_ESYSTEM, "%s/%s: cannot be written: %s; the old one stays", dir, name,
		       strerror(error));
}

static int update_locked(const char *dir, const char *name, state_line_fn *drop, void *user, const char *added,
			 unsigned *dropped, struct why *why)
{
	struct file file;
	int status = read_state(dir, name, &file, why);
	if (status)
		return status;
	size_t room = file.size + strlen(added) + 2;
	char *text = malloc(room);
	if (text) {
		size_t length = copy_kept(&file, drop, user, text, dropped);
		memcpy(text + length, added, strlen(added));
		length += strlen(added);
		if (length > STATE_FILE_MAX)
			status = explain(why, TENON_ESYSTEM, "%s/%s: would be larger than %zu bytes; clear it", dir,
					 name, STATE_FILE_MAX);
		else if (*dropped || *added)
			status = replace_file(dir, name, text, length, why);
	} else {
		status = explain(why, TENON_ENOMEM, "%s/%s: no memory", dir, name);
	}
	free(text);
	free(file.bytes);
	return status;
}

int update_state(const char *dir, const char *name, state_line_fn *drop, void *user, const char *added,
		 unsigned *dropped, struct why *why)
{
	int fd;
	unsigned count = 0;
	int status = lock_state(dir, &fd, why);
	if (status)
		return status;
	status = update_locked(dir, name, drop, user, added ? added : "", &count, why);
	close(fd);
	if (dropped)
		*dropped = count;
	return status;
}
