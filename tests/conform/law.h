/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Metamorphic laws: what the answers of two calls have to do with each other, whatever the right answer is. A spec lists
 * those of its family (laws/); that the shares of a call write its bits holds for every kernel. A law that is broken has
 * a check of its own. They are asked where the number of a case says so, in memory without guards. One thread.
 */
#ifndef CONFORM_LAW_H
#define CONFORM_LAW_H

#include <stdatomic.h>

#include "tests/conform/finding.h"

/* Two calls of one kernel: the first was made, a law makes the others. */
struct inquiry {
	struct trial *trial;
	int kernel;
	tenon_kernel_fn *function;
	atomic_bool *is_calling;
	struct finding *finding;
	int64_t first, interval; /* a law is asked in one of so many cases, from the first on */
	enum check check;        /* of the law that is asked */
	struct placed placed;    /* the buffers of the first call */
	const void *args;        /* its arguments, bound to them */
	int status;              /* what it returned */
};

/* True if it holds, or says nothing about this call. */
typedef bool law_fn(struct inquiry *inquiry);

struct law {
	enum check check;
	bool any_order; /* holds for BOUNDED kernels as well, in whatever order they sum */
	law_fn *holds;  /* NULL ends a list */
};

extern const struct law laws_of_rows[], laws_of_matrix[], laws_of_pairs[], laws_of_ranks[], laws_of_spreading[],
	laws_of_decay[], laws_of_binding[], laws_of_fans[], laws_of_apply[], laws_of_merge[], laws_of_diff[],
	laws_of_encode[], laws_of_decode[], laws_of_sums[];

/* Asks the laws of the trial that its number chooses. True if none is broken. */
bool obeys_laws(struct inquiry *inquiry);

/* ---- For laws ---------------------------------------------------------------------------------------------------- */

/* Calls the kernel, with scratch; returns what it returned. */
int call_again(struct inquiry *inquiry, const void *args);

/* The law is broken, and how; returns false. */
__attribute__((format(printf, 2, 3))) bool break_law(struct inquiry *inquiry, const char *format, ...);

/* Do the bits agree, NaNs apart? If not, the law is broken; what names the array. */
bool expect_floats(struct inquiry *inquiry, const char *what, const float *got, const float *want, size_t count);
bool expect_bytes(struct inquiry *inquiry, const char *what, const void *got, const void *want, size_t count);

/* Memory of the trial: a copy, or room for floats. */
void *copy_room(struct inquiry *inquiry, const void *from, size_t bytes);
float *room_for_floats(struct inquiry *inquiry, size_t count);

/* All are 0, or between least and most in magnitude: where nothing over- or underflows on the way. */
bool are_tame(const float *v, size_t count, float least, float most);

/* out[i] = in[i] * 2^exponent. */
void scale_by_power(float *out, const float *in, size_t count, int exponent);

/* A number of this case, below limit. */
size_t draw_choice(const struct inquiry *inquiry, size_t limit);

#endif
