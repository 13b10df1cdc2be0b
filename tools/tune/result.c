/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes of the duels: the choices, the file that makes them, and how they are told; see tune.h.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/tuned.h"
#include "tools/tune/tune.h"

/* ---- Choices ----------------------------------------------------------------------------------------------------- */

/* The line that has the word on this kernel, unless it is ours. */
static void find_elsewhere(const struct config *config, int kernel, char *text, size_t size)
{
	const char *origin = config_origin(config, "kernels", kernels[kernel].name);
	text[0] = '\0';
	if (*config->kernel_backend[kernel] && !strstr(origin, "/" TUNED_FOLDER "/" TUNED_FILE ":"))
		snprintf(text, size, "%s = %s (%s)", kernels[kernel].name, config->kernel_backend[kernel], origin);
}

static bool was_measured(int kernel)
{
	size_t count;
	const struct duel *list = list_duels(&count);
	for (size_t i = 0; i < count; i++)
		if (list[i].kernel == kernel)
			return true;
	return false;
}

/* What serves untuned leads; then in auto's order: who comes later has to beat who leads. */
static int choose_winner(const struct field *field, int kernel, int incumbent)
{
	int leader = incumbent;
	for (size_t i = 0; i < field->count; i++)
		if (field->list[i].conforms[kernel] && (int)i != leader &&
		    (leader < 0 || beats(kernel, i, (size_t)leader)))
			leader = (int)i;
	return leader;
}

void choose_winners(const struct field *field, const struct config *config, struct choice choices[KERNEL_COUNT])
{
	for (int k = 0; k < KERNEL_COUNT; k++) {
		struct choice *c = &choices[k];
		*c = (struct choice){.incumbent = find_incumbent(field, k), .winner = -1, .measured = was_measured(k)};
		find_elsewhere(config, k, c->elsewhere, sizeof c->elsewhere);
		if (c->measured && !*c->elsewhere)
			c->winner = choose_winner(field, k, c->incumbent);
	}
}

static const char *name_competitor(const struct field *field, int index)
{
	return index < 0 ? "" : field->list[index].backend->candidate.name;
}

/* ---- The file ---------------------------------------------------------------------------------------------------- */

/* What auto takes anyway needs no line: a line would hold the kernel there whatever else is swapped in. */
static void write_choices(FILE *out, const struct field *field, const struct choice choices[KERNEL_COUNT])
{
	fprintf(out, "\n[kernels]\n");
	for (int k = 0; k < KERNEL_COUNT; k++) {
		const struct choice *c = &choices[k];
		if (c->winner >= 0 && c->winner != c->incumbent)
			fprintf(out, "%s = %s\n", kernels[k].name, name_competitor(field, c->winner));
		else if (c->winner >= 0)
			fprintf(out, "; %s: %s, which serves it anyway\n", kernels[k].name,
				name_competitor(field, c->winner));
	}
}

char *compose_tuned_file(const struct field *field, const struct config *config,
			 const struct choice choices[KERNEL_COUNT])
{
	char header[TUNED_KEYS * 2 * TUNED_VALUE_SIZE], *text = NULL;
	struct tuned tuned;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	describe_tuned(config->max_isa, &tuned);
	print_tuned(&tuned, header, sizeof header);
	fprintf(out,
		"; Written by tenon tune, which writes it anew. It counts on this CPU and with this Tenon alone.\n%s",
		header);
	write_choices(out, field, choices);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static void print_choice(FILE *out, const struct field *field, int kernel, const struct choice *c)
{
	const char *incumbent = name_competitor(field, c->incumbent), *winner = name_competitor(field, c->winner);
	if (*c->elsewhere)
		fprintf(out, "  %-22s left alone: %s\n", kernels[kernel].name, c->elsewhere);
	else if (c->winner < 0)
		return;
	else if (c->winner == c->incumbent)
		fprintf(out, "  %-22s %-10s serves it anyway\n", kernels[kernel].name, winner);
	else if (c->incumbent < 0)
		fprintf(out, "  %-22s %-10s in place of what does not conform\n", kernels[kernel].name, winner);
	else
		fprintf(out, "  %-22s %-10s in place of %s\n", kernels[kernel].name, winner, incumbent);
}

void print_choices(FILE *out, const struct field *field, const struct choice choices[KERNEL_COUNT])
{
	fprintf(out, "\n");
	for (size_t i = 0; i < field->count; i++)
		if (field->list[i].fails)
			fprintf(out, "  %s does not conform: %s\n", field->list[i].backend->candidate.name,
				field->list[i].reason);
	for (int k = 0; k < KERNEL_COUNT; k++)
		print_choice(out, field, k, &choices[k]);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *duels_as_json(const struct field *field, int kernel)
{
	size_t count;
	json_t *array = json_array();
	const struct duel *list = list_duels(&count);
	for (size_t i = 0; i < count; i++) {
		const struct duel *d = &list[i];
		if (d->kernel == kernel)
			json_array_append_new(array,
					      json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:s}", "shape", d->shape,
							"backend", name_competitor(field, (int)d->one), "against",
							name_competitor(field, (int)d->other), "ratio",
							json_figure(d->ratio), "low", json_figure(d->interval.low),
							"high", json_figure(d->interval.high), "samples",
							(int)d->samples, "verdict", name_duel(d->verdict)));
	}
	return array;
}

static json_t *name_as_json(const struct field *field, int index)
{
	return index < 0 ? json_null() : json_string(name_competitor(field, index));
}

static json_t *competitors_as_json(const struct field *field)
{
	json_t *array = json_array();
	for (size_t i = 0; i < field->count; i++) {
		const struct competitor *c = &field->list[i];
		json_array_append_new(array,
				      json_pack("{s:s, s:b, s:o}", "name", c->backend->candidate.name, "conforms",
						!c->fails, "reason", c->fails ? json_string(c->reason) : json_null()));
	}
	return array;
}

json_t *tuning_as_json(const struct field *field, const struct choice choices[KERNEL_COUNT])
{
	json_t *list = json_array();
	for (int k = 0; k < KERNEL_COUNT; k++) {
		const struct choice *c = &choices[k];
		if (!c->measured && !*c->elsewhere)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:b, s:o, s:o}", "kernel", kernels[k].name,
						      "untuned", name_as_json(field, c->incumbent), "chosen",
						      name_as_json(field, c->winner), "written",
						      c->winner >= 0 && c->winner != c->incumbent, "elsewhere",
						      *c->elsewhere ? json_string(c->elsewhere) : json_null(), "duels",
						      duels_as_json(field, k)));
	}
	return json_pack("{s:o, s:o}", "backends", competitors_as_json(field), "kernels", list);
}
#endif
