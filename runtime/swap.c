/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Swaps and rollbacks: the public functions, and the composition of a table out of images. Everything that can fail or
 * take time happens before the one store that publishes. Knows no RCU: publish.c stores, retire.c waits and frees.
 */
#include "build.h"

#include "runtime/swap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/load.h"
#include "runtime/log.h"
#include "runtime/public.h"
#include "runtime/publish.h"
#include "runtime/retire.h"
#include "runtime/table.h"
#include "runtime/thread.h"

/* ---- Composition ------------------------------------------------------------------------------------------------- */

static int load_candidate(const struct runtime *runtime, const struct candidate *candidate, const struct image **image,
			  struct why *why)
{
	struct image *loaded;
	int status = check_room(why);
	if (status == TENON_OK)
		status = load_image(&runtime->config, &runtime->cpu, candidate, &loaded, why);
	if (status)
		return status;
	keep_image(loaded);
	*image = loaded;
	return TENON_OK;
}

/* The image that name means: scalar, a warm one of the same file in the same state, or a new one. */
static int obtain_image(const struct runtime *runtime, const char *name, unsigned flags, const struct image **image,
			struct why *why)
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
	struct image *warm = find_warm_image(candidate->path, &key);
	if (warm && !(flags & TENON_SWAP_COLD)) {
		*image = warm;
		goto out;
	}
	result = load_candidate(runtime, candidate, image, why);
	if (result == TENON_OK && warm)
		drop_image(warm);
out:
	free(candidate);
	return result;
}

static void set_entry(struct table *table, int kernel, const struct image *image)
{
	bool inherits = !image->function[kernel];
	table->image[kernel] = inherits ? &scalar_image : image;
	table->function[kernel] = inherits ? kernels[kernel].scalar : image->function[kernel];
}

/* [kernels]: what an operator chose for one kernel stays, whatever serves the others. */
static int override_entry(const struct runtime *runtime, struct table *table, int kernel, struct why *why)
{
	const char *name = runtime->config.kernel_backend[kernel];
	const struct image *image;
	int status = obtain_image(runtime, name, 0, &image, why);
	if (status)
		return status;
	if (!image->function[kernel])
		return explain(why, TENON_EREFUSED, "[kernels] %s = %s: that backend has no %s for this CPU; choose "
			       "another or remove the line", kernels[kernel].name, name, kernels[kernel].name);
	set_entry(table, kernel, image);
	if (image != table->selected)
		table->selected = NULL;
	return TENON_OK;
}

static int compose_table(const struct runtime *runtime, const char *name, unsigned flags, struct table *table,
			 struct why *why)
{
	const struct image *image;
	int status = obtain_image(runtime, name, flags, &image, why);
	if (status)
		return status;
	table->selected = image;
	for (int i = 0; i < KERNEL_COUNT; i++)
		set_entry(table, i, image);
	for (int i = 0; i < KERNEL_COUNT && status == TENON_OK; i++)
		if (runtime->config.kernel_backend[i][0])
			status = override_entry(runtime, table, i, why);
	return status;
}

/* ---- Publication ------------------------------------------------------------------------------------------------- */

int swap_backend(const struct runtime *runtime, const char *name, unsigned flags, struct why *why)
{
	uint64_t vetoes;
	struct table table = {0};
	int status = begin_swap(&vetoes, why);
	if (status)
		return status;
	hold_images();
	status = compose_table(runtime, name, flags, &table, why);
	if (status == TENON_OK)
		status = hand_over(vetoes, &table, flags, why);
	release_images();
	return status;
}

/* ---- Public ------------------------------------------------------------------------------------------------------ */

static _Atomic uint64_t swaps;

uint64_t count_swaps(void)
{
	return atomic_load(&swaps);
}

static int swap_open_runtime(const char *backend, unsigned flags, struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	if (!runtime->references)
		status = explain(why, TENON_ENOTOPEN, "tenon_swap: the runtime is not open; call tenon_open() first");
	else
		status = swap_backend(runtime, backend, flags, why);
	if (status == TENON_OK) {
		atomic_fetch_add(&swaps, 1);
		set_pinned(true);
		set_degraded("");
	}
	unlock_runtime();
	return status;
}

TENON_PUBLIC int tenon_swap(const char *backend, unsigned flags)
{
	struct why why;
	int status;
	if (!backend || !backend[0])
		status = explain(&why, TENON_EINVAL, "tenon_swap: backend is %s; give a name or a path",
				 backend ? "empty" : "NULL");
	else if (flags & ~(unsigned)TENON_SWAP_COLD)
		status = explain(&why, TENON_EINVAL, "tenon_swap: flags %#x has unknown bits", flags);
	else
		status = swap_open_runtime(backend, flags, &why);
	/* After the lock: the callback may call us. */
	if (status == TENON_OK)
		log_event(TENON_LOG_INFO, "swapped to %s", backend);
	else
		log_event(TENON_LOG_WARN, "swap to %s: %s", backend ? backend : "(null)", why.text);
	return status ? report_failure(&why) : TENON_OK;
}

TENON_PUBLIC void tenon_rollback(enum tenon_rollback_target target)
{
	roll_back(target);
}

TENON_PUBLIC int tenon_unpin(void)
{
	set_pinned(false);
	return TENON_OK;
}
