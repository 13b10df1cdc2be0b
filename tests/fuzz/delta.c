/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes delta_decode and delta_encode on scalar and every plugin of $TENON_BACKEND_PATH that this CPU can run. The
 * first byte of an input chooses what the others are:
 *
 *     0   an encoding; its size is believed as far as a page a little above 4 KiB
 *     1   kind, two bytes of size, body: the frame, with its checksum, is made around it
 *     2   two bytes of size, the mask, the payload: a delta to encode
 *
 * What is decoded must be refused by all, leaving zeros, or be a delta of which its kind's one encoding is the input.
 * What is encoded must be, on all, the smallest encoding as tests/delta.h writes it, and be decoded to the delta.
 * Buffers have just the size that they need, so that the address sanitizer sees all that is read or written beyond.
 */
#include "tests/fuzz/backends.h"

#include <string.h>

#include "runtime/kernels.h"

UNTRACED_BEGIN
#include "tests/delta.h"

enum { PAGE_LIMIT = 4300, ENCODING_LIMIT = 40 + 7 * PAGE_LIMIT, CODER_LIMIT = 16 };

static struct coder {
	char name[96];
	tenon_kernel_fn *encode, *decode;
} coders[CODER_LIMIT] = {{"scalar", scalar_delta_encode, scalar_delta_decode}};
static size_t coder_count = 1;

/* ---- Backends ---------------------------------------------------------------------------------------------------- */

/* Entries of the same needs are one coder. */
static struct coder *find_coder(const char *plugin, const char *needs)
{
	char name[96];
	snprintf(name, sizeof name, "%.40s:%.50s", plugin, needs);
	for (size_t i = 1; i < coder_count; i++)
		if (strcmp(coders[i].name, name) == 0)
			return &coders[i];
	MUST(coder_count < CODER_LIMIT, "more than %d backends", CODER_LIMIT);
	struct coder *coder = &coders[coder_count++];
	*coder = coders[0];
	memcpy(coder->name, name, sizeof name);
	return coder;
}

static void add_coder(const char *backend, const struct tenon_backend_kernel *entry)
{
	if (entry->id == TENON_ID_delta_encode)
		find_coder(backend, entry->needs)->encode = entry->function;
	if (entry->id == TENON_ID_delta_decode)
		find_coder(backend, entry->needs)->decode = entry->function;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	visit_entries(add_coder);
	return 0;
}

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

static void *take(size_t size, int byte)
{
	void *memory = malloc(size + !size);
	MUST(memory, "out of memory");
	return memset(memory, byte, size + !size);
}

static struct tenon_delta take_delta(size_t size, int byte)
{
	return (struct tenon_delta){(uint64_t)byte, size, take(8 * TENON_DELTA_WORDS(size), byte), take(size, byte)};
}

static void free_delta(struct tenon_delta *d)
{
	free(d->mask);
	free(d->payload);
}

/* ---- Decoding ---------------------------------------------------------------------------------------------------- */

static int is_zero(const struct tenon_delta *d)
{
	static const unsigned char zeros[PAGE_LIMIT];
	return !d->order && memcmp(d->mask, zeros, 8 * TENON_DELTA_WORDS(d->size)) == 0 &&
	       memcmp(d->payload, zeros, d->size) == 0;
}

static int equals(const struct tenon_delta *x, const struct tenon_delta *y)
{
	return x->order == y->order && memcmp(x->mask, y->mask, 8 * TENON_DELTA_WORDS(x->size)) == 0 &&
	       memcmp(x->payload, y->payload, x->size) == 0;
}

/* The others must do what scalar did, which left `first`. */
static void decode_by_others(const struct tenon_delta_decode_args *a, int status, const struct tenon_delta *first)
{
	for (size_t i = 1; i < coder_count; i++) {
		struct tenon_delta d = take_delta(first->size, 0xa5);
		struct tenon_delta_decode_args other = {a->encoded, a->length, &d};
		int got = coders[i].decode(&other, NULL);
		MUST(got == status, "%s returns %d, scalar %d", coders[i].name, got, status);
		MUST(equals(&d, first), "%s decodes to other bytes than scalar", coders[i].name);
		free_delta(&d);
	}
}

static void decode(const unsigned char *encoded, size_t length, size_t size)
{
	static unsigned char again[ENCODING_LIMIT];
	struct tenon_delta d = take_delta(size, 0x5a);
	struct tenon_delta_decode_args a = {encoded, length, &d};
	int status = scalar_delta_decode(&a, NULL);
	MUST(status == TENON_OK || status == TENON_ECORRUPT, "decoding returns %d", status);
	if (status)
		MUST(is_zero(&d), "refused, but not all zero");
	else
		MUST(write_encoding(&d, encoded[4], again) == length && memcmp(again, encoded, length) == 0,
		     "decoded what kind %d does not write so", encoded[4]);
	decode_by_others(&a, status, &d);
	free_delta(&d);
}

/* Small pages, mostly, since those are fast. */
static size_t read_size(const uint8_t *data)
{
	size_t value = data[0] + 256u * data[1];
	return value < 0xf000 ? value % 321 : (value - 0xf000) * PAGE_LIMIT / 0xfff;
}

static void decode_anything(const uint8_t *data, size_t size)
{
	size_t page = size >= 20 ? data[16] + 256u * data[17] : 0;
	unsigned char *copy = take(size, 0);
	if (size)
		memcpy(copy, data, size);
	decode(copy, size, page > PAGE_LIMIT ? PAGE_LIMIT : page);
	free(copy);
}

static void decode_body(const uint8_t *data, size_t size)
{
	if (size < 3)
		return;
	size_t page = read_size(data + 1), length = size - 3 + TENON_DELTA_OVERHEAD;
	unsigned char *encoded = take(length, 0);
	memcpy(encoded, "TND\1", 4);
	encoded[4] = data[0] % 5;
	write_number(encoded + 8, 7, 8);
	write_number(encoded + 16, page, 4);
	memcpy(encoded + 24, data + 3, size - 3);
	seal_encoding(encoded, length);
	decode(encoded, length, page);
	free(encoded);
}

/* ---- Encoding ---------------------------------------------------------------------------------------------------- */

static void encode_by(const struct coder *coder, const struct tenon_delta *d, const unsigned char *wanted,
		      size_t length)
{
	size_t capacity = TENON_DELTA_BOUND(d->size), got = 0;
	unsigned char *encoded = take(capacity, 0xa5);
	struct tenon_delta_encode_args a = {d, encoded, capacity, &got};
	MUST(coder->encode(&a, NULL) == TENON_OK, "%s: encoding fails", coder->name);
	MUST(got == length && memcmp(encoded, wanted, length) == 0, "%s encodes otherwise, in %zu bytes, not %zu",
	     coder->name, got, length);
	for (; got < capacity; got++)
		MUST(encoded[got] == 0xa5, "%s writes behind the encoding", coder->name);
	free(encoded);
}

static void encode(const struct tenon_delta *d)
{
	static unsigned char wanted[ENCODING_LIMIT];
	size_t length = write_encoding(d, smallest_kind(d, wanted), wanted);
	MUST(length <= TENON_DELTA_BOUND(d->size), "%zu bytes of a page of %zu", length, d->size);
	for (size_t i = 0; i < coder_count; i++)
		encode_by(&coders[i], d, wanted, length);
	unsigned char *copy = take(length, 0);
	memcpy(copy, wanted, length);
	decode(copy, length, d->size);
	free(copy);
}

static void encode_delta(const uint8_t *data, size_t size)
{
	if (size < 2)
		return;
	struct tenon_delta d = take_delta(read_size(data), 0);
	data += 2;
	size -= 2;
	size_t mask = (d.size + 7) / 8 < size ? (d.size + 7) / 8 : size;
	d.order = size;
	if (mask) {
		memcpy(d.mask, data, mask);
		if (d.size % 64)
			d.mask[d.size / 64] &= (UINT64_C(1) << d.size % 64) - 1;
	}
	for (size_t i = 0; i < d.size && size > mask; i++)
		d.payload[i] = data[mask + i % (size - mask)];
	encode(&d);
	free_delta(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 3) {
	case 0: decode_anything(data + 1, size - 1); break;
	case 1: decode_body(data + 1, size - 1); break;
	default: encode_delta(data + 1, size - 1); break;
	}
	return 0;
}
UNTRACED_END
