/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Branch-free C for deltas as compilers vectorise it: at the baseline ISA, with the compiler of this build, and for
 * this very machine, with gcc and with clang, as tools/fetch-peers builds it.
 */
#include <stdio.h>

#include "bench/peers/peers.h"

#define PUBLIC __attribute__((unused)) static
#define VERSION ""
#include "bench/peers/built/plain.c"

struct functions {
	any_fn *apply, *merge, *apply_words, *merge_words;
};
static struct functions gcc, clang;
static struct functions baseline = {(any_fn *)peer_delta_apply, (any_fn *)peer_delta_merge,
				    (any_fn *)peer_delta_apply_words, (any_fn *)peer_delta_merge_words};

typedef void apply_fn(const uint64_t *mask, const unsigned char *payload, unsigned char *page, size_t size);
typedef void merge_fn(const uint64_t *first_mask, const unsigned char *first, const uint64_t *second_mask,
		      const unsigned char *second, uint64_t *mask, unsigned char *payload, size_t size);

static bool open_plain(const char *file, struct functions *functions, char *message, size_t size)
{
	const struct symbol symbols[] = {
		{"peer_delta_apply", &functions->apply},
		{"peer_delta_merge", &functions->merge},
		{"peer_delta_apply_words", &functions->apply_words},
		{"peer_delta_merge_words", &functions->merge_words},
	};
	return open_built(file, symbols, sizeof symbols / sizeof *symbols, message, size);
}

static bool open_gcc(char *message, size_t size)
{
	return open_plain("plain-gcc", &gcc, message, size);
}

static bool open_clang(char *message, size_t size)
{
	return open_plain("plain-clang", &clang, message, size);
}

static bool open_baseline(char *message, size_t size)
{
	snprintf(message, size, "%s", __VERSION__);
	return true;
}

static void run_apply(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_delta_apply_args *a = trial->args;
	for (size_t t = 0; t < times; t++)
		((apply_fn *)trial->function)(a->delta->mask, a->delta->payload, a->page, a->delta->size);
}

static void run_merge(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_delta_merge_args *a = trial->args;
	for (size_t t = 0; t < times; t++) {
		((merge_fn *)trial->function)(a->first->mask, a->first->payload, a->second->mask, a->second->payload,
					      a->merged->mask, a->merged->payload, a->second->size);
		a->merged->order = a->second->order;
	}
}

static bool is_even(struct trial *trial)
{
	return ((const struct tenon_delta_apply_args *)trial->args)->delta->size % 8 == 0;
}

/* Its buffers may not be those of an input, as ours may. */
static bool is_apart(struct trial *trial)
{
	const struct tenon_delta_merge_args *a = trial->args;
	return a->merged->payload != a->first->payload && a->merged->payload != a->second->payload &&
	       a->first->size % 8 == 0;
}

static bool check_output(struct trial *trial, const void *expected)
{
	return check_bytes(trial, trial->race->output, expected, trial->race->size);
}

#define APPLY_PEER(title, pointer, prepare_)                                                                           \
	{                                                                                                              \
		.kernel = "delta_apply", .name = title, .function = &(pointer), .run = run_apply, .prepare = prepare_, \
		.check = check_output                                                                                  \
	}
#define MERGE_PEER(title, pointer)                                                                                     \
	{                                                                                                              \
		.kernel = "delta_merge", .name = title, .function = &(pointer), .run = run_merge, .prepare = is_apart, \
		.check = check_output                                                                                  \
	}
#define PLAIN_PEERS(functions, compiler)                                                 \
	APPLY_PEER("bytes at -O3, " compiler, (functions).apply, NULL),                  \
		APPLY_PEER("words at -O3, " compiler, (functions).apply_words, is_even), \
		MERGE_PEER("bytes at -O3, " compiler, (functions).merge),                \
		MERGE_PEER("words at -O3, " compiler, (functions).merge_words)
static const struct peer baseline_peers[] = {PLAIN_PEERS(baseline, "baseline")};
static const struct peer gcc_peers[] = {PLAIN_PEERS(gcc, "gcc")};
static const struct peer clang_peers[] = {PLAIN_PEERS(clang, "clang")};
const struct library library_plain_baseline = {"C at -O3, baseline", "the compiler's", open_baseline,
					       PEERS(baseline_peers)};
const struct library library_plain_gcc = {"C at -O3, gcc", "Debian package gcc, then tools/fetch-peers", open_gcc,
					  PEERS(gcc_peers)};
const struct library library_plain_clang = {"C at -O3, clang", "Debian package clang, then tools/fetch-peers",
					    open_clang, PEERS(clang_peers)};
