/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Failures in words, and the texts of the status codes. No state.
 */
#include "runtime/why.h"

#undef explain

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/public.h"

int explain(struct why *why, int status, const char *format, ...)
{
	if (!why)
		return status;
	va_list list;
	va_start(list, format);
	int length = vsnprintf(why->text, sizeof why->text, format, list);
	va_end(list);
	if (length >= (int)sizeof why->text)
		memcpy(why->text + sizeof why->text - 4, "...", 4);
	why->status = status;
	return status;
}

void copy_text(char *text, size_t size, const char *value)
{
	size_t length = strnlen(value, size);
	memcpy(text, value, length);
	if (length == size)
		memcpy(text + size - 4, "...", 4);
	else
		text[length] = '\0';
}

TENON_PUBLIC const char *tenon_strerror(int status)
{
	switch (status) {
#define TENON_STATUS(name, number, text) \
	case number:                     \
		return text;
#include <tenon/status.def>
#undef TENON_STATUS
	}
	return "unknown status";
}
