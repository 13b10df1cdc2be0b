/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The exp(-x) of backends/shared over an array, built once for each ISA as its backend is: EXP_VEC names its vec.h,
 * EXP_FUNCTION this function. Pure.
 */
#include EXP_VEC

#include "backends/shared/exp_body.h"
#include "tests/exp/exp.h"

_Static_assert(EXP_MULTIPLE % (EXP_BLOCK * VEC_LANES) == 0, "arrays are whole blocks");

void EXP_FUNCTION(const float *x, float *e, size_t n)
{
	vec in[EXP_BLOCK], out[EXP_BLOCK];
	for (size_t i = 0; i < n; i += EXP_BLOCK * VEC_LANES) {
		for (int j = 0; j < EXP_BLOCK; j++)
			in[j] = vec_load(x + i + j * VEC_LANES);
		vec_exp_minus(in, out, EXP_BLOCK);
		for (int j = 0; j < EXP_BLOCK; j++)
			vec_store(e + i + j * VEC_LANES, out[j]);
	}
}
