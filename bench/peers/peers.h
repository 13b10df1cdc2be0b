/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What Tenon is compared with: libraries that are looked for when a race has use for them, opened with dlopen() and
 * called through prototypes of our own, so that neither the build nor the tool needs any. A library is a file here and
 * a line in libraries.def; it lists what it computes. A peer's result is compared with scalar's before it is timed; one
 * that is missing or computes something else is named. For the bench alone; one thread.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/bench.h"

struct library;
struct peer;

typedef void any_fn(void);

/* A peer in a race, the context of its run(). */
struct trial {
	const struct library *library;
	const struct peer *peer;
	const struct race *race;
	const void *args; /* the race's */
	any_fn *function; /* what peer->function points to */
	void *own;        /* made by prepare(), freed by finish() */
	bool unclean;     /* it leaves the upper halves of registers in use */
};

/* How one library computes one kernel. */
struct peer {
	const char *kernel; /* as in struct race */
	const char *name;   /* in tables and JSON */
	const char *needs;  /* of the CPU, for check_needs(); NULL: nothing */
	any_fn **function;  /* for peers that share run(); may be NULL */
	void (*run)(void *trial, size_t times);
	double relative, absolute; /* how far a float may be from scalar's: absolute + relative * |scalar's| */
	bool (*prepare)(struct trial *trial);                     /* may be NULL; false: not for these arguments */
	bool (*check)(struct trial *trial, const void *expected); /* NULL: floats in race->output */
	void (*finish)(struct trial *trial);                      /* may be NULL */
};

struct library {
	const char *name, *source;                /* "SLEEF", "Debian package libsleef3" */
	bool (*open)(char *message, size_t size); /* its version; or false and what is wrong */
	const struct peer *peers;
	size_t peer_count;
};
#define PEERS(list) .peers = list, .peer_count = sizeof(list) / sizeof *(list)

/* ---- For the core ------------------------------------------------------------------------------------------------ */

/*
 * The peers of a race on this machine whose results agree with expected, scalar's: their contenders, at most room of
 * them, valid until the next call. Prints a line for each that is left out, with the reason.
 */
size_t find_peers(const struct race *race, const void *expected, struct contender *list, size_t room);

/* How often peers were checked, left out as wrong and missing since the start; false if none was looked for. */
struct peer_count {
	size_t checked, wrong, missing;
};
extern struct peer_count peer_count;

/* The arguments of a race of exp, which is no kernel: e[i] = exp(-x[i]). */
struct tenon_exp_args {
	const float *x;
	size_t n;
	float *e;
};

/* ---- For libraries ----------------------------------------------------------------------------------------------- */

/* A symbol that open() looks for: where its address goes. */
struct symbol {
	const char *name;
	any_fn **function;
};

/*
 * Opens the first of names (ends with NULL) that there is, and finds all symbols. The handle, or NULL with a message.
 * On success message is the file's own name, a version for libraries that cannot tell theirs.
 */
void *open_library(const char *const *names, const struct symbol *symbols, size_t count, char *message, size_t size);
#define OPEN_LIBRARY(symbols, message, size, ...)                                                                     \
	open_library((const char *const[]){__VA_ARGS__, NULL}, symbols, sizeof(symbols) / sizeof *(symbols), message, \
		     size)

/* Likewise one that tools/fetch-peers built, FILE.so in $TENON_PEERS or the default folder, if this CPU can run it. */
void *open_built(const char *file, const struct symbol *symbols, size_t count, char *message, size_t size);

/* Is each float within the peer's tolerance? If not, says so. */
bool check_floats(const struct trial *trial, const float *got, const float *expected, size_t count);
bool check_bytes(const struct trial *trial, const void *got, const void *expected, size_t size);
/* A check() of its own that fails says why. Returns false. */
bool explain_peer(const struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
