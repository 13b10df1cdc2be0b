/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list of what tenon doctor found. Main thread of the tool.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/doctor/doctor.h"

__attribute__((format(printf, 6, 0))) static void add(struct doctor *doctor, enum finding_verdict verdict, int code,
						      const char *check, const char *remedy, const char *format,
						      va_list values)
{
	struct finding *larger = realloc(doctor->list, (doctor->count + 1) * sizeof *larger);
	if (!larger) {
		doctor->short_of_memory = true;
		return;
	}
	doctor->list = larger;
	struct finding *finding = &larger[doctor->count++];
	*finding = (struct finding){.area = doctor->area, .verdict = verdict, .code = code};
	snprintf(finding->check, sizeof finding->check, "%s", check);
	vsnprintf(finding->text, sizeof finding->text, format, values);
	snprintf(finding->remedy, sizeof finding->remedy, "%s", remedy);
}

void add_ok(struct doctor *doctor, const char *check, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	add(doctor, FINDING_OK, EXIT_DONE, check, "", format, values);
	va_end(values);
}

void add_note(struct doctor *doctor, const char *check, const char *remedy, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	add(doctor, FINDING_NOTE, EXIT_DONE, check, remedy, format, values);
	va_end(values);
}

void add_warning(struct doctor *doctor, const char *check, const char *remedy, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	add(doctor, FINDING_WARNING, EXIT_DONE, check, remedy, format, values);
	va_end(values);
}

void add_failure(struct doctor *doctor, int code, const char *check, const char *remedy, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	add(doctor, FINDING_FAILURE, code, check, remedy, format, values);
	va_end(values);
}

void add_refusal(struct doctor *doctor, int code, const char *check, const char *line, const char *remedy)
{
	char text[768];
	snprintf(text, sizeof text, "%s", line);
	char *last = NULL;
	for (char *at = text; (at = strstr(at, "; ")); at += 2)
		last = at;
	if (last) {
		*last = '\0';
		remedy = last + 2;
	}
	if (code)
		add_failure(doctor, code, check, remedy, "%s", text);
	else
		add_warning(doctor, check, remedy, "%s", text);
}
