/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the files of this backend share: the kernels, and how they see vectors whose length nobody knows before they run.
 * Pure: no state, no allocation, any number of threads.
 */
#ifndef SVE_H
#define SVE_H

#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/backend.h>

tenon_kernel_fn sve_vector_similarity;
tenon_kernel_fn sve_inner_product;
tenon_kernel_fn sve_squared_distance;
tenon_kernel_fn sve_decay_exponential;
tenon_kernel_fn sve_decay_power_law;
tenon_kernel_fn sve_decay_two_component;
tenon_kernel_fn sve_binding_decay;
tenon_kernel_fn sve_fan_effect;
tenon_kernel_fn sve_delta_apply;
tenon_kernel_fn sve_delta_merge;
tenon_kernel_fn sve_delta_diff;

#define SVE_INLINE static inline __attribute__((always_inline))

/* Where some active lane of a is an infinity or a NaN. */
SVE_INLINE svbool_t not_finite(svbool_t active, svfloat32_t a)
{
	return svnot_b_z(active, svacle_n_f32(active, a, 3.40282346638528859812e+38f));
}

/* a < b ? a : b and a > b ? a : b: b where either is a NaN. */
SVE_INLINE svfloat32_t select_min(svbool_t active, svfloat32_t a, svfloat32_t b)
{
	return svsel_f32(svcmplt_f32(active, a, b), a, b);
}
SVE_INLINE svfloat32_t select_max(svbool_t active, svfloat32_t a, svfloat32_t b)
{
	return svsel_f32(svcmpgt_f32(active, a, b), a, b);
}

#endif
