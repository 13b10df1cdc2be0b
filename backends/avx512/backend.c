/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The avx512 backend: which kernels it has. What it leaves out inherits scalar.
 */
#include "backends/avx512/avx512.h"

#include "build.h"

/* What the files in vbmi2/ use, and the checksum that they call. */
#define VBMI2 "avx512vbmi2,avx512vpopcntdq,pclmulqdq,vpclmulqdq"

static const struct tenon_backend_kernel avx512_kernels[] = {
	TENON_BACKEND_KERNEL(vector_similarity, TENON_EXACT, "", avx512_vector_similarity),
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", avx512_inner_product),
	TENON_BACKEND_KERNEL(squared_distance, TENON_EXACT, "", avx512_squared_distance),
	TENON_BACKEND_KERNEL(similarity_matrix, TENON_EXACT, "", avx512_similarity_matrix),
	TENON_BACKEND_KERNEL(pairwise_similarity, TENON_EXACT, "", avx512_pairwise_similarity),
	TENON_BACKEND_KERNEL(top_k, TENON_EXACT, "", avx512_top_k),
	TENON_BACKEND_KERNEL(spreading_activation, TENON_EXACT, "", avx512_spreading_activation),
	TENON_BACKEND_KERNEL(decay_exponential, TENON_EXACT, "", avx512_decay_exponential),
	TENON_BACKEND_KERNEL(decay_power_law, TENON_EXACT, "", avx512_decay_power_law),
	TENON_BACKEND_KERNEL(decay_two_component, TENON_EXACT, "", avx512_decay_two_component),
	TENON_BACKEND_KERNEL(binding_decay, TENON_EXACT, "", avx512_binding_decay),
	TENON_BACKEND_KERNEL(fan_effect, TENON_EXACT, "", avx512_fan_effect),
	TENON_BACKEND_KERNEL(delta_apply, TENON_EXACT, "", avx512_delta_apply),
	TENON_BACKEND_KERNEL(delta_merge, TENON_EXACT, "", avx512_delta_merge),
	TENON_BACKEND_KERNEL(delta_diff, TENON_EXACT, "", avx512_delta_diff),
	TENON_BACKEND_KERNEL(delta_encode, TENON_EXACT, VBMI2, avx512_delta_encode_vbmi2),
	TENON_BACKEND_KERNEL(delta_encode, TENON_EXACT, "", avx512_delta_encode),
	TENON_BACKEND_KERNEL(delta_decode, TENON_EXACT, VBMI2, avx512_delta_decode_vbmi2),
	TENON_BACKEND_KERNEL(delta_decode, TENON_EXACT, "", avx512_delta_decode),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "pclmulqdq,vpclmulqdq", avx512_crc32c_vpclmulqdq),
	TENON_BACKEND_KERNEL(crc32c, TENON_EXACT, "", avx512_crc32c),
};

TENON_BACKEND("avx512", PACKAGE_VERSION, "Tenon", "x86-64-v4", VBMI2, avx512_kernels)
