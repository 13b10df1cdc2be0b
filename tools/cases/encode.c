/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of delta_encode and delta_decode: a delta for each kind, and one that is damaged.
 */
#include <string.h>

#include "tools/cases/cases.h"

enum { PAGE = 4096, BOUND = TENON_DELTA_BOUND(PAGE), WORDS = TENON_DELTA_WORDS(PAGE) };

/* Of a page the bytes that change, in 65536ths, in stretches of so many. */
static const struct density {
	uint64_t share;
	size_t stretch;
} densities[] = {{65536, 1}, {32768, 1}, {6554, 1}, {655, 1}, {3000, 300}};

/* A delta with mask and payload behind one another, as the outputs of delta_decode are. */
static struct tenon_delta *take_delta(struct case_set *set)
{
	struct tenon_delta *delta = take_memory(set, sizeof *delta);
	uint64_t *mask = take_memory(set, 8 * WORDS + PAGE);
	if (!delta || !mask)
		return NULL;
	*delta = (struct tenon_delta){7, PAGE, mask, (unsigned char *)(mask + WORDS)};
	return delta;
}

static struct tenon_delta *make_delta(struct case_set *set, size_t i)
{
	struct tenon_delta *delta = take_delta(set);
	if (!delta)
		return NULL;
	memset(delta->mask, 0, 8 * WORDS + PAGE);
	for (size_t j = 0; j < PAGE; j++)
		if ((mix_bits(160 + i, j / densities[i].stretch) & 0xffff) < densities[i].share) {
			delta->mask[j / 64] |= UINT64_C(1) << j % 64;
			delta->payload[j] = (unsigned char)mix_bits(170 + i, j);
		}
	return delta;
}

/* Length and encoding are one output, behind one another. */
static struct tenon_delta_encode_args *take_encoding(struct case_set *set, const struct tenon_delta *delta)
{
	struct tenon_delta_encode_args *args = take_memory(set, sizeof *args);
	unsigned char *output = take_memory(set, 64 + BOUND);
	if (!delta || !args || !output)
		return NULL;
	*args = (struct tenon_delta_encode_args){delta, output + 64, BOUND, (size_t *)(void *)output};
	return args;
}

bool make_delta_encode_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof densities / sizeof densities[0]; i++) {
		struct tenon_delta_encode_args *args = take_encoding(set, make_delta(set, i));
		if (!args || !add_case(set, TENON_ID_delta_encode, args, sizeof *args, args->length, 64 + BOUND))
			return false;
	}
	return true;
}

/* Decoding writes what was encoded, or zeros. */
bool make_delta_decode_cases(struct case_set *set)
{
	for (size_t i = 0; i <= sizeof densities / sizeof densities[0]; i++) {
		bool damaged = i == sizeof densities / sizeof densities[0];
		struct tenon_delta_encode_args *from = take_encoding(set, make_delta(set, damaged ? 0 : i));
		struct tenon_delta *to = take_delta(set);
		if (!from || !to || tenon_delta_encode(from))
			return false;
		from->encoded[*from->length / 2] ^= damaged;
		struct tenon_delta_decode_args args = {from->encoded, *from->length, to};
		if (!add_case(set, TENON_ID_delta_decode, &args, sizeof args, to->mask, 8 * WORDS + PAGE))
			return false;
	}
	return true;
}
