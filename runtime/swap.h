/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mechanism of a swap: find, load, compose, publish; all kernels or nothing. Policy (change.h, rollout.h) says
 * when and to whom. Callers hold the runtime's lock from prepare to end.
 */
#ifndef RUNTIME_SWAP_H
#define RUNTIME_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/probe.h"
#include "runtime/runtime.h"
#include "runtime/table.h"

/* Beside enum tenon_swap_flags: tenon_open() swaps, which makes no child for what auto takes of the shipped ones. */
#define SWAP_OPENING 0x100u

/* A swap under way. */
struct swap {
	uint64_t vetoes;                              /* what publish.c compares */
	unsigned flags;                               /* enum tenon_swap_flags, SWAP_OPENING */
	struct table table;                           /* the composition, plain */
	bool is_quarantined[KERNEL_COUNT];            /* so scalar serves it */
	struct why note;                              /* text: which those are; "" for none */
	const struct image *loaded[KERNEL_COUNT + 1]; /* for it, and not warm before */
	unsigned loaded_count;
};

/*
 * Everything of a swap to name (a name, a path or "auto") that can fail or take time. Whatever it returns, end_swap()
 * gives up what it holds; nothing is published by either.
 */
int prepare_swap(const struct runtime *runtime, const char *name, unsigned flags, struct swap *swap, struct why *why);
void end_swap(struct swap *swap);

/* Unloads what prepare_swap() loaded; for a swap that was only tried. Before end_swap(). */
void forget_swap(struct swap *swap);

/*
 * Publishes the composition; with shadow, as a table under watch: one of so many calls is compared with scalar. On
 * failure what served goes on.
 */
int publish_swap(const struct swap *swap, uint32_t shadow, struct why *why);

/* Publishes it for percent of the calls; the others stay with what completed its rollout last. *probe: a reference. */
int publish_trial(const struct swap *swap, const struct probe_plan *plan, unsigned percent, struct probe **probe,
		  struct why *why);

/* Would a trial change anything? False: what serves has the same code for every kernel. */
bool differs_from_serving(const struct swap *swap);

/* Ends a trial well: publishes its candidate, as publish_swap() does. TENON_EROLLEDBACK: it does not serve any more. */
int publish_promotion(struct probe *trial, uint32_t shadow, unsigned flags, struct why *why);

/* Publishes what serves with another shadow, or without: TENON_EAGAIN during a trial, which has its own. */
int publish_shadow(uint32_t shadow, struct why *why);

/* The probe of what serves under a steady shadow, with a reference for the caller; NULL if there is none. */
struct probe *keep_watched_probe(void);

/* Does the probe's table serve now? */
bool is_probe_active(const struct probe *probe);

/* The composition that a probe, of which the caller has a reference, gives its share of calls to. */
const struct table *candidate_of(struct probe *probe);

/* Swaps that completed, promotions included, since the process started. */
void count_swap(void);
uint64_t count_swaps(void);

#endif
