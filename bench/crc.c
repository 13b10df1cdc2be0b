/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: crc32c of a page in cache, and of what is far larger than any cache; the limit is a loop that only loads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

/* The plain loop takes a byte at a time, with a table. */
static uint32_t table[256];

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
	}
}

static void run_loop(void *context, size_t times)
{
	const struct tenon_crc32c_args *a = context;
	const unsigned char *data = a->data;
	for (size_t t = 0; t < times; t++) {
		uint32_t crc = ~a->crc;
		for (size_t i = 0; i < a->size; i++)
			crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
		*a->result = ~crc;
	}
}

static bool race_crc(const char *shape, size_t size, bool loop)
{
	uint32_t result;
	if (!is_wanted("crc32c", shape))
		return true;
	float *data = make_floats(size / sizeof *data, 1);
	struct tenon_crc32c_args args = {data, size, 0, &result};
	struct reading limit = {data, size};
	struct race race = {.kernel = "crc32c",
			    .shape = shape,
			    .args = &args,
			    .output = &result,
			    .size = sizeof result,
			    .bytes = (double)size,
			    .limit = {"load-only", run_reading, &limit}};
	if (loop)
		race.strict = (struct contender){"table loop", run_loop, &args};
	bool good = run_race(&race);
	free(data);
	return good;
}

bool bench_crc(void)
{
	make_table();
	bool good = race_crc("4 KiB", 4096, true);
	good = race_crc("64 KiB", 65536, true) && good;
	return race_crc("128 MiB", (size_t)128 << 20, false) && good;
}
