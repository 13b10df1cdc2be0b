/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The neon backend: which kernels it has. What it leaves out inherits scalar.
 */
#include "backends/neon/neon.h"

#include "build.h"

static const struct tenon_backend_kernel neon_kernels[] = {
	TENON_BACKEND_KERNEL(vector_similarity, TENON_EXACT, "", neon_vector_similarity),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", neon_inner_product),
	TENON_BACKEND_KERNEL(squared_distance, TENON_EXACT, "", neon_squared_distance),
	TENON_BACKEND_KERNEL(similarity_matrix, TENON_EXACT, "", neon_similarity_matrix),
	TENON_BACKEND_KERNEL(pairwise_similarity, TENON_EXACT, "", neon_pairwise_similarity),
	TENON_BACKEND_KERNEL(top_k, TENON_EXACT, "", neon_top_k),
	TENON_BACKEND_KERNEL(spreading_activation, TENON_EXACT, "", neon_spreading_activation),
	TENON_BACKEND_KERNEL(decay_exponential, TENON_EXACT, "", neon_decay_exponential),
	TENON_BACKEND_KERNEL(decay_power_law, TENON_EXACT, "", neon_decay_power_law),
	TENON_BACKEND_KERNEL(decay_two_component, TENON_EXACT, "", neon_decay_two_component),
	TENON_BACKEND_KERNEL(binding_decay, TENON_EXACT, "", neon_binding_decay),
	TENON_BACKEND_KERNEL(fan_effect, TENON_EXACT, "", neon_fan_effect),
	TENON_BACKEND_KERNEL(delta_apply, TENON_EXACT, "", neon_delta_apply),
	TENON_BACKEND_KERNEL(delta_merge, TENON_EXACT, "", neon_delta_merge),
	TENON_BACKEND_KERNEL(delta_diff, TENON_EXACT, "", neon_delta_diff),
	TENON_BACKEND_KERNEL(delta_encode, TENON_EXACT, "crc32", neon_delta_encode_crc32),
	TENON_BACKEND_KERNEL(delta_decode, TENON_EXACT, "crc32", neon_delta_decode_crc32),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "crc32,pmull", neon_crc32c_pmull),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "crc32", neon_crc32c_crc32),
};

TENON_BACKEND("neon", PACKAGE_VERSION, "Tenon", "asimd", "crc32,pmull", neon_kernels)
