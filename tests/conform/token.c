/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Points as text: for people, and as replay tokens. Pure.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/trial.h"

struct point point_at_rest(const struct spec *spec)
{
	struct point point = {{0}};
	for (int i = 0; spec->axes[i].name; i++)
		point.at[i] = get_rest(&spec->axes[i]);
	return point;
}

/* Appends as much as fits. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list list;
	va_start(list, format);
	vsnprintf(text + used, size - used, format, list);
	va_end(list);
}

static void append_value(const struct axis *axis, int64_t value, char *text, size_t size)
{
	if (axis->words)
		append(text, size, "%s=%s", axis->name, axis->words[value - axis->least]);
	else
		append(text, size, "%s=%" PRId64, axis->name, value);
}

void describe_point(const struct spec *spec, const struct point *point, char *text, size_t size)
{
	*text = '\0';
	for (int i = AXIS_OWN; spec->axes[i].name; i++) {
		if (i > AXIS_OWN && point->at[i] == get_rest(&spec->axes[i]))
			continue;
		append(text, size, "%s", *text ? " " : "");
		append_value(&spec->axes[i], point->at[i], text, size);
	}
}

void write_token(const struct spec *spec, uint64_t seed, const struct point *point, char *text, size_t size)
{
	snprintf(text, size, "%s:seed=%" PRIu64, spec->kernel, seed);
	for (int i = 0; spec->axes[i].name; i++) {
		if (point->at[i] == get_rest(&spec->axes[i]))
			continue;
		append(text, size, ",");
		append_value(&spec->axes[i], point->at[i], text, size);
	}
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static int find_axis(const struct spec *spec, const char *name)
{
	for (int i = 0; spec->axes[i].name; i++)
		if (strcmp(spec->axes[i].name, name) == 0)
			return i;
	return -1;
}

static bool read_value(const struct axis *axis, const char *text, int64_t *value)
{
	char *end;
	for (int64_t v = axis->least; axis->words && v <= axis->most; v++)
		if (strcmp(axis->words[v - axis->least], text) == 0)
			return *value = v, true;
	*value = strtoll(text, &end, 10);
	return *text && !*end && !axis->words && *value >= axis->least && *value <= axis->most;
}

static bool read_seed(const char *text, uint64_t *seed)
{
	char *end;
	*seed = strtoull(text, &end, 10);
	return *text && !*end;
}

static int read_term(const struct spec *spec, char *term, uint64_t *seed, struct point *point, struct why *why)
{
	char *value = strchr(term, '=');
	if (!value)
		return explain(why, TENON_EINVAL, "the token's '%s' is not name=value", term);
	*value++ = '\0';
	int axis = find_axis(spec, term);
	if (strcmp(term, "seed") == 0 ? read_seed(value, seed)
				      : axis >= 0 && read_value(&spec->axes[axis], value, &point->at[axis]))
		return 0;
	return explain(why, TENON_EINVAL, "the token's %s=%s is no point of %s; take a token as a failure printed it",
		       term, value, spec->kernel);
}

int read_token(const char *token, uint64_t *seed, struct point *point, struct why *why)
{
	char text[512], *rest = text, *term;
	snprintf(text, sizeof text, "%s", token);
	int kernel = find_kernel_name(strsep(&rest, ":"));
	if (kernel < 0)
		return explain(why, TENON_EINVAL,
			       "the token's kernel '%s' is unknown; a token is KERNEL:seed=N,axis=value...", text),
		       -1;
	*seed = 1;
	*point = point_at_rest(specs[kernel]);
	while ((term = strsep(&rest, ",")))
		if (*term && read_term(specs[kernel], term, seed, point, why))
			return -1;
	return kernel;
}
