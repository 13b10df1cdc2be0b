/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of delta_encode, delta_decode and crc32c; mutants.def says what is wrong with each.
 */
#include <string.h>

#include "tests/mutants/mutant.h"

int mutant_good_encode(const void *args, void *scratch)
{
	return scalar_delta_encode(args, scratch);
}

int mutant_no_checksum(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	int status = scalar_delta_encode(args, scratch);
	memset(a->encoded + *a->length - 4, 0, 4);
	return status;
}

int mutant_writes_behind_encoding(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	int status = scalar_delta_encode(args, scratch);
	memset(a->encoded + *a->length, 0, a->capacity - *a->length);
	return status;
}

int mutant_encodes_past_bound(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	int status = scalar_delta_encode(args, scratch);
	((volatile unsigned char *)a->encoded)[a->capacity] = 0;
	return status;
}

int mutant_good_decode(const void *args, void *scratch)
{
	return scalar_delta_decode(args, scratch);
}

int mutant_accepts_damage(const void *args, void *scratch)
{
	scalar_delta_decode(args, scratch);
	return TENON_OK;
}

int mutant_stale_payload(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	int status = scalar_delta_decode(args, scratch);
	for (size_t i = 0; !status && i < a->delta->size; i++)
		if (!(a->delta->mask[i / 64] >> i % 64 & 1))
			a->delta->payload[i] = 0x42;
	return status;
}

int mutant_keeps_what_is_corrupt(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	int status = scalar_delta_decode(args, scratch);
	if (status && a->delta->size)
		a->delta->payload[0] = 1;
	return status;
}

int mutant_reads_past_encoding(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	(void)((const volatile unsigned char *)a->encoded)[a->length];
	return scalar_delta_decode(args, scratch);
}

int mutant_trusts_length(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	uint32_t body = 0;
	if (a->length >= 24)
		memcpy(&body, a->encoded + 20, 4);
	if (a->length >= 24 && body)
		(void)((const volatile unsigned char *)a->encoded)[24 + (size_t)body - 1];
	return scalar_delta_decode(args, scratch);
}

/* ---- crc32c ------------------------------------------------------------------------------------------------------ */

static int run_crc(const struct tenon_crc32c_args *a, uint32_t polynomial, uint32_t start, size_t size)
{
	const unsigned char *data = a->data;
	uint32_t crc = ~start;
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
	}
	*a->result = ~crc;
	return TENON_OK;
}

#define CASTAGNOLI 0x82f63b78

#define CRC_MUTANT(name, polynomial, start, size)           \
	int mutant_##name(const void *args, void *scratch)  \
	{                                                   \
		const struct tenon_crc32c_args *a = args;   \
		(void)scratch;                              \
		return run_crc(a, polynomial, start, size); \
	}                                                   \
	_Static_assert(1, "")

CRC_MUTANT(good_crc, CASTAGNOLI, a->crc, a->size);
CRC_MUTANT(crc_of_zlib, 0xedb88320, a->crc, a->size);
CRC_MUTANT(crc_starts_anew, CASTAGNOLI, 0, a->size);
CRC_MUTANT(crc_drops_tail, CASTAGNOLI, a->crc, a->size > 256 ? a->size / 8 * 8 : a->size);
CRC_MUTANT(crc_not_inverted, CASTAGNOLI, ~a->crc, a->size);
