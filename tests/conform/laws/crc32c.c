/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of crc32c. No state.
 */
#include "tests/conform/law.h"

static uint32_t sum_again(struct inquiry *q, const void *data, size_t size, uint32_t crc)
{
	uint32_t result = 0;
	call_again(q, &(struct tenon_crc32c_args){data, size, crc, &result});
	return result;
}

/* Wherever a message is cut. */
static bool sums_continue(struct inquiry *q)
{
	const struct tenon_crc32c_args *a = q->args;
	size_t cut = draw_choice(q, a->size + 1), again = cut + draw_choice(q, a->size - cut + 1);
	const unsigned char *data = a->data;
	uint32_t crc = sum_again(q, data, cut, a->crc);
	crc = sum_again(q, data + cut, again - cut, crc);
	crc = sum_again(q, data + again, a->size - again, crc);
	return crc == *a->result || break_law(q, "is %#x cut at %zu and %zu, %#x uncut", crc, cut, again, *a->result);
}

/* Sums of equal length are affine: three messages of which each byte is the exclusive or of the others. */
static bool sums_are_affine(struct inquiry *q)
{
	const struct tenon_crc32c_args *a = q->args;
	unsigned char *other = take_room(q->trial, a->size), *both = take_room(q->trial, a->size),
		      *zeros = take_room(q->trial, a->size);
	for (size_t i = 0; i < a->size; i++) {
		other[i] = (unsigned char)(i * 131 + 7);
		both[i] = other[i] ^ ((const unsigned char *)a->data)[i];
		zeros[i] = 0;
	}
	uint32_t due = *a->result ^ sum_again(q, other, a->size, a->crc) ^ sum_again(q, zeros, a->size, a->crc);
	uint32_t got = sum_again(q, both, a->size, a->crc);
	return got == due || break_law(q, "is %#x of two messages together, %#x follows from theirs", got, due);
}

const struct law laws_of_sums[] = {
	{CHECK_LAW_CONTINUATION, true, sums_continue},
	{CHECK_LAW_ALGEBRA, true, sums_are_affine},
	{CHECK_NONE, false, NULL},
};
