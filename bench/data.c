/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory and pseudo-random data for topics. Pure but for the heap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

void *make_memory(size_t bytes)
{
	size_t size = (bytes + 4096 + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);
	if (!memory) {
		fprintf(stderr, "tenon bench: out of memory for %zu bytes; choose other topics with --topic\n", bytes);
		exit(3);
	}
	return memset(memory, 0, size);
}

uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

float *make_floats(size_t count, uint64_t seed)
{
	float *floats = make_memory(count * sizeof *floats);
	for (size_t i = 0; i < count; i++)
		floats[i] = (float)(int32_t)next_random(&seed) * 0x1p-31f;
	return floats;
}
