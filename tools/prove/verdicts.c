/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kept verdicts; see verdicts.h. A file is written beside its place and renamed to it. No state.
 */
#include "build.h"

#include "tools/prove/verdicts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/logfmt.h"
#include "tools/prove/identity.h"

#define SUFFIX ".verdict"

enum { VERDICT_SIZE = IDENTITY_SIZE + 2048 };

/* ---- Names -------------------------------------------------------------------------------------------------------- */

/* False without libsodium; then there is no identity either. */
static bool name_entry(const char *identity, char name[PATH_MAX])
{
	char digest[DIGEST_SIZE];
	if (!*identity || !digest_bytes(identity, strlen(identity), digest, NULL))
		return false;
	snprintf(name, PATH_MAX, "%.32s" SUFFIX, digest);
	return true;
}

bool name_verdict_file(const char *state, const char *identity, char *path, size_t size)
{
	char name[PATH_MAX];
	return name_entry(identity, name) && snprintf(path, size, "%s/verdicts/%s", state, name) < (int)size;
}

/* ---- Whom to believe ---------------------------------------------------------------------------------------------- */

static bool is_ours_alone(int file, mode_t kind)
{
	struct stat status;
	return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == kind &&
	       (status.st_uid == 0 || status.st_uid == geteuid()) && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The descriptor of DIR/verdicts, made if need be; -1 with errno, EPERM if others could write to it. */
static int open_folder(const char *state, bool make)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/verdicts", state) >= (int)sizeof path)
		return errno = ENAMETOOLONG, -1;
	if (make)
		mkdir(path, 0755);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || is_ours_alone(folder, S_IFDIR))
		return folder;
	close(folder);
	return errno = EPERM, -1;
}

/* ---- Recalling ---------------------------------------------------------------------------------------------------- */

static bool read_entry(int folder, const char *name, char text[VERDICT_SIZE])
{
	int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return false;
	ssize_t length = is_ours_alone(file, S_IFREG) ? read(file, text, VERDICT_SIZE - 1) : -1;
	close(file);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static bool parse_verdict(char *line, struct kept_verdict *verdict)
{
	char *key, *value;
	bool whole = false;
	*verdict = (struct kept_verdict){0};
	line[strcspn(line, "\n")] = '\0';
	while (next_pair(&line, &key, &value)) {
		if (value && strcmp(key, "reason") == 0)
			snprintf(verdict->reason, sizeof verdict->reason, "%s", value);
		if (value && strcmp(key, "verdict") == 0)
			verdict->passed = strcmp(value, "pass") == 0;
		whole |= !value && strcmp(key, "end") == 0;
	}
	return whole;
}

bool recall_verdict(const char *state, const char *identity, struct kept_verdict *verdict)
{
	char name[PATH_MAX], text[VERDICT_SIZE];
	size_t length = strlen(identity);
	if (!name_entry(identity, name))
		return false;
	int folder = open_folder(state, false);
	if (folder < 0)
		return false;
	bool found = read_entry(folder, name, text) && strncmp(text, identity, length) == 0 &&
		     parse_verdict(text + length, verdict);
	close(folder);
	return found;
}

/* ---- Keeping ------------------------------------------------------------------------------------------------------ */

static bool is_entry(const char *name)
{
	size_t length = strlen(name);
	return length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* How many there are; name of the oldest. */
static unsigned count_entries(int folder, char oldest[NAME_MAX + 1])
{
	unsigned count = 0;
	struct stat status;
	struct timespec age = {0};
	DIR *list = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	for (const struct dirent *entry; list && (entry = readdir(list));) {
		if (!is_entry(entry->d_name) || fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		const struct timespec *time = &status.st_mtim;
		if (!count++ || time->tv_sec < age.tv_sec ||
		    (time->tv_sec == age.tv_sec && time->tv_nsec < age.tv_nsec)) {
			age = *time;
			snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
		}
	}
	if (list)
		closedir(list);
	return count;
}

static void make_place(int folder)
{
	char oldest[NAME_MAX + 1];
	for (unsigned tries = 0; tries < VERDICTS_MAX && count_entries(folder, oldest) >= VERDICTS_MAX; tries++)
		unlinkat(folder, oldest, 0);
}

/* 0 or an errno. */
static int write_entry(int folder, const char *name, const struct text *text)
{
	char draft[64];
	snprintf(draft, sizeof draft, ".%ld.new", (long)getpid());
	unlinkat(folder, draft, 0);
	int file = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file < 0)
		return errno;
	bool done = write(file, text->bytes, text->length) == (ssize_t)text->length;
	int error = done ? 0 : errno ? errno : ENOSPC;
	close(file);
	if (!error && renameat(folder, draft, folder, name))
		error = errno;
	if (error)
		unlinkat(folder, draft, 0);
	return error;
}

bool keep_verdict(const char *state, const char *identity, const struct kept_verdict *verdict, struct why *why)
{
	char name[PATH_MAX], bytes[VERDICT_SIZE];
	struct text text;
	start_text(&text, bytes, sizeof bytes);
	add_text(&text, "%s", identity);
	add_pair(&text, "verdict", "%s", verdict->passed ? "pass" : "fail");
	if (!verdict->passed)
		add_pair(&text, "reason", "%s", verdict->reason);
	add_text(&text, " end\n");
	if (!name_entry(identity, name) || text.cut)
		return explain(why, TENON_EUNSUPPORTED,
			       "no verdict can be kept: built without libsodium or a build-id"),
		       false;
	int folder = open_folder(state, true);
	int error = folder < 0 ? errno : 0;
	if (!error) {
		make_place(folder);
		error = write_entry(folder, name, &text);
		close(folder);
	}
	if (error)
		explain(why, TENON_ESYSTEM, "%s/verdicts: %s", state, strerror(error));
	return !error;
}
