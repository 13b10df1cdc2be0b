/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of delta_encode and delta_decode: which calls are legal, and the self-tests. No state.
 */
#include "runtime/specs/delta.h"

#include <stdio.h>
#include <string.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* ---- Legal calls ------------------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) int explain_encode(const struct tenon_delta_encode_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "delta_encode: args is NULL");
	int status = explain_delta_buffers(why, "delta_encode", "delta", a->delta);
	if (status)
		return status;
	if (!a->encoded || !a->length)
		return explain(why, TENON_EINVAL, "delta_encode: %s is NULL", a->encoded ? "length" : "encoded");
	if (a->capacity < TENON_DELTA_BOUND(a->delta->size))
		return explain(why, TENON_EINVAL, "delta_encode: capacity is %zu; TENON_DELTA_BOUND(%zu) is %zu",
			       a->capacity, a->delta->size, TENON_DELTA_BOUND(a->delta->size));
	return explain(why, TENON_EINVAL, "delta_encode: the mask has bits from %zu, the page's size, on; clear them",
		       a->delta->size);
}

int check_delta_encode(const struct tenon_delta_encode_args *a, struct why *why)
{
	int legal = a && has_delta_buffers(a->delta) && a->encoded && a->length &&
		    a->capacity >= TENON_DELTA_BOUND(a->delta->size) && !get_delta_tail(a->delta);
	return likely(legal) ? 0 : explain_encode(a, why);
}

static __attribute__((cold, noinline)) int explain_decode(const struct tenon_delta_decode_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "delta_decode: args is NULL");
	int status = explain_delta_buffers(why, "delta_decode", "delta", a->delta);
	return status ? status : explain(why, TENON_EINVAL, "delta_decode: encoded is NULL with length %zu", a->length);
}

int check_delta_decode(const struct tenon_delta_decode_args *a, struct why *why)
{
	int legal = a && has_delta_buffers(a->delta) && (a->encoded || !a->length);
	return likely(legal) ? 0 : explain_decode(a, why);
}

/* Where a share's bytes would go depends on all that come before. */
int divide_delta_encode(const struct tenon_delta_encode_args *a, size_t part, size_t parts, struct share *share)
{
	(void)parts;
	return divide_not_at_all(&share->args.delta_encode, a, sizeof *a, part);
}

int divide_delta_decode(const struct tenon_delta_decode_args *a, size_t part, size_t parts, struct share *share)
{
	(void)parts;
	return divide_not_at_all(&share->args.delta_decode, a, sizeof *a, part);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Behind what is written the bytes stay: they are part of the answer, up to where a body might think of writing. */
void regions_delta_encode(const struct tenon_delta_encode_args *a, struct regions *r)
{
	if (list_delta(r, REGION_ARG(a, delta), a->delta, REGION_IN) < 0)
		return;
	size_t bound = TENON_DELTA_BOUND(a->delta->size);
	add_region(r, REGION_ARG(a, encoded), REGION_INOUT, REGION_U8, bound < a->capacity ? bound : a->capacity);
	add_region(r, REGION_ARG(a, length), REGION_OUT, REGION_U64, 1);
}

void regions_delta_decode(const struct tenon_delta_decode_args *a, struct regions *r)
{
	const struct tenon_delta *delta = a->delta;
	add_region(r, REGION_ARG(a, encoded), REGION_IN, REGION_U8, a->length);
	int at = list_delta(r, REGION_ARG(a, delta), delta, REGION_OUT);
	if (at >= 0)
		add_member(r, REGION_MEMBER(at, delta, order), REGION_OUT, REGION_U64);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { PAGE = 4160, BLOCK = 4096, BOUND = TENON_DELTA_BOUND(PAGE), WORDS = TENON_DELTA_WORDS(PAGE) };

struct buffers {
	uint64_t mask[WORDS];
	unsigned char payload[PAGE];
};

/*
 * Deltas whose smallest encodings are of each kind, with distances and runs of one byte and of two, and a second
 * block: of every byte `period` apart by `run` bytes, the first one at `begin`.
 */
static const struct pattern {
	size_t size, begin, period, run;
} patterns[] = {
	{0, 0, 1, 0},          {1, 0, 1, 1},     {131, 0, 1, 1},        {200, 1, 2, 1},
	{PAGE, 3, 9, 1},       {PAGE, 1, 66, 1}, {PAGE, 127, 256, 1},   {PAGE, 64, 700, 129},
	{PAGE, BLOCK, 64, 64}, {PAGE, 0, 1, 1},  {BLOCK + 9, 5, 12, 2},
};

static void make_delta(const struct pattern *p, struct buffers *b, struct tenon_delta *d)
{
	memset(b, 0, sizeof *b);
	for (size_t i = p->begin; i < p->size; i++)
		if ((i - p->begin) % p->period < p->run) {
			b->mask[i / 64] |= UINT64_C(1) << i % 64;
			b->payload[i] = (unsigned char)(i * 37 + 11);
		}
	*d = (struct tenon_delta){0x0123456789abcdef, p->size, b->mask, b->payload};
}

static int compare_with_pattern(const char *kernel, const struct pattern *p, const void *got, const void *want,
				size_t size, struct why *why)
{
	char shape[96];
	snprintf(shape, sizeof shape, "size %zu, %zu of %zu bytes from %zu on", p->size, p->run, p->period, p->begin);
	return compare_bytes(why, kernel, shape, got, want, size);
}

static int test_encode(tenon_kernel_fn *function, const struct pattern *p, struct why *why)
{
	unsigned char got[BOUND + 1], want[BOUND + 1];
	size_t got_length = 0, want_length = 0;
	struct buffers b;
	struct tenon_delta d;
	make_delta(p, &b, &d);
	memset(got, 0xa5, sizeof got);
	memset(want, 0xa5, sizeof want);
	struct tenon_delta_encode_args a = {&d, want, BOUND, &want_length};
	scalar_delta_encode(&a, NULL);
	a.encoded = got;
	a.length = &got_length;
	int status = function(&a, NULL);
	if (status != TENON_OK || got_length != want_length)
		return explain(why, TENON_EREFUSED,
			       "delta_encode: self-test size %zu: returned %d and length %zu, scalar's is %zu", p->size,
			       status, got_length, want_length);
	return compare_with_pattern("delta_encode", p, got, want, sizeof got, why);
}

int test_delta_encode(tenon_kernel_fn *function, struct why *why)
{
	int status = 0;
	for (size_t i = 0; !status && i < sizeof patterns / sizeof *patterns; i++)
		status = test_encode(function, &patterns[i], why);
	return status;
}

static int decode(tenon_kernel_fn *function, const unsigned char *encoded, size_t length, struct buffers *b,
		  struct tenon_delta *d)
{
	struct tenon_delta_decode_args a = {encoded, length, d};
	memset(b, 0xa5, sizeof *b);
	d->order = 1;
	d->mask = b->mask;
	d->payload = b->payload;
	return function(&a, NULL);
}

static int compare_deltas(tenon_kernel_fn *function, const struct pattern *p, const unsigned char *encoded,
			  size_t length, struct why *why)
{
	struct buffers got, want;
	struct tenon_delta d = {.size = p->size};
	int want_status = decode(scalar_delta_decode, encoded, length, &want, &d);
	uint64_t order = d.order;
	int status = decode(function, encoded, length, &got, &d);
	if (status != want_status || d.order != order)
		return explain(why, TENON_EREFUSED,
			       "delta_decode: self-test size %zu: returned %d and order %llx, scalar %d and %llx",
			       p->size, status, (unsigned long long)d.order, want_status, (unsigned long long)order);
	return compare_with_pattern("delta_decode", p, &got, &want, sizeof got, why);
}

static int test_decode(tenon_kernel_fn *function, const struct pattern *p, struct why *why)
{
	unsigned char encoded[BOUND];
	struct buffers b;
	struct tenon_delta d;
	size_t length = 0;
	make_delta(p, &b, &d);
	struct tenon_delta_encode_args a = {&d, encoded, BOUND, &length};
	scalar_delta_encode(&a, NULL);
	int status = compare_deltas(function, p, encoded, length, why);
	if (status)
		return status;
	encoded[length / 2] ^= 4;
	return compare_deltas(function, p, encoded, length, why);
}

int test_delta_decode(tenon_kernel_fn *function, struct why *why)
{
	int status = 0;
	for (size_t i = 0; !status && i < sizeof patterns / sizeof *patterns; i++)
		status = test_decode(function, &patterns[i], why);
	return status;
}
