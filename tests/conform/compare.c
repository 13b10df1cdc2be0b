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
	uint64_t got = load_element(buffer->element, o->got, index),
		 want = load_element(buffer->element, o->want, index);
	uint64_t poison = 0x0101010101010101u * o->poison >> (64 - 8 * size_of_element(buffer->element));
	char text[64];
	if (buffer->role == ROLE_OUT && got == poison && buffer->element != ELEMENT_U8) {
		find(finding, CHECK_UNWRITTEN, "%s[%zu] was not written", buffer->name, index);
		return;
	}
	if (buffer->element == ELEMENT_F32)
		describe_floats((uint32_t)got, (uint32_t)want, text, sizeof text);
	else
		snprintf(text, sizeof text, "is %#llx, %#llx is due", (unsigned long long)got,
			 (unsigned long long)want);
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
		finding->lane[finding->lanes++] =
			(struct lane){i,
				      buffer->element,
				      load_element(buffer->element, o->got, i),
				      o->want ? load_element(buffer->element, o->want, i) : 0,
				      answer.value,
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

/* A sum in any order may be a zero of either sign; of the canonical order there is a better answer. */
static bool is_exactly(uint32_t got, float want, bool any_zero)
{
	return got == bits_of_float(want) || (any_zero && want == 0 && float_of_bits(got) == 0);
}

/* The gate that an element does not pass. */
static enum check judge_element(const struct outcome *o, uint64_t got, const struct answer *answer)
{
	enum check check = answer->is_exact_sum ? CHECK_EXACT_SUM : CHECK_ORACLE;
	bool any_order = o->trial->any_order;
	double value = (double)float_of_bits((uint32_t)got);
	if (o->trial->buffer[o->buffer].element != ELEMENT_F32)
		return got == answer->bits ? CHECK_NONE : CHECK_ORACLE;
	if (answer->has_canonical && !any_order && got != load_element(ELEMENT_F32, &answer->canonical, 0))
		return CHECK_ORACLE;
	if (isinf(answer->bound))
		return CHECK_NONE;
	if (isnan(answer->value))
		return isnan(value) ? CHECK_NONE : check;
	if (answer->bound == 0 || isinf(answer->value))
		return is_exactly((uint32_t)got, (float)answer->value, any_order || answer->has_canonical) ? CHECK_NONE
													   : check;
	double error = fabs(value - answer->value), share = error / answer->bound;
	*o->worst = share > *o->worst ? share : *o->worst;
	if (!(share <= 1))
		return check;
	return answer->alarm > 0 && error > answer->alarm ? CHECK_ALARM : CHECK_NONE;
}

static void describe_judgement(const struct outcome *o, size_t i, uint64_t got, const struct answer *answer,
			       enum check check, struct finding *finding)
{
	const struct buffer *buffer = &o->trial->buffer[o->buffer];
	double value = (double)float_of_bits((uint32_t)got),
	       bound = check == CHECK_ALARM ? answer->alarm : answer->bound;
	if (buffer->element != ELEMENT_F32)
		find(finding, check, "%s[%zu] is %#llx, the oracle says %#llx", buffer->name, i,
		     (unsigned long long)got, (unsigned long long)answer->bits);
	else
		find(finding, check, "%s[%zu] is %a, the oracle says %a within %g%s", buffer->name, i, value,
		     answer->value, bound,
		     check == CHECK_ALARM       ? ", as independent roundings would"
		     : check == CHECK_EXACT_SUM ? ", since no sum rounds"
						: "");
	fill_lanes(o, i, finding);
}

bool compare_oracle(const struct outcome *o, struct finding *finding)
{
	for (size_t i = 0; i < o->count; i++) {
		struct answer answer = {0};
		o->trial->spec->judge(o->trial, o->placed, o->buffer, i, &answer);
		uint64_t got = load_element(o->trial->buffer[o->buffer].element, o->got, i);
		enum check check = judge_element(o, got, &answer);
		if (check)
			return describe_judgement(o, i, got, &answer, check, finding), false;
	}
	return true;
}
