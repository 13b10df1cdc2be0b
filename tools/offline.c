/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The machine and its backends as the offline commands see them; see offline.h. Main thread of the tool only. No state.
 */
#include "tools/offline.h"

#include <string.h>

#include "runtime/load.h"
#include "runtime/stage.h"

int open_machine(struct tool *tool, const char *path, struct machine *machine)
{
	struct why why;
	if (load_config(&machine->config, path, &why))
		return fail(tool, why.status == TENON_ECONFIG ? EXIT_USAGE : EXIT_REFUSED, "%s", why.text);
	probe_cpu(&machine->cpu);
	if (cap_cpu(&machine->cpu, machine->config.max_isa, &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	return EXIT_DONE;
}

static void offer_everything(struct offer *offer)
{
	memset(offer, 0, sizeof *offer);
	offer->known = true;
	for (int i = 0; i < KERNEL_COUNT; i++)
		offer->own[i] = true;
}

void ask_backend(const struct machine *machine, struct candidate *candidate, struct offer *offer)
{
	memset(offer, 0, sizeof *offer);
	if (candidate->status)
		return;
	if (!*candidate->path) {
		offer_everything(offer);
		return;
	}
	struct image *image;
	candidate->status = load_image(&machine->config, &machine->cpu, candidate, PROVE_NOT, &image, &candidate->why);
	if (!candidate->status) {
		offer->known = true;
		for (int i = 0; i < KERNEL_COUNT; i++) {
			offer->own[i] = image->function[i] != NULL;
			offer->numeric_class[i] = image->numeric_class[i];
			memcpy(offer->lacks[i], image->lacks[i], sizeof offer->lacks[i]);
		}
		unload_image(image, NULL);
	}
	close_stage();
}

void select_backend(const struct machine *machine, struct selection *selection)
{
	struct offer offer;
	struct why why = {0};
	memset(selection, 0, sizeof *selection);
	struct candidate *candidate = &selection->candidate;
	int status = resolve_backend(&machine->config, &machine->cpu, machine->config.backend, candidate, &why);
	if (status) {
		candidate->status = status;
		candidate->why = why;
		return;
	}
	selection->passed_over = why;
	ask_backend(machine, candidate, &offer);
}

void describe_selection(const struct machine *machine, const struct selection *selection, char *text, size_t size)
{
	const struct candidate *candidate = &selection->candidate;
	const char *origin = config_origin(&machine->config, "runtime", "backend");
	if (candidate->status)
		snprintf(text, size, "[runtime] backend = %s (%s) cannot be had, so scalar serves: %s",
			 machine->config.backend, origin, candidate->why.text);
	else
		snprintf(text, size, "[runtime] backend = %s (%s) takes %s", machine->config.backend, origin,
			 candidate->name);
}

const char *name_state(int status)
{
	return status == 0 ? "usable" : status == TENON_EUNSUPPORTED ? "unsupported" : "refused";
}

const char *name_isa(const char *needs)
{
	return *needs ? needs : "baseline";
}

const char *name_class(uint32_t numeric_class)
{
	return numeric_class == TENON_EXACT ? "exact" : "bounded";
}

#ifdef HAVE_JANSSON
json_t *offer_as_json(const struct candidate *candidate, const struct offer *offer)
{
	json_t *list = json_array();
	for (int i = 0; i < KERNEL_COUNT; i++) {
		const char *source = offer->own[i] ? candidate->name : "scalar";
		const char *class = name_class(offer->numeric_class[i]); /* what is inherited is exact */
		json_array_append_new(list,
				      json_pack("{s:s, s:s?, s:s?}", "name", kernels[i].name, "class",
						offer->known ? class : NULL, "source", offer->known ? source : NULL));
	}
	return list;
}
#endif
