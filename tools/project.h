/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A vendor's project, written from template files (tools/new-backend/, installed in pkgdatadir). Lines %NAME VALUE at the
 * head of a template set a variable and are not written; @NAME@ stands for its value in all that follow. The caller owns
 * the struct; one thread.
 */
#ifndef TOOLS_PROJECT_H
#define TOOLS_PROJECT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/why.h"

enum { PROJECT_FILES = 64, PROJECT_VARIABLES = 24 };

struct project {
	const char *templates; /* the folder of the templates */
	const char *directory; /* where the project goes */
	bool made;             /* directory was not there before */
	size_t count, variables;
	char *made_path[PROJECT_FILES]; /* relative to directory, folders too, in the order in which they came */
	struct {
		char name[32], value[256];
	} variable[PROJECT_VARIABLES];
};

/* False if there is no room for it. */
bool set_variable(struct project *project, const char *name, const char *value);

/* Makes the directory, unless it is there and empty. 0, or a status with why. */
int begin_project(struct project *project, struct why *why);

/* Writes one template as `to`, or, of a folder, each file in it, folders too, under its name. 0, or a status with why. */
int write_template(struct project *project, const char *from, const char *to, struct why *why);
int write_templates(struct project *project, const char *folder, struct why *why);

/* Removes what was written, after a failure. */
void undo_project(struct project *project);

void free_project(struct project *project);

#endif
