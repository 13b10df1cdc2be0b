/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether what is installed fits together, and whether the configuration can be read and means what exists: the areas install
 * and config. Reads files, and starts the helper for nothing but its greeting.
 */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/find.h"
#include "runtime/prove.h"
#include "tools/doctor/doctor.h"

/* ---- What is installed ------------------------------------------------------------------------------------------- */

static void examine_versions(struct doctor *doctor)
{
	if (strcmp(tenon_version(), PACKAGE_VERSION) == 0)
		add_ok(doctor, "library", "tenon and libtenon are %s", PACKAGE_VERSION);
	else
		add_failure(doctor, EXIT_REFUSED, "library",
			    "install tenon and libtenon of one release; ldd shows which libtenon is "
			    "found",
			    "tenon is %s, the libtenon that it finds is %s", PACKAGE_VERSION, tenon_version());
}

static void examine_helper(struct doctor *doctor)
{
	struct why why;
	if (greet_helper(&doctor->config, &doctor->cpu, &why) == 0)
		add_ok(doctor, "helper", "tenon-prove starts and sees the same CPU");
	else
		add_refusal(doctor, EXIT_REFUSED, "helper", why.text,
			    "install tenon-prove of this version, or point TENON_PROVE to it");
}

static void examine_folder(struct doctor *doctor, const char *folder, bool is_last)
{
	DIR *stream = opendir(folder);
	if (stream)
		closedir(stream);
	else if (is_last)
		add_note(doctor, "folder", "install the backends, or leave it so where [runtime] backend_path has them",
			 "the installed folder of backends, %s: %s", folder, strerror(errno));
	else
		add_warning(doctor, "folder", "make it, or take it out of [runtime] backend_path",
			    "backend_path: %s: %s", folder, strerror(errno));
}

static void examine_folders(struct doctor *doctor)
{
	char folder[PATH_MAX], next[PATH_MAX];
	size_t i = 0;
	bool more = backend_directory(&doctor->config, i, folder);
	while (more) {
		more = backend_directory(&doctor->config, ++i, next);
		examine_folder(doctor, folder, !more);
		memcpy(folder, next, sizeof folder);
	}
}

/* A file that we ship comes with the library; an older or newer one is half of an upgrade. */
static bool is_of_other_version(const struct candidate *candidate)
{
	static const struct config none;
	return *candidate->path && auto_may_choose(&none, candidate->name) && *candidate->vetted.version &&
	       strcmp(candidate->vetted.version, PACKAGE_VERSION) != 0;
}

static void examine_backend_file(struct doctor *doctor, const struct candidate *candidate)
{
	char check[64];
	snprintf(check, sizeof check, "backend %.40s", candidate->name);
	if (candidate->status == TENON_EUNSUPPORTED)
		add_note(doctor, check, "nothing, unless this CPU was meant to have it (tenon probe)", "%s",
			 candidate->why.text);
	else if (candidate->status)
		add_refusal(doctor, EXIT_REFUSED, check, candidate->why.text, "tenon explain says which rule");
	else if (is_of_other_version(candidate))
		add_failure(doctor, EXIT_REFUSED, check, "install backends and libtenon of one release",
			    "%s is of version %s, libtenon "
			    "is %s",
			    candidate->path, candidate->vetted.version, PACKAGE_VERSION);
	else
		add_ok(doctor, check, "%s, version %s", *candidate->path ? candidate->path : "linked in",
		       *candidate->vetted.version ? candidate->vetted.version : PACKAGE_VERSION);
}

static void examine_backends(struct doctor *doctor)
{
	struct candidate *list = NULL;
	size_t count = 0, usable = 0;
	struct why why;
	if (find_backends(&doctor->config, &doctor->cpu, &list, &count, &why)) {
		add_refusal(doctor, EXIT_REFUSED, "backends", why.text, "tenon list");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		examine_backend_file(doctor, &list[i]);
		usable += !list[i].status && *list[i].path && auto_may_choose(&doctor->config, list[i].name);
	}
	free(list);
	if (!usable)
		add_warning(doctor, "backends", "install the backends of this CPU, or allow others in [runtime] allow",
			    "auto finds no backend but scalar: answers are right, and several times slower");
}

void examine_install(struct doctor *doctor)
{
	examine_versions(doctor);
	examine_helper(doctor);
	examine_folders(doctor);
	examine_backends(doctor);
}

/* ---- Configuration ----------------------------------------------------------------------------------------------- */

static void examine_choice(struct doctor *doctor)
{
	struct candidate candidate;
	struct why why = {0};
	const char *origin = config_origin(&doctor->config, "runtime", "backend");
	int status = resolve_backend(&doctor->config, &doctor->cpu, doctor->config.backend, &candidate, &why);
	if (status)
		add_failure(doctor, EXIT_REFUSED, "backend", "name one of tenon list, or auto",
			    "[runtime] backend = %s (%s): %s", doctor->config.backend, origin, why.text);
	else if (*why.text)
		add_refusal(doctor, 0, "backend", why.text, "tenon list");
	else
		add_ok(doctor, "backend", "[runtime] backend = %s (%s) takes %s", doctor->config.backend, origin,
		       candidate.name);
}

/* The files that only some program reads; nobody else would notice a mistake in them before that program starts. */
static void examine_program(struct doctor *doctor, const char *name)
{
	static struct config config;
	struct why why;
	char program[NAME_MAX + 1], check[64];
	size_t length = strlen(name);
	if (!is_layer_name(name) || length < 5)
		return;
	snprintf(program, sizeof program, "%.*s", (int)(length - 4), name);
	snprintf(check, sizeof check, "program %.40s", program);
	if (load_config_from(&config, doctor->directory, program, NULL, &why))
		add_refusal(doctor, EXIT_USAGE, check, why.text, "tenon config check");
	else
		add_ok(doctor, check, "valid");
}

static void examine_programs(struct doctor *doctor)
{
	char folder[PATH_MAX + 16];
	snprintf(folder, sizeof folder, "%s/programs", doctor->config.directory);
	DIR *stream = opendir(folder);
	for (struct dirent *entry; stream && (entry = readdir(stream));)
		examine_program(doctor, entry->d_name);
	if (stream)
		closedir(stream);
}

static void examine_switches(struct doctor *doctor)
{
	if (strcmp(doctor->config.socket, "off") == 0)
		add_note(doctor, "socket", "[control] socket = on, in tenon.ini",
			 "the control socket is off: no process can be asked, swapped or rolled back");
	else
		add_ok(doctor, "socket", "the control socket is %s", doctor->config.socket);
	if (doctor->config.fallback_fail)
		add_note(doctor, "fallback", "[runtime] fallback = scalar, if a slow start is better than none",
			 "fallback = fail: a host whose backend is refused does not start");
}

void examine_config(struct doctor *doctor)
{
	if (doctor->trouble.status) {
		add_refusal(doctor, EXIT_USAGE, "files", doctor->trouble.text, "tenon config check");
		return;
	}
	if (access(doctor->config.directory, R_OK | X_OK))
		add_note(doctor, "files", "nothing, if the defaults are meant; else make it",
			 "%s: %s; the defaults are in force", doctor->config.directory, strerror(errno));
	else
		add_ok(doctor, "files", "valid: %s", doctor->config.identity);
	examine_programs(doctor);
	examine_choice(doctor);
	examine_switches(doctor);
}
