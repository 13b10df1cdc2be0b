/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Comparing; see compare.h. Pure.
 */
#include "tests/conform/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/trial.h"

#define QUIET_NAN 0x7fc00000

/* An element as bits, NaNs made one. */
static uint64_t load_element(enum element element, const void *memory, size_t index)
{
	const unsigned char *at = (const unsigned char *)memory + index * size_of_element(element);
	uint32_t word;
	uint64_t wide;
	switch (element) {
	case ELEMENT_U8: return *at;
	case ELEMENT_U64: return memcpy(&wide, at, sizeof wide), wide;
	default: memcpy(&word, at, sizeof word);
	}
	return element == ELEMENT_F32 && (word & 0x7fffffff) > 0x7f800000 ? QUIET_NAN : word;
}

/* The bits of floats in the order of their values. */
static int64_t order_float(uint32_t bits)
{
	return bits & 0x80000000 ? -(int64_t)(bits & 0x7fffffff) : (int64_t)bits;
}

static void describe_floats(uint32_t got, uint32_t want, char *text, size_t size)
{
	float got_value = float_of_bits(got), want_value = float_of_bits(want);
	int64_t ulps = order_float(got) - order_float(want);
	if (isnan(got_value) || isnan(want_value))
		snprintf(text, size, isnan(got_value) ? "is NaN, a number is due" : "is a number, NaN is due");
	else if (isinf(got_value) || isinf(want_value))
		snprintf(text, size, isinf(got_value) ? "is infinite" : "is finite, an infinity is due");
	else if (ulps == 0)
		snprintf(text, size, "is a zero of the wrong sign");
	else
		snprintf(text, size, "is %lld ulp too %s", llabs((long long)ulps), ulps > 0 ? "high" : "low");
}

static void describe_difference(const struct outcome *o, size_t index, struct finding *finding)
{
	const struct buffer *buffer = &o->trial->buffer[o->buffer];
	uint64_t got = load_element(buffer->element, o->got, index), want = load_element(buffer->element, o->want, index);
	uint64_t poison = 0x0101010101010101u * o->poison >> (64 - 8 * size_of_element(buffer->element));
	char text[64];
	if (buffer->role == ROLE_OUT && got == poison && buffer->element != ELEMENT_U8) {
		find(finding, CHECK_UNWRITTEN, "%s[%zu] was not written", buffer->name, index);
		return;
	}
	if (buffer->element == ELEMENT_F32)
		describe_floats((uint32_t)got, (uint32_t)want, text, sizeof text);
	else
		snprintf(text, sizeof text, "is %#llx, %#llx is due", (unsigned long long)got, (unsigned long long)want);
	find(finding, CHECK_BITS, "%s[%zu] %s", buffer->name, index, text);
}

/* The lanes around the first bad one, with the oracle's opinion. */
static void fill_lanes(const struct outcome *o, size_t bad, struct finding *finding)
{
	const struct buffer *buffer = &o->trial->buffer[o->buffer];
	size_t first = bad < 2 ? 0 : bad - 2;
	snprintf(finding->buffer, sizeof finding->buffer, "%s", buffer->name);
	for (size_t i = first; i < o->count && finding->lanes < LANES_MAX; i++) {
		struct answer answer = {.bound = INFINITY, .value = NAN};
		if (o->trial->spec->judge)
			o->trial->spec->judge(o->trial, o->placed, o->buffer, i, &answer);
		finding->lane[finding->lanes++] = (struct lane){i, buffer->element,
			load_element(buffer->element, o->got, i), load_element(buffer->element, o->want, i), answer.value,
			o->trial->spec->judge && buffer->element == ELEMENT_F32};
	}
}

static size_t find_first_difference(const struct outcome *o)
{
	enum element element = o->trial->buffer[o->buffer].element;
	if (memcmp(o->got, o->want, o->count * size_of_element(element)) == 0)
		return o->count;
	for (size_t i = 0; i < o->count; i++)
		if (load_element(element, o->got, i) != load_element(element, o->want, i))
			return i;
	return o->count;
}

bool compare_bits(const struct outcome *o, struct finding *finding)
{
	size_t bad = find_first_difference(o);
	if (bad == o->count)
		return true;
	describe_difference(o, bad, finding);
	fill_lanes(o, bad, finding);
	return false;
}

/* ---- The oracle -------------------------------------------------------------------------------------------------- */

static bool agrees(enum element element, uint64_t got, const struct answer *answer, double *worst)
{
	double value = (double)float_of_bits((uint32_t)got);
	if (isinf(answer->bound))
		return true;
	if (element != ELEMENT_F32)
		return got == answer->bits;
	if (isnan(answer->value))
		return isnan(value);
	if (answer->bound == 0 || isinf(answer->value))
		return got == bits_of_float((float)answer->value);
	double share = fabs(value - answer->value) / answer->bound;
	*worst = share > *worst ? share : *worst;
	return share <= 1;
}

bool compare_oracle(const struct outcome *o, struct finding *finding)
{
	const struct buffer *buffer = &o->trial->buffer[o->buffer];
	for (size_t i = 0; i < o->count; i++) {
		struct answer answer = {0};
		o->trial->spec->judge(o->trial, o->placed, o->buffer, i, &answer);
		uint64_t got = load_element(buffer->element, o->got, i);
		if (agrees(buffer->element, got, &answer, o->worst))
			continue;
		if (buffer->element == ELEMENT_F32)
			find(finding, CHECK_ORACLE, "%s[%zu] is %a, the oracle says %a within %g", buffer->name, i,
				(double)float_of_bits((uint32_t)got), answer.value, answer.bound);
		else
			find(finding, CHECK_ORACLE, "%s[%zu] is %#llx, the oracle says %#llx", buffer->name, i,
				(unsigned long long)got, (unsigned long long)answer.bits);
		fill_lanes(o, i, finding);
		return false;
	}
	return true;
}
