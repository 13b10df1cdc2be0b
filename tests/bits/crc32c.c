/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of crc32c: every length through all ways of the bodies at every alignment, longer ones past each block, a
 * single bit in every place, and continued sums.
 */
#include "tests/bits/bits.h"

#include <string.h>

#define ID TENON_ID_crc32c

enum { ROOM = 40000 };

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	unsigned char *data; /* ROOM bytes, 64-byte aligned */
};

static uint32_t run_case(struct family *f, size_t at, size_t size, uint32_t crc)
{
	uint32_t result[2] = {1234, 5678};
	struct tenon_crc32c_args a = {f->data + at, size, crc, result};
	int status = f->function(&a, NULL);
	bits_add_bytes(f->bits, result, sizeof result);
	bits_case(f->bits, status);
	return result[0];
}

static void fill(struct family *f, uint64_t number)
{
	for (size_t i = 0; i < ROOM; i += 8) {
		uint64_t word = bits_random(ID, number, 0, i);
		memcpy(f->data + i, &word, 8);
	}
}

static void every_length(struct family *f)
{
	fill(f, 1);
	for (size_t size = 0; size <= 1100; size++)
		for (size_t at = 0; at < 64; at++)
			run_case(f, at, size, (uint32_t)bits_random(ID, 2, at, size));
}

static void long_ones(struct family *f)
{
	for (size_t size = 1100; size < ROOM - 64; size += size < 5000 ? 1 : 97)
		run_case(f, size % 64, size, 0);
}

/* A single one among zeros: what each place of a block is shifted by. */
static void every_bit(struct family *f)
{
	memset(f->data, 0, ROOM);
	for (size_t bit = 0; bit < 8 * 1500; bit++) {
		f->data[bit / 8] = (unsigned char)(1u << bit % 8);
		run_case(f, 0, 1500, 0xffffffff);
		f->data[bit / 8] = 0;
	}
}

/* Equal bytes, and sums that go on from one call to the next. */
static void continued(struct family *f)
{
	static const int bytes[] = {0, 0xff, 0x55};
	for (size_t k = 0; k < 3; k++) {
		uint32_t crc = 0;
		memset(f->data, bytes[k], ROOM);
		for (size_t i = 0; i < 200; i++)
			crc = run_case(f, i, i * i % 1500, crc);
	}
}

void bits_crc32c(tenon_kernel_fn *function, struct bits *bits)
{
	float *memory = bits_alloc(ROOM / sizeof(float), 0);
	struct family f = {function, bits, (unsigned char *)memory};
	every_length(&f);
	long_ones(&f);
	every_bit(&f);
	continued(&f);
	bits_free(memory, 0);
}
