/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may change what Tenon reads, and whether we may write where it keeps state: the area permissions. Judged for the user
 * who asks. Nothing is made here, although the runtime would make a directory that is missing.
 */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/find.h"
#include "runtime/record.h"
#include "runtime/socket.h"
#include "tools/doctor/doctor.h"

/* ---- Files that are read ----------------------------------------------------------------------------------------- */

/* Whoever may write to a layer decides what serves here. */
static bool is_own_file(struct doctor *doctor, const char *path)
{
	struct stat status;
	struct why why;
	if (stat(path, &status) ||
	    !check_owner(path, status.st_uid, status.st_mode, &doctor->config.trusted_owners, &why))
		return true;
	add_refusal(doctor, EXIT_USAGE, "configuration", why.text, "chown root");
	return false;
}

static bool are_own_files(struct doctor *doctor, const char *folder)
{
	DIR *stream = opendir(folder);
	bool good = is_own_file(doctor, folder);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		char path[PATH_MAX + NAME_MAX + 2];
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		good = (!is_layer_name(entry->d_name) || is_own_file(doctor, path)) && good;
	}
	if (stream)
		closedir(stream);
	return good;
}

static void examine_layers(struct doctor *doctor)
{
	char path[PATH_MAX];
	bool is_folder, good = true;
	for (size_t i = 0; config_layer(&doctor->config, i, path, &is_folder); i++)
		good = (is_folder ? are_own_files(doctor, path) : is_own_file(doctor, path)) && good;
	if (good)
		add_ok(doctor, "configuration", "only root and we can change it");
}

static void examine_distrust(struct doctor *doctor)
{
	struct candidate *list = NULL;
	struct why why;
	size_t count = 0, distrusted = 0;
	if (find_backends(&doctor->config, &doctor->cpu, &list, &count, &why))
		return; /* the area install says so */
	for (size_t i = 0; i < count; i++)
		if (list[i].distrust.status) {
			add_refusal(doctor, EXIT_REFUSED, "backends", list[i].distrust.text, "chown root");
			distrusted++;
		}
	free(list);
	if (!distrusted)
		add_ok(doctor, "backends", "only root, we and trusted_owners can change them");
}

static bool has_keys(const char *folder)
{
	bool found = false;
	DIR *stream = opendir(folder);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		size_t length = strlen(entry->d_name);
		found = found || (length > 4 && strcmp(entry->d_name + length - 4, ".pub") == 0);
	}
	if (stream)
		closedir(stream);
	return found;
}

static void examine_keys(struct doctor *doctor)
{
	char folder[PATH_MAX + 8];
	if (!doctor->config.trust_signature)
		return;
	if (*doctor->config.trusted_keys)
		snprintf(folder, sizeof folder, "%s", doctor->config.trusted_keys);
	else
		snprintf(folder, sizeof folder, "%s/keys", doctor->config.directory);
	if (has_keys(folder))
		add_ok(doctor, "keys", "trust = signature, with keys in %s", folder);
	else
		add_failure(doctor, EXIT_REFUSED, "keys",
			    "put the minisign public keys (*.pub) there, or set [runtime] trust = owner",
			    "trust = signature, and %s has no key: every backend is refused", folder);
}

/* ---- The state directory ----------------------------------------------------------------------------------------- */

/* What the runtime would take, without making it; "" for /var/lib/tenon, which it takes as it is. */
static const char *name_state_dir(const struct config *config)
{
	const char *variable = secure_getenv("STATE_DIRECTORY");
	return *config->state_dir ? config->state_dir : variable ? variable : "";
}

static bool is_missing(struct doctor *doctor, const char *named)
{
	char path[PATH_MAX], parent[PATH_MAX];
	struct stat status;
	snprintf(path, sizeof path, "%.*s", (int)strcspn(named, ":"), named);
	if (!*path || stat(path, &status) == 0)
		return false;
	memcpy(parent, path, sizeof parent);
	if (access(dirname(parent), W_OK | X_OK) == 0)
		add_note(doctor, "state", "nothing: the first process makes it",
			 "the state directory %s is not there yet", path);
	else
		add_failure(doctor, EXIT_REFUSED, "state",
			    "make it for the user of the service, or name another in [runtime] "
			    "state_dir",
			    "the state directory %s is not there, and we cannot make it in %s", path, dirname(path));
	return true;
}

static void examine_quarantine(struct doctor *doctor, const char *folder)
{
	struct quarantine_list list;
	struct why why = {0};
	if (read_quarantine(folder, &list, &why)) {
		add_refusal(doctor, EXIT_REFUSED, "quarantine", why.text, "tenon quarantine list");
		return;
	}
	if (list.bad_line)
		add_warning(doctor, "quarantine", "correct that line or take it out", "%s", why.text);
	if (list.count)
		add_warning(doctor, "quarantine",
			    "tenon quarantine list; repair the backend, then tenon quarantine clear",
			    "%zu kernels of backends do not serve", list.count);
	else if (!list.bad_line)
		add_ok(doctor, "quarantine", "empty");
	free(list.entry);
}

static void examine_state(struct doctor *doctor)
{
	char path[PATH_MAX];
	struct why why;
	if (is_missing(doctor, name_state_dir(&doctor->config)))
		return;
	int status = find_state_dir(&doctor->config, path, &why);
	if (status)
		add_refusal(doctor, status == TENON_ENOENT ? 0 : EXIT_REFUSED, "state", why.text,
			    "set [runtime] state_dir");
	else if (access(path, W_OK | X_OK))
		add_failure(doctor, EXIT_REFUSED, "state",
			    "chown it to the user of the service, or mount it writable (systemd: "
			    "StateDirectory)",
			    "the state directory %s cannot be written: %s: quarantine and pins end with their "
			    "process",
			    path, strerror(errno));
	else
		add_ok(doctor, "state", "in %s", path);
	if (!status)
		examine_quarantine(doctor, path);
}

/* ---- The sockets' folder ----------------------------------------------------------------------------------------- */

static unsigned examine_sockets(struct doctor *doctor, const char *folder)
{
	unsigned stale = 0;
	DIR *stream = opendir(folder);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		char remedy[PATH_MAX + NAME_MAX + 8];
		pid_t pid = parse_socket_name(entry->d_name);
		if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		snprintf(remedy, sizeof remedy, "rm '%s/%s'; the next process with a socket there does it, too", folder,
			 entry->d_name);
		add_warning(doctor, "sockets", remedy, "%s/%s is stale: process %ld is gone", folder, entry->d_name,
			    (long)pid);
		stale++;
	}
	if (stream)
		closedir(stream);
	return stale;
}

static void examine_socket_folder(struct doctor *doctor)
{
	char folder[SOCKET_PATH_SIZE], parent[SOCKET_PATH_SIZE];
	struct stat status;
	struct why why;
	if (find_socket_folder(folder, sizeof folder, &why)) {
		add_refusal(doctor, EXIT_USAGE, "sockets", why.text, "correct RUNTIME_DIRECTORY or XDG_RUNTIME_DIR");
		return;
	}
	memcpy(parent, folder, sizeof parent);
	if (stat(folder, &status) && access(dirname(parent), W_OK | X_OK) == 0)
		add_note(doctor, "sockets", "nothing: the first process makes it", "%s is not there yet", folder);
	else if (stat(folder, &status))
		add_warning(doctor, "sockets", "make it for the user of the service (systemd: RuntimeDirectory=tenon)",
			    "%s is not there, and we cannot make it", folder);
	else if (check_owner(folder, status.st_uid, status.st_mode & (S_IFMT | 07777), &doctor->config.trusted_owners,
			     &why))
		add_refusal(doctor, EXIT_REFUSED, "sockets", why.text, "chmod 700");
	else if (!examine_sockets(doctor, folder))
		add_ok(doctor, "sockets", "in %s", folder);
}

void examine_permissions(struct doctor *doctor)
{
	examine_layers(doctor);
	examine_distrust(doctor);
	examine_keys(doctor);
	examine_state(doctor);
	examine_socket_folder(doctor);
}
