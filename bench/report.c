/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The figures as one JSON object, for --json. One thread.
 */
#include "build.h"

#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#ifdef HAVE_JANSSON
#include <jansson.h>

static json_t *results;
static int stdout_copy;

static json_t *number_or_null(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

int begin_json(void)
{
	fflush(stdout);
	results = json_array();
	stdout_copy = dup(STDOUT_FILENO);
	if (results && stdout_copy >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		return 0;
	perror("bench: --json");
	return -1;
}

void record_figure(const struct figure *f)
{
	if (!results)
		return;
	json_t *peers = json_object();
	for (size_t i = 0; i < f->peer_count; i++)
		json_object_set_new(peers, f->peer_names[i], number_or_null(f->peer_ratios[i]));
	json_array_append_new(results, json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:o, s:o, s:o, s:o}",
		"kernel", f->kernel, "shape", f->shape, "backend", f->contender->name,
		"ns_median", f->timing->median, "ns_mad", f->timing->deviation, "samples", ROUNDS,
		"gb_per_s", number_or_null(f->gb_per_s), "ratio_scalar", number_or_null(f->ratio_scalar),
		"ratio_limit", number_or_null(f->ratio_limit), "peers", peers));
}

int end_json(const char *model, const char *level)
{
	json_t *object = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:o}", "schema", "tenon.bench/1",
		"tenon_version", PACKAGE_VERSION, "environment", "cpu", model, "level", level, "compiler", __VERSION__,
		"results", results);
	FILE *out = fdopen(stdout_copy, "w");
	int failed = !object || !out || json_dumpf(object, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ||
		     fputc('\n', out) == EOF;
	failed = (out && fclose(out)) || failed;
	json_decref(object);
	if (failed)
		fputs("bench: the JSON could not be written\n", stderr);
	return failed ? -1 : 0;
}
#else
void record_figure(const struct figure *f)
{
	(void)f;
}

int begin_json(void)
{
	fputs("bench: --json needs jansson, which configure did not find (Debian package libjansson-dev)\n", stderr);
	return -1;
}

int end_json(const char *model, const char *level)
{
	(void)model;
	(void)level;
	return -1;
}
#endif
