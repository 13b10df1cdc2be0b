/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rule of ownership; see trust.h. No state, no threads.
 */
#include "runtime/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_trusted(uid_t owner, const struct trusted_owners *trusted)
{
	for (unsigned i = 0; i < trusted->count; i++)
		if (trusted->uid[i] == owner)
			return true;
	return owner == 0 || owner == geteuid();
}

static int check_inode(const char *path, const char *target, uid_t owner, mode_t mode,
		       const struct trusted_owners *trusted, struct why *why)
{
	const char *what = path == target ? "it" : "its directory";
	if (!is_trusted(owner, trusted))
		return explain(why, TENON_EREFUSED,
			       "%s: %s belongs to user %jd, who could change what we run; run: chown root '%s', "
			       "or name the user in [runtime] trusted_owners",
			       path, what, (intmax_t)owner, target);
	if (S_ISDIR(mode) && mode & S_ISVTX && owner == 0)
		return TENON_OK;
	if (mode & S_IWOTH)
		return explain(why, TENON_EREFUSED, "%s: anyone may write to %s; run: chmod o-w '%s'", path, what,
			       target);
	if (mode & S_IWGRP)
		return explain(why, TENON_EREFUSED, "%s: its group may write to %s; run: chmod g-w '%s'", path, what,
			       target);
	return TENON_OK;
}

static void find_parent(const char *path, char parent[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		snprintf(parent, PATH_MAX, ".");
	else
		snprintf(parent, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int check_owner(const char *path, uid_t owner, mode_t mode, const struct trusted_owners *trusted, struct why *why)
{
	return check_inode(path, path, owner, mode, trusted, why);
}

int check_trust(const char *path, uid_t owner, mode_t mode, const struct trusted_owners *trusted, struct why *why)
{
	char parent[PATH_MAX];
	struct stat status;
	int result = check_inode(path, path, owner, mode, trusted, why);
	if (result)
		return result;
	find_parent(path, parent);
	if (stat(parent, &status))
		return explain(why, TENON_EREFUSED, "%s: its directory cannot be examined: %s", path, strerror(errno));
	return check_inode(path, parent, status.st_uid, status.st_mode, trusted, why);
}
