/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A vendor's backend, outside of Tenon's tree: SVE on CPUs with vectors of any length. What it leaves out is inherited from
 * the reference.
 */
#include "sve.h"

static const struct tenon_backend_kernel kernels[] = {
	TENON_BACKEND_KERNEL(vector_similarity, TENON_EXACT, "", sve_vector_similarity),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", sve_inner_product),
	TENON_BACKEND_KERNEL(squared_distance, TENON_EXACT, "", sve_squared_distance),
	TENON_BACKEND_KERNEL(decay_exponential, TENON_EXACT, "", sve_decay_exponential),
	TENON_BACKEND_KERNEL(decay_power_law, TENON_EXACT, "", sve_decay_power_law),
	TENON_BACKEND_KERNEL(decay_two_component, TENON_EXACT, "", sve_decay_two_component),
	TENON_BACKEND_KERNEL(binding_decay, TENON_EXACT, "", sve_binding_decay),
	TENON_BACKEND_KERNEL(fan_effect, TENON_EXACT, "", sve_fan_effect),
	TENON_BACKEND_KERNEL(delta_apply, TENON_EXACT, "", sve_delta_apply),
	TENON_BACKEND_KERNEL(delta_merge, TENON_EXACT, "", sve_delta_merge),
	TENON_BACKEND_KERNEL(delta_diff, TENON_EXACT, "", sve_delta_diff),
};

TENON_BACKEND("sve", "1.0.0", "Tenon example", "sve", "", kernels)
