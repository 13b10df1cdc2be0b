/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opens the plugins of a folder directly, without the runtime; for the bit-identity test. They stay open.
 */
#ifndef TESTS_BITS_PLUGINS_H
#define TESTS_BITS_PLUGINS_H

#include "runtime/cpu.h"
#include "runtime/why.h"
#include "tests/conform/subject.h"

#include <stddef.h>

enum { PLUGIN_LIMIT = 32 };

struct plugin {
	char name[64]; /* of the backend; of the file where it could not be read */
	int status;    /* 0, TENON_EUNSUPPORTED where only this CPU is in the way, TENON_EREFUSED */
	const struct tenon_backend *backend; /* NULL unless status is 0 */
	struct why why;                      /* why status is not 0 */
};

/* The *.so of folder, by name; returns how many, -1 if the folder cannot be read. */
int open_plugins(const char *folder, const struct cpu *cpu, struct plugin list[PLUGIN_LIMIT]);

#endif
