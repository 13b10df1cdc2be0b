/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kept: every table that was published and may still be read, every image that is loaded. Lists and questions about
 * them; retire.c owns the lock that all of this is under, and decides when.
 */
#ifndef RUNTIME_KEPT_H
#define RUNTIME_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/load.h"
#include "runtime/table.h"

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

bool same_composition(const struct table *a, const struct table *b);

/* The same backends for the same kernels, whatever either has of probes and counting. */
bool serves_same(const struct table *a, const struct table *b);

/* A copy with a generation of its own; NULL when memory is short. */
const struct table *add_table(const struct table *composition);

/* A kept table of this composition, which is not garbage from now on; or NULL. */
const struct table *find_table(const struct table *composition);

size_t count_tables(void);

/* Is there a table that neither calls nor rollbacks can reach? Not certain while a rollback is under way. */
bool has_garbage(void);

/* Marks what nobody can reach from now on. False while a rollback is under way, which might. */
bool mark_garbage(void);

/* Frees what was marked: one grace period later. */
void free_garbage(void);

/* ---- Images ------------------------------------------------------------------------------------------------------ */

void add_image(struct image *image);

/* The image of this file in this state, loaded under this policy, or NULL. Other states of the file are on their way out from here on. */
struct image *find_image(const char *path, const struct file_key *key, unsigned policy);

/* Sends an image out, those that before uses and after does not, or all: to be unloaded when no kept table uses it. */
void let_image_go(const struct image *image);
void let_replaced_go(const struct table *before, const struct table *after);
void let_all_go(void);

/* Sends the one that was used least recently out, when more than max are used by no table. */
void limit_idle_images(size_t max);

/*
 * Takes an image that is on its way out, and that no kept table uses, off the list; or NULL. It is counted until it is
 * unmapped and forgotten; one at a time.
 */
bool has_leaving_image(void);
struct image *take_leaving_image(void);
void forget_taken_image(void);

size_t count_images(void);

/* Those on their way out that only unreachable tables use: they wait for readers, or are being unmapped. */
size_t count_pending_images(void);

/* ---- A forked child ---------------------------------------------------------------------------------------------- */

/* Forgets what waits: it would wait for ever there, and take the place of what the child replaces. */
void forget_waiting(void);

/* Forgets everything. */
void forget_kept(void);

#endif
