/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the lists of kept tables and images, under retire.c's lock.
 *
 * RCU rule: a table is garbage when neither a call nor a rollback can reach it any more (publish.c says when that is
 * certain); retire.c lets a grace period pass between mark_garbage() and free_garbage(). An image that no kept table
 * uses has no readers.
 */
#include "build.h"

#include "runtime/kept.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/count.h"
#include "runtime/log.h"
#include "runtime/probe.h"
#include "runtime/publish.h"

struct kept {
	struct table table;
	struct kept *next;
	bool is_garbage; /* since before the grace period that is being waited for */
};

static struct kept *tables;
static struct image *images;
static size_t table_count;
static size_t taken_count;
static uint64_t generation;

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

/* Both sides of a table on probation. */
static bool uses_image(const struct table *table, const struct image *image)
{
	const struct table *candidate = plain_of(table);
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (table->image[i] == image || candidate->image[i] == image)
			return true;
	return false;
}

static void count_uses(const struct table *table, int change)
{
	for (struct image *image = images; image; image = image->next) {
		if (!uses_image(table, image))
			continue;
		image->uses = (size_t)((ptrdiff_t)image->uses + change);
		if (!image->uses)
			end_counting(image);
		if (change > 0)
			image->last_use = table->generation;
	}
}

static bool is_reachable(const struct kept *kept)
{
	const struct table *reachable[2];
	find_reachable(reachable);
	return &kept->table == reachable[0] || &kept->table == reachable[1];
}

bool same_composition(const struct table *a, const struct table *b)
{
	return a->selected == b->selected && a->probe == b->probe &&
	       memcmp(a->function, b->function, sizeof a->function) == 0 &&
	       memcmp(a->image, b->image, sizeof a->image) == 0;
}

bool serves_same(const struct table *a, const struct table *b)
{
	struct table plain_a = *plain_of(a), plain_b = *plain_of(b);
	uncount_table(&plain_a);
	uncount_table(&plain_b);
	return same_composition(&plain_a, &plain_b);
}

const struct table *add_table(const struct table *composition)
{
	struct kept *kept = aligned_alloc(64, (sizeof *kept + 63) & ~(size_t)63);
	if (!kept)
		return NULL;
	*kept = (struct kept){.table = *composition, .next = tables};
	kept->table.generation = ++generation;
	if (kept->table.probe)
		keep_probe(kept->table.probe);
	tables = kept;
	table_count++;
	count_uses(&kept->table, 1);
	return &kept->table;
}

const struct table *find_table(const struct table *composition)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (same_composition(&kept->table, composition)) {
			kept->is_garbage = false;
			return &kept->table;
		}
	return NULL;
}

size_t count_tables(void)
{
	return table_count;
}

bool has_garbage(void)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (!is_reachable(kept))
			return true;
	return false;
}

bool mark_garbage(void)
{
	const struct table *reachable[2];
	if (!find_reachable(reachable))
		return false;
	for (struct kept *kept = tables; kept; kept = kept->next)
		kept->is_garbage = &kept->table != reachable[0] && &kept->table != reachable[1];
	return true;
}

void free_garbage(void)
{
	for (struct kept **link = &tables; *link;) {
		struct kept *kept = *link;
		if (!kept->is_garbage) {
			link = &kept->next;
			continue;
		}
		*link = kept->next;
		count_uses(&kept->table, -1);
		table_count--;
		if (kept->table.probe)
			release_probe(kept->table.probe);
		free(kept);
	}
}

/* ---- Images ------------------------------------------------------------------------------------------------------ */

void add_image(struct image *image)
{
	image->last_use = generation;
	image->next = images;
	images = image;
}

static void send_out(struct image *image, const char *reason)
{
	if (image->is_leaving)
		return;
	image->is_leaving = true;
	hold_event(TENON_LOG_INFO, FACTS(EVENT_draining, .backend = image->name, .reason = reason),
		   "%s: on its way out: %s", image->name, reason);
}

struct image *find_image(const char *path, const struct file_key *key, unsigned policy)
{
	struct image *found = NULL;
	for (struct image *image = images; image; image = image->next) {
		if (strcmp(image->path, path) != 0)
			continue;
		bool matches = !found && image->policy == policy && same_key(&image->key, key);
		if (!matches) {
			send_out(image, "its file, or the rules for it, changed");
			continue;
		}
		image->is_leaving = false;
		found = image;
	}
	return found;
}

void let_image_go(const struct image *gone)
{
	for (struct image *image = images; image; image = image->next)
		if (image == gone)
			send_out(image, "it was loaded for a question, or is loaded anew");
}

void let_replaced_go(const struct table *before, const struct table *after)
{
	for (struct image *image = images; image; image = image->next)
		if (uses_image(before, image) && !uses_image(after, image))
			send_out(image, "a cold swap replaced it");
}

void let_all_go(void)
{
	for (struct image *image = images; image; image = image->next)
		send_out(image, "Tenon closes");
}

void limit_idle_images(size_t max)
{
	size_t idle = 0;
	struct image *oldest = NULL;
	for (struct image *image = images; image; image = image->next) {
		if (image->uses || image->is_leaving)
			continue;
		idle++;
		if (!oldest || image->last_use < oldest->last_use)
			oldest = image;
	}
	if (idle > max)
		send_out(oldest, "of the backends that serve nothing it was used least recently");
}

static bool may_leave(const struct image *image)
{
	return !image->uses && image->is_leaving;
}

bool has_leaving_image(void)
{
	for (struct image *image = images; image; image = image->next)
		if (may_leave(image))
			return true;
	return false;
}

struct image *take_leaving_image(void)
{
	for (struct image **link = &images; *link; link = &(*link)->next) {
		struct image *image = *link;
		if (may_leave(image)) {
			*link = image->next;
			taken_count = 1;
			return image;
		}
	}
	return NULL;
}

void forget_taken_image(void)
{
	taken_count = 0;
}

size_t count_images(void)
{
	size_t count = taken_count;
	for (struct image *image = images; image; image = image->next)
		count++;
	return count;
}

static bool is_pending(const struct image *image)
{
	if (!image->is_leaving)
		return false;
	for (struct kept *kept = tables; kept; kept = kept->next)
		if (is_reachable(kept) && uses_image(&kept->table, image))
			return false;
	return true;
}

size_t count_pending_images(void)
{
	size_t count = taken_count;
	for (struct image *image = images; image; image = image->next)
		count += is_pending(image);
	return count;
}

/* ---- A forked child ---------------------------------------------------------------------------------------------- */

void forget_waiting(void)
{
	for (struct kept *kept = tables; kept; kept = kept->next)
		kept->is_garbage = !is_reachable(kept);
	free_garbage();
	for (struct image **link = &images; *link;)
		if ((*link)->is_leaving)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	forget_taken_image();
}

void forget_kept(void)
{
	tables = NULL;
	images = NULL;
	table_count = taken_count = 0;
}
