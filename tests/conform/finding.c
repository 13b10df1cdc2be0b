/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Findings; see finding.h. Pure.
 */
#include "tests/conform/finding.h"

#include <stdarg.h>
#include <stdio.h>

const char *name_check(enum check check)
{
	static const char *const words[] = {"none",
#define CHECK(name, word) word,
					    CHECKS(CHECK)
#undef CHECK
	};
	return words[check];
}

bool find(struct finding *finding, enum check check, const char *format, ...)
{
	if (finding->check)
		return false;
	va_list list;
	va_start(list, format);
	vsnprintf(finding->text, sizeof finding->text, format, list);
	va_end(list);
	finding->check = check;
	return false;
}
