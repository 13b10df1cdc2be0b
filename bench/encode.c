/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: delta_encode and delta_decode of a page of 4 KiB of which some bytes change, scattered at random or in
 * stretches. GB/s count bytes of the page; the limit is a memcpy of it.
 */
#include <string.h>

#include "bench/bench.h"

enum { PAGE = 4096, WORDS = TENON_DELTA_WORDS(PAGE), BOUND = TENON_DELTA_BOUND(PAGE) };

static const struct density {
	const char *shape;
	double share;   /* of the stretches */
	size_t stretch; /* bytes that change or stay together */
} densities[] = {
	{"4 KiB, 1 %", 0.01, 1}, {"4 KiB, 5 %", 0.05, 1}, {"4 KiB, 10 %", 0.1, 1},
	{"4 KiB, 50 %", 0.5, 1}, {"4 KiB, 90 %", 0.9, 1}, {"4 KiB, 5 % by 50 bytes", 0.05, 50},
};

static struct {
	uint64_t mask[WORDS];
	unsigned char payload[PAGE];
} source, decoded;

static struct {
	size_t length;
	unsigned char encoded[BOUND];
} output;

static void fill_source(const struct density *density)
{
	uint64_t state = 3;
	memset(&source, 0, sizeof source);
	for (size_t i = 0; i < PAGE; i += density->stretch) {
		bool chosen = next_random(&state) < density->share * 0x1p32;
		for (size_t j = i; chosen && j < i + density->stretch && j < PAGE; j++) {
			source.mask[j / 64] |= UINT64_C(1) << j % 64;
			source.payload[j] = (unsigned char)(next_random(&state) >> 24);
		}
	}
}

static bool race_density(const struct density *density)
{
	static const char *const kinds[] = {"raw", "bitmap", "hierarchical", "RLE", "sparse"};
	static unsigned char copy[PAGE];
	struct copying limit = {source.payload, copy, PAGE};
	struct tenon_delta from = {1, PAGE, source.mask, source.payload}, to = {0, PAGE, decoded.mask, decoded.payload};
	struct tenon_delta_encode_args encode = {&from, output.encoded, BOUND, &output.length};
	struct race race = {.kernel = "delta_encode",
			    .shape = density->shape,
			    .args = &encode,
			    .output = &output,
			    .size = sizeof output,
			    .bytes = PAGE,
			    .limit = {"memcpy", run_copying, &limit}};
	fill_source(density);
	bool good = run_race(&race);
	scalar_delta_encode(&encode, NULL);
	if (is_wanted(race.kernel, race.shape))
		say("  %zu bytes, %s\n", output.length, kinds[output.encoded[4]]);
	struct tenon_delta_decode_args decode = {output.encoded, output.length, &to};
	race.kernel = "delta_decode";
	race.args = &decode;
	race.output = &decoded;
	race.size = sizeof decoded;
	return run_race(&race) && good;
}

bool bench_encode(void)
{
	bool good = true;
	for (size_t i = 0; i < sizeof densities / sizeof *densities; i++)
		good = race_density(&densities[i]) && good;
	return good;
}
