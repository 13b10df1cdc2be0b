/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a backend may be called, in configuration, notes and messages alike. No state; anyone may call.
 */
#ifndef RUNTIME_NAME_H
#define RUNTIME_NAME_H

#include <stdbool.h>
#include <string.h>

#define BACKEND_NAME_SIZE 32
#define BACKEND_NAME_RULE "letters, digits, '.', '_' and '-', at most 31, starting with a letter or a digit"

static inline bool is_backend_name(const char *name)
{
	static const char legal[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-";
	size_t length = strspn(name, legal);
	return length > 0 && length < BACKEND_NAME_SIZE && !name[length] && !strchr("._-", name[0]);
}

#endif
