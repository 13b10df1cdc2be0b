/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The avx2 backend: which kernels it has. What it leaves out inherits scalar.
 */
#include "backends/avx2/avx2.h"

#include "build.h"

static const struct tenon_backend_kernel avx2_kernels[] = {
	TENON_BACKEND_KERNEL(vector_similarity, TENON_EXACT, "", avx2_vector_similarity),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", avx2_inner_product),
	TENON_BACKEND_KERNEL(squared_distance, TENON_EXACT, "", avx2_squared_distance),
	TENON_BACKEND_KERNEL(similarity_matrix, TENON_EXACT, "", avx2_similarity_matrix),
	TENON_BACKEND_KERNEL(pairwise_similarity, TENON_EXACT, "", avx2_pairwise_similarity),
	TENON_BACKEND_KERNEL(top_k, TENON_EXACT, "", avx2_top_k),
	TENON_BACKEND_KERNEL(spreading_activation, TENON_EXACT, "", avx2_spreading_activation),
	TENON_BACKEND_KERNEL(decay_exponential, TENON_EXACT, "", avx2_decay_exponential),
	TENON_BACKEND_KERNEL(decay_power_law, TENON_EXACT, "", avx2_decay_power_law),
	TENON_BACKEND_KERNEL(decay_two_component, TENON_EXACT, "", avx2_decay_two_component),
	TENON_BACKEND_KERNEL(binding_decay, TENON_EXACT, "", avx2_binding_decay),
	TENON_BACKEND_KERNEL(fan_effect, TENON_EXACT, "", avx2_fan_effect),
	TENON_BACKEND_KERNEL(delta_apply, TENON_EXACT, "", avx2_delta_apply),
	TENON_BACKEND_KERNEL(delta_merge, TENON_EXACT, "", avx2_delta_merge),
	TENON_BACKEND_KERNEL(delta_diff, TENON_EXACT, "", avx2_delta_diff),
	TENON_BACKEND_KERNEL(delta_encode, TENON_EXACT, "", avx2_delta_encode),
	TENON_BACKEND_KERNEL(delta_decode, TENON_EXACT, "", avx2_delta_decode),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "pclmulqdq,vpclmulqdq", avx2_crc32c_vpclmulqdq),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "pclmulqdq", avx2_crc32c_pclmulqdq),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "", avx2_crc32c),
};

TENON_BACKEND("avx2", PACKAGE_VERSION, "Tenon", "x86-64-v3", "pclmulqdq,vpclmulqdq", avx2_kernels)
