/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Data, buffers and hashing of the bit-identity test; bits.h says what they promise.
 */
#include "tests/bits/bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The finaliser of SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15u

static uint64_t seed_buffer(uint64_t kernel, uint64_t number, uint64_t buffer)
{
	return mix(mix(mix(kernel + GOLDEN_GAMMA) + number) + buffer);
}

uint64_t bits_random(uint64_t kernel, uint64_t number, uint64_t buffer, uint64_t index)
{
	return mix(seed_buffer(kernel, number, buffer) + index * GOLDEN_GAMMA);
}

static float from_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static float make_edge(uint32_t random, int special)
{
	uint32_t sign = random & 0x80000000, mantissa = random & 0x7fffff;
	switch (random >> 24 & (special == BITS_WILD ? 7 : 5)) {
	case 0: return from_bits(sign);
	case 1: return from_bits(sign | (mantissa >> (random >> 8) % 23));            /* subnormal */
	case 2: return from_bits(sign | 0x7f800000);                                  /* infinity */
	case 3: return from_bits(sign | 0x7fc00000);                                  /* NaN */
	case 4: return from_bits(sign | (1 + (random >> 8) % 60) << 23 | mantissa);   /* tiny */
	case 5: return from_bits(sign | (254 - (random >> 8) % 60) << 23 | mantissa); /* huge */
	case 6: return from_bits(sign | 0x3f800000);
	default: return from_bits(sign | 0x7f7fffff);
	}
}

float bits_float(uint64_t random, int special)
{
	if (special && random >> 61 == 0)
		return make_edge((uint32_t)random, special);
	return (float)((int32_t)random >> 8) * 0x1p-23f;
}

void bits_fill(float *out, size_t count, uint64_t kernel, uint64_t number, uint64_t buffer, int special)
{
	uint64_t seed = seed_buffer(kernel, number, buffer);
	for (size_t i = 0; i < count; i++)
		out[i] = bits_float(mix(seed + i * GOLDEN_GAMMA), special);
}

float *bits_alloc(size_t count, size_t offset)
{
	void *memory;
	if (posix_memalign(&memory, 64, (count + offset) * sizeof(float) + !(count + offset))) {
		fputs("Bail out! out of memory\n", stdout);
		exit(1);
	}
	return (float *)memory + offset;
}

void bits_free(float *floats, size_t offset)
{
	free(floats - offset);
}

static void add_word(struct bits *bits, uint64_t word)
{
	bits->hash = (bits->hash ^ word) * GOLDEN_GAMMA;
	bits->hash ^= bits->hash >> 32;
}

void bits_add_floats(struct bits *bits, const float *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t word;
		memcpy(&word, &values[i], sizeof word);
		add_word(bits, values[i] != values[i] ? 0x7fc00000 : word);
	}
}

void bits_add_bytes(struct bits *bits, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	for (size_t i = 0; i < size; i++)
		add_word(bits, byte[i]);
}

static void record_trace(struct bits *bits)
{
	if (bits->cases % 4096 == 0) {
		uint64_t *trace = realloc(bits->trace, (bits->cases + 4096) * sizeof *trace);
		if (!trace) {
			fputs("Bail out! out of memory\n", stdout);
			exit(1);
		}
		bits->trace = trace;
	}
	bits->trace[bits->cases] = bits->hash;
	bits->trace_cases = bits->cases + 1;
}

void bits_case(struct bits *bits, int status)
{
	add_word(bits, (uint64_t)(int64_t)status + 1);
	if (!bits->compare)
		record_trace(bits);
	else if (!bits->first_bad && (bits->cases >= bits->trace_cases || bits->trace[bits->cases] != bits->hash))
		bits->first_bad = bits->cases + 1;
	bits->cases++;
}
