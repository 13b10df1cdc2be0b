/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of crc32c: eight bytes at a time from tables (Kounavis and Berry's slicing-by-8). Pure.
 */
#include "backends/scalar/crc32c_table.h"
#include "backends/scalar/scalar.h"

static inline uint32_t load_word(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The table's first index is how many bytes follow: the first byte of eight is followed by seven. */
static inline uint32_t look_up(uint32_t word, int followed)
{
	return crc32c_table[followed + 3][word & 0xff] ^ crc32c_table[followed + 2][word >> 8 & 0xff] ^
	       crc32c_table[followed + 1][word >> 16 & 0xff] ^ crc32c_table[followed][word >> 24];
}

uint32_t scalar_update_crc32c(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *p = data;
	crc = ~crc;
	for (; size >= 8; size -= 8, p += 8)
		crc = look_up(crc ^ load_word(p), 4) ^ look_up(load_word(p + 4), 0);
	for (; size; size--, p++)
		crc = crc >> 8 ^ crc32c_table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

int scalar_crc32c(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = scalar_update_crc32c(a->crc, a->data, a->size);
	return TENON_OK;
}
