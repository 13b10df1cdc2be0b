/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a rollback leaves behind: the kernels that misbehaved, on their way into quarantine; see culprits.h. No state.
 */
#include "build.h"

#include "runtime/culprits.h"

#include "runtime/log.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/runtime.h"
#include "runtime/swap.h"

void find_culprits(struct probe *probe, int cause, const char *reason, struct culprits *culprits)
{
	const struct table *candidate = candidate_of(probe);
	*culprits = (struct culprits){.image = {NULL}};
	copy_text(culprits->reason, sizeof culprits->reason, reason);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		struct probe_counts counts;
		read_probe(probe, i, &counts);
		if (i == cause || counts.tripped)
			culprits->image[i] = candidate->image[i];
	}
}

void quarantine_culprits(const struct culprits *culprits)
{
	for (int i = 0; i < KERNEL_COUNT; i++) {
		const struct image *image = culprits->image[i];
		struct why why = {0};
		if (!image || !image->build_id[0] || is_quarantined(image->build_id, i))
			continue;
		if (add_quarantine(image->build_id, image->name, kernels[i].name, culprits->reason, &why))
			hold_event(TENON_LOG_WARN,
				   FACTS(EVENT_trouble, .backend = image->name, .kernel = kernels[i].name,
					 .reason = why.text),
				   "quarantine of %s's %s is in the memory of this process alone: %s", image->name,
				   kernels[i].name, why.text);
		hold_event(TENON_LOG_WARN,
			   FACTS(EVENT_quarantined, .backend = image->name, .kernel = kernels[i].name,
				 .reason = culprits->reason),
			   "quarantined: %s of %s (build-id %s); scalar serves it from the next swap on, until tenon "
			   "quarantine clear %s %s",
			   kernels[i].name, image->name, image->build_id, image->name, kernels[i].name);
	}
}

bool find_outlawed(struct probe *probe, int *kernel, struct why *why)
{
	const struct table *candidate = candidate_of(probe);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		const struct image *image = candidate->image[i];
		if (image == &scalar_image || !is_quarantined(image->build_id, i))
			continue;
		explain(why, TENON_EROLLEDBACK, "%s of %s was put into quarantine meanwhile", kernels[i].name,
			image->name);
		*kernel = i;
		return true;
	}
	return false;
}

bool leads_to(const struct culprits *culprits)
{
	bool section, found = false;
	enter_table(&section);
	const struct table *previous = previous_table();
	for (int i = 0; i < KERNEL_COUNT; i++)
		found = found || (culprits->image[i] && previous->image[i] == culprits->image[i]);
	leave_table(section);
	return found;
}
