/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control socket as a file: its folder, its creation without a moment in which others could connect, and the
 * removal of what dead processes left. Called while the runtime opens; keeps no state.
 */
#include "build.h"

#include "runtime/socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int find_socket_folder(char *folder, size_t size, struct why *why)
{
	const char *service = secure_getenv("RUNTIME_DIRECTORY"), *session = secure_getenv("XDG_RUNTIME_DIR");
	int length;
	if (service && *service) /* systemd separates several with colons */
		length = snprintf(folder, size, "%.*s", (int)strcspn(service, ":"), service);
	else if (session && *session)
		length = snprintf(folder, size, "%s/tenon", session);
	else
		length = snprintf(folder, size, "/run/tenon");
	if (folder[0] != '/')
		return explain(why, TENON_ECONFIG,
			       "control socket: folder \"%s\" is not an absolute path: correct "
			       "RUNTIME_DIRECTORY or XDG_RUNTIME_DIR",
			       folder);
	if ((size_t)length >= size)
		return explain(why, TENON_ECONFIG,
			       "control socket: folder \"%s...\" is too long: set `[control] socket` "
			       "to a path of at most %zu bytes",
			       folder, SOCKET_PATH_SIZE - 1);
	return 0;
}

void name_socket(char *name, size_t size, pid_t pid)
{
	snprintf(name, size, "tenon-%ld.sock", (long)pid);
}

pid_t parse_socket_name(const char *name)
{
	char again[64], *end;
	if (strncmp(name, "tenon-", 6) != 0)
		return 0;
	long pid = strtol(name + 6, &end, 10);
	if (pid <= 0 || pid > INT_MAX)
		return 0;
	name_socket(again, sizeof again, (pid_t)pid);
	return strcmp(name, again) == 0 ? (pid_t)pid : 0;
}

static int check_folder(const char *folder, struct why *why)
{
	struct stat info;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return explain(why, TENON_ESYSTEM,
			       "control socket: cannot create %s: %s: create it for this user, or set "
			       "`[control] socket` to a path",
			       folder, strerror(errno));
	if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
		return explain(why, TENON_ESYSTEM,
			       "control socket: %s is not a usable folder: set `[control] socket` to a "
			       "path",
			       folder);
	if ((info.st_uid != 0 && info.st_uid != geteuid()) || ((info.st_mode & 022) && !(info.st_mode & S_ISVTX)))
		return explain(why, TENON_EREFUSED,
			       "control socket: %s can be changed by others (owner %u, mode %03o): "
			       "chown it to this user and chmod 700",
			       folder, info.st_uid, info.st_mode & 0777);
	return 0;
}

/* Connects without waiting: 0, or an errno; ECONNREFUSED means that nobody listens any more. */
static int knock(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	int error = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
	close(fd);
	return error;
}

/* A socket goes only if nobody listens and its process is gone: one that is just being made has a living process. */
static void remove_stale_sockets(const char *folder)
{
	DIR *stream = opendir(folder);
	struct dirent *entry;
	while (stream && (entry = readdir(stream))) {
		pid_t pid = parse_socket_name(entry->d_name);
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH && knock(path) == ECONNREFUSED)
			unlink(path);
	}
	if (stream)
		closedir(stream);
}

static int choose_path(const char *setting, char path[SOCKET_PATH_SIZE], struct why *why)
{
	char folder[SOCKET_PATH_SIZE], name[64];
	if (strcmp(setting, "on") != 0) {
		if (setting[0] != '/' || strlen(setting) >= SOCKET_PATH_SIZE)
			return explain(why, TENON_ECONFIG,
				       "[control] socket = %s: must be off, on, or an absolute path of "
				       "at most %zu bytes",
				       setting, SOCKET_PATH_SIZE - 1);
		memcpy(path, setting, strlen(setting) + 1);
		return 0;
	}
	int status = find_socket_folder(folder, sizeof folder, why);
	if (status == 0)
		status = check_folder(folder, why);
	if (status)
		return status;
	remove_stale_sockets(folder);
	name_socket(name, sizeof name, getpid());
	if ((size_t)snprintf(path, SOCKET_PATH_SIZE, "%s/%s", folder, name) >= SOCKET_PATH_SIZE)
		return explain(why, TENON_ECONFIG,
			       "control socket: %s/%s is longer than %zu bytes: set `[control] socket` "
			       "to a shorter path",
			       folder, name, SOCKET_PATH_SIZE - 1);
	return 0;
}

/* Makes room at path: only a socket that nobody listens on may be in the way. */
static int clear_path(const char *path, struct why *why)
{
	struct stat info;
	if (lstat(path, &info) != 0)
		return 0; /* bind() will say what is wrong */
	if (!S_ISSOCK(info.st_mode))
		return explain(why, TENON_EREFUSED,
			       "control socket: %s exists and is not a socket: remove it, or set "
			       "`[control] socket` to another path",
			       path);
	if (knock(path) != ECONNREFUSED)
		return explain(why, TENON_EREFUSED,
			       "control socket: %s is in use by another process: set `[control] "
			       "socket = on`, or a path for each process",
			       path);
	unlink(path);
	return 0;
}

int bind_socket(const char *setting, char path[SOCKET_PATH_SIZE], struct why *why)
{
	if (getauxval(AT_SECURE))
		return explain(why, TENON_EREFUSED,
			       "control socket: not available in a setuid program: set `[control] "
			       "socket = off`");
	int status = choose_path(setting, path, why);
	if (status == 0)
		status = clear_path(path, why);
	if (status)
		return status;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode of the descriptor becomes the mode of the file, so there is no moment with another one. */
	if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		status = explain(why, TENON_ESYSTEM, "control socket: cannot create %s: %s", path, strerror(errno));
	} else if (listen(fd, 16) != 0) {
		status = explain(why, TENON_ESYSTEM, "control socket: cannot listen at %s: %s", path, strerror(errno));
		unlink(path);
	}
	if (status == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return status;
}

/* Those who may not pass through its folder cannot reach it, whatever its own mode. */
static int check_passage(const char *path, gid_t group, struct why *why)
{
	char folder[SOCKET_PATH_SIZE];
	struct stat status;
	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	if (!slash || stat(folder, &status))
		return TENON_OK;
	if (status.st_mode & S_IXOTH || (status.st_gid == group && status.st_mode & S_IXGRP))
		return TENON_OK;
	return explain(why, TENON_EREFUSED,
		       "control socket: [control] group: members of group %ju cannot pass through %s; run: chgrp %ju "
		       "'%s' && chmod g+x '%s'",
		       (uintmax_t)group, folder, (uintmax_t)group, folder, folder);
}

int grant_socket(const char *path, int64_t group, struct why *why)
{
	bool shared = group >= 0;
	if (!shared)
		return chmod(path, 0600) ? explain(why, TENON_ESYSTEM, "control socket: %s: %s", path, strerror(errno))
					 : TENON_OK;
	if (chown(path, (uid_t)-1, (gid_t)group) || chmod(path, 0660))
		return explain(
			why, TENON_ESYSTEM,
			"control socket: [control] group: %s cannot be given to group %jd: %s; start the process "
			"as a member of it, or as root",
			path, (intmax_t)group, strerror(errno));
	return check_passage(path, (gid_t)group, why);
}

static bool is_member(int fd, gid_t primary, gid_t group)
{
	gid_t groups[256]; /* a list that is longer is not looked at */
	socklen_t size = sizeof groups;
	bool found = primary == group;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return found;
	for (size_t i = 0; i < size / sizeof groups[0]; i++)
		found = found || groups[i] == group;
	return found;
}

bool is_trusted_peer(int fd, int64_t group, uid_t *uid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*uid = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid() || (group >= 0 && is_member(fd, peer.gid, (gid_t)group));
}
