/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The exp(-x) and ln(x) of backends/shared over an array, built once for each ISA as its backend is: EXP_VEC names its
 * vec.h, EXP_FUNCTION and LOG_FUNCTION these functions. Pure.
 */
#include EXP_VEC

#include "backends/shared/log_body.h"
#include "tests/exp/exp.h"

_Static_assert(EXP_MULTIPLE % (EXP_BLOCK * VEC_LANES) == 0, "arrays are whole blocks");

static EXP_INLINE void load_block(const float *x, vec *block)
{
	for (int j = 0; j < EXP_BLOCK; j++)
		block[j] = vec_load(x + j * VEC_LANES);
}

static EXP_INLINE void store_block(float *y, const vec *block)
{
	for (int j = 0; j < EXP_BLOCK; j++)
		vec_store(y + j * VEC_LANES, block[j]);
}

void EXP_FUNCTION(const float *x, float *y, size_t n)
{
	vec in[EXP_BLOCK], out[EXP_BLOCK];
	for (size_t i = 0; i < n; i += EXP_BLOCK * VEC_LANES) {
		load_block(x + i, in);
		vec_exp_minus(in, out, EXP_BLOCK);
		store_block(y + i, out);
	}
}

void LOG_FUNCTION(const float *x, float *y, size_t n)
{
	vec in[EXP_BLOCK], out[EXP_BLOCK];
	for (size_t i = 0; i < n; i += EXP_BLOCK * VEC_LANES) {
		load_block(x + i, in);
		vec_log(in, out, EXP_BLOCK);
		store_block(y + i, out);
	}
}
