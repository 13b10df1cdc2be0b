/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads one INI file through inih, with every line looked at first: what inih would silently cut, join or skip is an
 * error that names the line. Knows no key; knows nothing of threads.
 */
#ifndef RUNTIME_INIFILE_H
#define RUNTIME_INIFILE_H

#include <stdbool.h>

#include "runtime/why.h"

/* A section header (key and value NULL) or a key. Valid during the call. */
struct ini_line {
	const char *path;
	int number;
	const char *section;
	const char *key;
	const char *value;
};

/* Returns 0 to go on; a status, with why filled, ends the reading with it. */
typedef int ini_line_fn(void *user, const struct ini_line *line, struct why *why);

/* A file that is not there is an error only if required. TENON_ECONFIG, TENON_ENOMEM or what the callback returned. */
int read_ini_file(const char *path, bool required, ini_line_fn *callback, void *user, struct why *why);

#endif
