/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of crc32c. No state.
 */
#include <string.h>

#include "tests/conform/law.h"

enum { SIZE = AXIS_OWN, BIT, CRC };
enum { DATA, RESULT };

/* bit: 0 random bytes; else a single one, bit - 1, among zeros. crc: what the sum continues; drawn where above 2. */
static const struct axis axes[] = {
	COMMON_AXES, {"size", 0, 1 << 22, NULL}, {"bit", 0, 1 << 22, NULL}, {"crc", 0, 3, NULL}, {NULL, 0, 0, NULL},
};

static uint32_t get_crc(const struct trial *t)
{
	static const uint32_t some[] = {0, UINT32_MAX, 1};
	return t->point.at[CRC] < 3 ? some[t->point.at[CRC]] : (uint32_t)draw_bits(stream_of(t, BUFFERS_MAX), 0);
}

static void make(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE];
	int64_t bit = t->point.at[BIT] - 1;
	uint64_t stream = stream_of(t, DATA);
	unsigned char *data = add_buffer(t, "data", ROLE_IN, ELEMENT_U8, size);
	add_buffer(t, "result", ROLE_OUT, ELEMENT_U32, 1);
	memset(data, 0, size);
	for (size_t i = 0; bit < 0 && i < size; i++)
		data[i] = (unsigned char)(draw_bits(stream, i / 8) >> i % 8 * 8);
	if (bit >= 0 && size)
		data[(size_t)bit / 8 % size] = (unsigned char)(1u << bit % 8);
}

static void bind(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_crc32c_args *)args =
		(struct tenon_crc32c_args){p->seen[DATA], (size_t)t->point.at[SIZE], get_crc(t), p->seen[RESULT]};
}

static struct point at(int64_t size, int64_t bit, int64_t crc)
{
	return (struct point){.at = {[SIZE] = size, [BIT] = bit, [CRC] = crc}};
}

static void sweep(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t size = 0; size <= (is_quick ? 300 : 2000); size++)
		for (int64_t i = 0; i < (is_quick ? 2 : 16); i++)
			visit(s, at(size, 0, (size + i) % 4));
	for (int64_t bit = 1; bit <= 8 * 300; bit += is_quick ? 13 : 1)
		visit(s, at(300, bit, bit % 4));
	for (int64_t bit = 1; bit <= 8 * 1500; bit += is_quick ? 97 : 1)
		visit(s, at(1500, bit, bit % 4));
	visit_lengths(s, at(0, 0, 3), SIZE, is_quick ? 301 : 2001, is_quick ? 8193 : 1 << 22);
	for (int64_t size = 1100; size < 6000; size += is_quick ? 61 : 1)
		visit(s, at(size, 0, size % 4));
}

static uint32_t divide(uint32_t crc, int bits)
{
	while (bits--)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	return crc;
}

/* Four bits at a time, by remainders that are divided bit by bit. */
static void judge(const struct trial *t, const struct placed *p, size_t buffer, size_t index, struct answer *answer)
{
	uint32_t crc = ~get_crc(t), remainder[16];
	const unsigned char *data = t->buffer[DATA].content;
	(void)p;
	(void)buffer;
	(void)index;
	for (uint32_t i = 0; i < 16; i++)
		remainder[i] = divide(i, 4);
	for (size_t i = 0; i < t->buffer[DATA].count; i++) {
		crc ^= data[i];
		crc = crc >> 4 ^ remainder[crc & 15];
		crc = crc >> 4 ^ remainder[crc & 15];
	}
	answer->bits = ~crc;
}

const struct spec spec_crc32c = {.kernel = "crc32c",
				 .axes = axes,
				 .sweep = sweep,
				 .make = make,
				 .bind = bind,
				 .judge = judge,
				 .laws = laws_of_sums};
