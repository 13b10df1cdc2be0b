/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the harness knows of a kernel: one struct spec, spec_<kernel>, in specs/, one file a family; a missing one is a
 * link error. A case is a point on named axes (dim=13, fill=wild ...). From it make() builds the buffers, bind() the
 * arguments. sweep() chooses the points of a profile; the harness does the rest: placing, calling, comparing, shrinking.
 * A spec has no state.
 */
#ifndef CONFORM_SPEC_H
#define CONFORM_SPEC_H

#include <stdbool.h>
#include <tenon/backend.h>

#include "runtime/kernels.h"
#include "tests/conform/data.h"

/* ---- Points ------------------------------------------------------------------------------------------------------ */

enum { AXES_MAX = 18 };

/* The first two axes of every kernel: which data, and how far buffers stand off a 64-byte boundary. */
enum { AXIS_DATA, AXIS_OFFSET, AXIS_OWN };
#define COMMON_AXES                   \
	{"data", 0, INT32_MAX, NULL}, \
	{                             \
		"offset", 0, 15, NULL \
	}

struct point {
	int64_t at[AXES_MAX];
};

/*
 * Every value from least to most is legal, together with any of the other axes. At rest an axis is at 0, or as near as
 * it gets: shrinking goes there, and tokens leave it out.
 */
struct axis {
	const char *name; /* NULL ends a list */
	int64_t least, most;
	const char *const *words; /* names of the values from least on; NULL: numbers */
};

static inline int64_t get_rest(const struct axis *axis)
{
	return axis->least > 0 ? axis->least : axis->most < 0 ? axis->most : 0;
}

/* ---- Trials ------------------------------------------------------------------------------------------------------ */

enum role { ROLE_IN, ROLE_OUT, ROLE_INOUT };
enum element { ELEMENT_F32, ELEMENT_U8, ELEMENT_U32, ELEMENT_U64 };

struct buffer {
	const char *name;
	enum role role;
	enum element element;
	size_t count;  /* in elements */
	size_t align;  /* in bytes; the size of an element, unless the spec asks for more */
	void *content; /* what a call finds in it; NULL for ROLE_OUT: poison */
};

enum { BUFFERS_MAX = 16 };

/* One case, built. Its memory is the harness's, until the next one is built. */
struct trial {
	const struct spec *spec;
	struct point point;
	uint64_t seed;
	uint32_t kernel; /* id */
	struct buffer buffer[BUFFERS_MAX];
	size_t buffers;
	void *own;      /* what make() keeps for the other functions */
	bool any_order; /* a BOUNDED kernel is judged: its sums may be in any order */
};

/* Where the buffers are during a call: as the kernel sees them, and as we may write to them. */
struct placed {
	void *seen[BUFFERS_MAX];
	void *ours[BUFFERS_MAX];
};

/*
 * Adds a buffer and returns its content, to be filled; NULL for ROLE_OUT. Buffers are numbered in the order in which
 * they are added.
 */
void *add_buffer(struct trial *trial, const char *name, enum role role, enum element element, size_t count);

/* Bytes of an element, or of a whole buffer. */
static inline size_t size_of_element(enum element element)
{
	return element == ELEMENT_U8 ? 1 : element == ELEMENT_U64 ? 8 : 4;
}

static inline size_t size_of_buffer(const struct buffer *buffer)
{
	return buffer->count * size_of_element(buffer->element);
}

/* 64-byte aligned memory, uninitialised, that lasts as long as the trial. */
__attribute__((returns_nonnull)) void *take_room(struct trial *trial, size_t bytes);

/* The stream of a buffer's data; the numbers from BUFFERS_MAX on are free for other choices. */
uint64_t stream_of(const struct trial *trial, unsigned buffer);

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

/* The independent answer for one element of an output: floats within bound of value, other elements equal to bits. */
struct answer {
	double value;
	double bound; /* 0: exactly (float)value; INFINITY: anything */
	double alarm; /* what independent roundings stay far below; 0: it is not known */
	uint64_t bits;
	bool is_exact_sum;  /* no sum has a rounding, whatever its order: bound is what comes after it */
	bool has_canonical; /* the canonical order has one answer, canonical: for all but BOUNDED kernels */
	float canonical;
};

struct sweep;
struct law;

struct spec {
	const char *kernel;
	const struct axis *axes; /* COMMON_AXES first; ends with a NULL name */
	void (*sweep)(struct sweep *sweep);
	void (*make)(struct trial *trial);
	void (*bind)(const struct trial *trial, const struct placed *placed, void *args);
	/*
	 * The oracle: third code, in double, double-double or integers, never taken from a body. Says what element
	 * `index` of output `buffer` should be; earlier outputs of the same call are in placed.
	 */
	void (*judge)(const struct trial *trial, const struct placed *placed, size_t buffer, size_t index,
		      struct answer *answer);
	/* Optional: how many elements of a buffer a call leaves defined; the rest may hold anything. */
	size_t (*trim)(const struct trial *trial, const struct placed *placed, size_t buffer);
	/* Optional: what else is wrong after a call, in words ("says that ..."), or NULL. */
	const char *(*inspect)(const struct trial *trial, const struct placed *placed);
	/*
	 * Optional: the status that is due after a call. Without it: TENON_ENONFINITE if an output has a float that is
	 * not finite.
	 */
	int (*expect)(const struct trial *trial, const struct placed *placed);
	const struct law *laws; /* law.h; NULL: none of its own */
};

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) extern const struct spec spec_##name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* By kernel index; and what follows from kernels.def alone. */
extern const struct spec *const specs[KERNEL_COUNT];
size_t get_args_size(int kernel);
uint64_t get_scratch_size(int kernel, const void *args);
struct share;
int divide_call(int kernel, const void *args, size_t part, size_t parts, struct share *share);

/* ---- Sweeping ---------------------------------------------------------------------------------------------------- */

enum profile { PROFILE_QUICK, PROFILE_FULL, PROFILE_NIGHTLY };

/* For sweep(): which profile is run. */
enum profile get_profile(const struct sweep *sweep);

/* Runs the case. data is replaced by a running number; offset follows from it unless it is given. */
void visit(struct sweep *sweep, struct point point);

/* The lengths of the full schedule beyond the exhaustive ones: 2^k - 1, 2^k, 2^k + 1 up to most, then primes. */
void visit_lengths(struct sweep *sweep, struct point point, int axis, int64_t from, int64_t most);

#endif
