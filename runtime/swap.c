/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Composes tables out of images and has them published. Everything that can fail or take time happens before the one
 * store that publishes. Holds its events (its callers hold the runtime's lock). Reads the active table in a section, no
 * more of RCU: publish.c stores, retire.c waits and frees.
 */
#include "build.h"

#include "runtime/swap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/load.h"
#include "runtime/log.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/retire.h"

/* ---- Composition ------------------------------------------------------------------------------------------------ */

/* found, vetted, proven: all of it happened, or none is told; a refusal is told by who gave the order. */
static void note_loaded(const struct image *image, enum proving proving)
{
	const char *proof =
		proving == PROVE_NOT
			? "shipped with Tenon, and every kernel passed its power-on self-test"
			: "the quick profile in a helper process found scalar's bits, now or for a kept verdict";
	hold_event(TENON_LOG_DEBUG, FACTS(EVENT_found, .backend = image->name, .reason = image->path),
		   "%s: found at %s", image->name, image->path);
	hold_event(TENON_LOG_INFO,
		   FACTS(EVENT_vetted, .backend = image->name, .reason = "owner, structure and needs are good"),
		   "%s: vetted: version %s, build-id %s", image->name, image->version, image->build_id);
	hold_event(TENON_LOG_INFO, FACTS(EVENT_proven, .backend = image->name, .reason = proof), "%s: proven: %s",
		   image->name, proof);
}

static int load_candidate(const struct runtime *runtime, const struct candidate *candidate, enum proving proving,
			  struct swap *swap, const struct image **image, struct why *why)
{
	struct image *loaded;
	int status = check_room(why);
	if (status == TENON_OK)
		status = load_image(&runtime->config, &runtime->cpu, candidate, proving, &loaded, why);
	if (status)
		return status;
	note_loaded(loaded, proving);
	loaded->policy = runtime->policy;
	keep_image(loaded);
	if (swap->loaded_count < KERNEL_COUNT + 1)
		swap->loaded[swap->loaded_count++] = loaded;
	*image = loaded;
	return TENON_OK;
}

/* The image that name means: scalar, a warm one of the same file in the same state, or a new one. */
static int obtain_image(const struct runtime *runtime, const char *name, unsigned flags, struct swap *swap,
			const struct image **image, struct why *why)
{
	struct stat status;
	struct candidate *candidate = malloc(sizeof *candidate);
	if (!candidate)
		return explain(why, TENON_ENOMEM, "swap: no memory");
	int result = resolve_backend(&runtime->config, &runtime->cpu, name, candidate, why);
	if (result)
		goto out;
	if (!candidate->path[0]) {
		*image = &scalar_image;
		goto out;
	}
	if (stat(candidate->path, &status)) {
		result = explain(why, TENON_ESYSTEM, "%s: %s", candidate->path, strerror(errno));
		goto out;
	}
	struct file_key key = key_of_file(&status);
	struct image *warm = find_warm_image(candidate->path, &key, runtime->policy);
	if (warm && !(flags & TENON_SWAP_COLD)) {
		*image = warm;
		goto out;
	}
	bool is_trusted = flags & SWAP_OPENING && strcmp(name, "auto") == 0 && is_shipped(candidate);
	result = load_candidate(runtime, candidate, is_trusted ? PROVE_NOT : PROVE_FIRST, swap, image, why);
	if (result == TENON_OK && warm)
		drop_image(warm);
out:
	free(candidate);
	return result;
}

static void note_quarantine(struct swap *swap, int kernel, const struct image *image)
{
	char before[sizeof swap->note.text];
	snprintf(before, sizeof before, "%s", swap->note.text);
	if (before[0])
		explain(&swap->note, TENON_OK, "%.400s, %s of %s", before, kernels[kernel].name, image->name);
	else
		explain(&swap->note, TENON_OK, "quarantined, so scalar serves it: %s of %s", kernels[kernel].name,
			image->name);
}

static void set_entry(struct swap *swap, int kernel, const struct image *image)
{
	struct table *table = &swap->table;
	bool inherits = !image->function[kernel];
	if (!inherits && is_quarantined(image->build_id, kernel)) {
		note_quarantine(swap, kernel, image);
		swap->is_quarantined[kernel] = inherits = true;
	}
	table->image[kernel] = inherits ? &scalar_image : image;
	table->function[kernel] = inherits ? kernels[kernel].scalar : image->function[kernel];
}

/* A backend of which nothing may serve is not what anybody asked for. */
static int set_entries(struct swap *swap, const struct image *image, struct why *why)
{
	int offered = 0, served = 0;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		set_entry(swap, i, image);
		offered += image->function[i] != NULL;
		served += swap->table.image[i] == image;
	}
	if (served || !offered)
		return TENON_OK;
	return explain(why, TENON_EREFUSED,
		       "%s: every kernel that it has is quarantined (build-id %s); see why with tenon quarantine "
		       "list, and end it with tenon quarantine clear %s",
		       image->path, image->build_id, image->name);
}

/* [kernels]: what an operator chose for one kernel stays, whatever serves the others. */
static int override_entry(const struct runtime *runtime, struct swap *swap, int kernel, struct why *why)
{
	const char *name = runtime->config.kernel_backend[kernel];
	const struct image *image;
	int status = obtain_image(runtime, name, 0, swap, &image, why);
	if (status)
		return status;
	if (!image->function[kernel])
		return explain(why, TENON_EREFUSED,
			       "[kernels] %s = %s: that backend has no %s for this CPU; choose "
			       "another or remove the line",
			       kernels[kernel].name, name, kernels[kernel].name);
	set_entry(swap, kernel, image);
	if (image != swap->table.selected)
		swap->table.selected = NULL;
	return TENON_OK;
}

static int compose_table(const struct runtime *runtime, const char *name, struct swap *swap, struct why *why)
{
	const struct image *image;
	int status = obtain_image(runtime, name, swap->flags, swap, &image, why);
	if (status)
		return status;
	swap->table.selected = image;
	status = set_entries(swap, image, why);
	for (int i = 0; i < KERNEL_COUNT && status == TENON_OK; i++)
		if (runtime->config.kernel_backend[i][0])
			status = override_entry(runtime, swap, i, why);
	return status;
}

int prepare_swap(const struct runtime *runtime, const char *name, unsigned flags, struct swap *swap, struct why *why)
{
	*swap = (struct swap){.flags = flags};
	int status = begin_swap(&swap->vetoes, why);
	hold_images();
	return status ? status : compose_table(runtime, name, swap, why);
}

void end_swap(struct swap *swap)
{
	(void)swap;
	release_images();
}

void forget_swap(struct swap *swap)
{
	for (unsigned i = 0; i < swap->loaded_count; i++)
		drop_image(swap->loaded[i]);
}

/* ---- What serves ------------------------------------------------------------------------------------------------ */

/* What completed its rollout, without a probe: the side of a trial that it may fall back to. */
static void copy_serving(struct table *plain)
{
	bool section;
	const struct table *active = enter_table(&section);
	*plain = active->is_trial ? *active : *plain_of(active);
	for (int i = 0; i < KERNEL_COUNT; i++) /* a trial's image[] are those of what it may replace */
		plain->function[i] = plain->image[i]->function[i];
	leave_table(section);
	plain->probe = NULL;
	plain->is_trial = false;
}

bool is_probe_active(const struct probe *probe)
{
	bool section;
	const struct table *active = enter_table(&section);
	bool is_active = active->probe == probe;
	leave_table(section);
	return is_active;
}

struct probe *keep_watched_probe(void)
{
	bool section;
	const struct table *active = enter_table(&section);
	struct probe *probe = active->is_trial ? NULL : active->probe;
	if (probe)
		keep_probe(probe);
	leave_table(section);
	return probe;
}

bool differs_from_serving(const struct swap *swap)
{
	struct table serving;
	copy_serving(&serving);
	return memcmp(serving.function, swap->table.function, sizeof serving.function) != 0;
}

/* ---- Publication ------------------------------------------------------------------------------------------------ */

const struct table *candidate_of(struct probe *probe)
{
	const struct table table = {.probe = probe};
	return plain_of(&table);
}

static int publish_probed(uint64_t vetoes, const struct table *plain, const struct table *candidate,
			  const struct probe_plan *plan, unsigned percent, unsigned flags, struct probe **probe,
			  struct why *why)
{
	struct table table;
	int status = make_probe(plain, candidate, plan, &table, why);
	if (status)
		return status;
	set_probe_share(table.probe, percent);
	status = hand_over(vetoes, &table, flags, why);
	if (status)
		release_probe(table.probe);
	else
		*probe = table.probe;
	return status;
}

/* As it is, or under watch. */
static int publish_composition(uint64_t vetoes, const struct table *composition, uint32_t shadow, unsigned flags,
			       struct why *why)
{
	const struct probe_plan plan = {.shadow = shadow};
	struct probe *probe;
	if (!shadow)
		return hand_over(vetoes, composition, flags, why);
	int status = publish_probed(vetoes, composition, composition, &plan, 100, flags, &probe, why);
	if (status == TENON_OK)
		release_probe(probe); /* the table has a reference of its own */
	return status;
}

int publish_swap(const struct swap *swap, uint32_t shadow, struct why *why)
{
	return publish_composition(swap->vetoes, &swap->table, shadow, swap->flags, why);
}

int publish_trial(const struct swap *swap, const struct probe_plan *plan, unsigned percent, struct probe **probe,
		  struct why *why)
{
	struct table plain;
	copy_serving(&plain);
	*probe = NULL;
	return publish_probed(swap->vetoes, &plain, &swap->table, plan, percent, 0, probe, why);
}

int publish_promotion(struct probe *trial, uint32_t shadow, unsigned flags, struct why *why)
{
	uint64_t vetoes;
	int status = begin_swap(&vetoes, why);
	if (status)
		return status;
	if (!is_probe_active(trial))
		return explain(why, TENON_EROLLEDBACK, "promotion: what was on probation does not serve any more");
	hold_images();
	status = publish_composition(vetoes, candidate_of(trial), shadow, flags, why);
	release_images();
	return status;
}

int publish_shadow(uint32_t shadow, struct why *why)
{
	uint64_t vetoes;
	struct table plain;
	bool section;
	int status = begin_swap(&vetoes, why);
	if (status)
		return status;
	const struct table *active = enter_table(&section);
	bool trial = active->is_trial;
	leave_table(section);
	if (trial)
		return explain(why, TENON_EAGAIN,
			       "a rollout is under way, which compares calls by itself; try again when it is over");
	copy_serving(&plain);
	hold_images();
	status = publish_composition(vetoes, &plain, shadow, 0, why);
	release_images();
	return status;
}

/* ---- Counting --------------------------------------------------------------------------------------------------- */

static _Atomic uint64_t swaps;

void count_swap(void)
{
	atomic_fetch_add(&swaps, 1);
}

uint64_t count_swaps(void)
{
	return atomic_load(&swaps);
}
