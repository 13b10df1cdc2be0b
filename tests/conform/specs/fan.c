/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of binding_decay and fan_effect, which change their array in place. No state.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/conform/law.h"

#define UNIT 0x1p-24

enum { KIND = AXIS_OWN, SIZE, FORM, FIRST, SECOND, PLACE, VALUE, FANS };
enum kind { PLAIN, EDGE, WILD, LONE, LARGE, KINDS };
enum { BUFFER_ARRAY, BUFFER_FANS };

static const char *const kinds[] = {"plain", "edge", "wild", "lone", "large"};

/* lone: one special value (VALUE) at PLACE. large: in [1, 3). */
#define INPLACE_AXES                                \
	COMMON_AXES, {"kind", 0, KINDS - 1, kinds}, \
	{                                           \
		"n", 0, 1 << 21, NULL               \
	}

static void make_array(struct trial *t)
{
	static const enum fill fills[KINDS] = {[EDGE] = FILL_EDGE, [WILD] = FILL_WILD};
	size_t n = (size_t)t->point.at[SIZE];
	float *array = add_buffer(t, "array", ROLE_INOUT, ELEMENT_F32, n);
	fill_floats(array, n, stream_of(t, BUFFER_ARRAY), fills[t->point.at[KIND]]);
	for (size_t i = 0; t->point.at[KIND] == LARGE && i < n; i++)
		array[i] += 2;
	if (n && t->point.at[KIND] == LONE)
		array[(size_t)t->point.at[PLACE] % n] = get_lone_value(t->point.at[VALUE]);
}

static struct point at(int64_t kind, int64_t n, int64_t form, int64_t first, int64_t second)
{
	return (struct point){.at = {[KIND] = kind, [SIZE] = n, [FORM] = form, [FIRST] = first, [SECOND] = second}};
}

static void sweep_forms(struct sweep *s, int64_t forms, int64_t firsts, int64_t seconds)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t n = 0; n <= 4 * 32 + 3; n++)
		for (int64_t i = 0; i < (is_quick ? 2 : 4 * KINDS); i++) {
			struct point point = at((n + i) % KINDS, n, (n + i) % forms, i % firsts, 0);
			point.at[FANS] = (n + i) % 4;
			visit(s, point);
		}
	for (int64_t i = 0; i < forms * firsts * seconds * (is_quick ? 1 : KINDS); i++) {
		struct point point = at(i % KINDS, 70, i % forms, i / forms % firsts, i / forms / firsts % seconds);
		point.at[FANS] = i % 4;
		visit(s, point);
	}
	int64_t n = is_quick ? 64 + 5 : 2 * 64 + 5;
	for (int64_t place = 0; place < n; place++)
		for (int64_t value = is_quick ? place % 6 : 0; value < LONE_VALUES; value += is_quick ? 6 : 1) {
			struct point point = at(LONE, n, value % forms, place % firsts, 0);
			point.at[PLACE] = place;
			point.at[VALUE] = value;
			visit(s, point);
		}
	visit_lengths(s, at(PLAIN, 0, 1, 0, 0), SIZE, 132, is_quick ? 1025 : 1 << 21);
	visit(s, at(PLAIN, 65537 + 13, 1, 0, 0));
}

/* ---- binding_decay ----------------------------------------------------------------------------------------------- */

enum { RATES = 8, TIMES = 6 };
static const char *const forms[] = {"linear", "exponential"};
static const char *const rate_words[] = {"0.1", "0", "0.5", "1", "1.5", "2^-149", "30", "FLT_MAX"};
static const float rates[RATES] = {0.1f, 0, 0.5f, 1, 1.5f, 0x1p-149f, 30, FLT_MAX};
static const char *const time_words[] = {"1", "0", "0.25", "2.9", "2^-126", "FLT_MAX"};
static const float times[TIMES] = {1, 0, 0.25f, 2.9f, 0x1p-126f, FLT_MAX};

static const struct axis binding_axes[] = {
	INPLACE_AXES,
	{"form", 0, 1, forms},
	{"rate", 0, RATES - 1, rate_words},
	{"dt", 0, TIMES - 1, time_words},
	{"place", 0, 1 << 21, NULL},
	{"value", 0, LONE_VALUES - 1, NULL},
	{NULL, 0, 0, NULL},
};

static void bind_binding(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_binding_decay_args *)args = (struct tenon_binding_decay_args){
		p->seen[BUFFER_ARRAY], (size_t)t->point.at[SIZE], rates[t->point.at[FIRST]], times[t->point.at[SECOND]],
		(uint32_t)t->point.at[FORM]};
}

/* The product is clamped: an error does not grow, and infinities become numbers. */
static void judge_binding(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			  struct answer *answer)
{
	float strength = ((const float *)t->buffer[BUFFER_ARRAY].content)[index];
	double lost = (double)rates[t->point.at[FIRST]] * (double)times[t->point.at[SECOND]];
	bool is_linear = t->point.at[FORM] == TENON_FORGETTING_LINEAR;
	double kept = is_linear              ? fmax(0, 1 - lost)
		      : lost > 0x1.5d589ep+6 ? 0
					     : exp(-lost),
	       y = (double)strength * kept;
	(void)p;
	(void)buffer;
	*answer = (struct answer){.value = isnan(y) ? y : y < 0 ? 0 : y > 1 ? 1 : y, .is_exact_sum = lost == 0};
	if (isnan(y) || !isfinite(strength) || (strength == 0 && y == 0))
		return;
	answer->bound = is_linear ? (lost + 2 * kept) * fabs((double)strength) : (lost + 3) * fabs(y);
	answer->bound = lost > 0 ? 1.01 * UNIT * answer->bound + 0x1p-149 : 0;
	if (fabs(lost - 0x1.5d589ep+6) < 1e-3)
		answer->bound = INFINITY;
	if (lost > 1 && is_linear)
		answer->bound = 0x1p-149; /* zero of either sign, before the clamp */
}

static void sweep_binding(struct sweep *s)
{
	sweep_forms(s, 2, RATES, TIMES);
}

const struct spec spec_binding_decay = {.kernel = "binding_decay",
					.axes = binding_axes,
					.sweep = sweep_binding,
					.make = make_array,
					.bind = bind_binding,
					.judge = judge_binding,
					.laws = laws_of_binding};

/* ---- fan_effect -------------------------------------------------------------------------------------------------- */

enum { WEIGHTS = 5, STRENGTHS = 5 };
static const char *const fan_forms[] = {"one", "linear", "sqrt", "act-r"};
static const char *const weight_words[] = {"1", "0", "-0.5", "2^-140", "2^60"};
static const float weights[WEIGHTS] = {1, 0, -0.5f, 0x1p-140f, 0x1p60f};
static const char *const strength_words[] = {"1.5", "0", "-2", "2^-140", "2^60"};
static const float strengths[STRENGTHS] = {1.5f, 0, -2, 0x1p-140f, 0x1p60f};
static const char *const fan_words[] = {"few", "any", "edges", "ascending"};

static const struct axis fan_axes[] = {
	INPLACE_AXES,
	{"form", 0, 3, fan_forms},
	{"weight", 0, WEIGHTS - 1, weight_words},
	{"strength", 0, STRENGTHS - 1, strength_words},
	{"place", 0, 1 << 21, NULL},
	{"value", 0, LONE_VALUES - 1, NULL},
	{"fans", 0, 3, fan_words},
	{NULL, 0, 0, NULL},
};

static uint32_t make_fan(int64_t kind, uint64_t random, size_t i)
{
	static const uint32_t edges[] = {0,          1,          2,          31,        32,         33,
					 0xffffff,   0x1000000,  0x1000001,  0x1000003, 0x7fffffff, 0x80000000,
					 0x80000080, 0x800000ff, 0xffffff7f, UINT32_MAX};
	switch (kind) {
	case 1: return (uint32_t)random >> (random >> 59);
	case 2: return edges[random >> 60];
	case 3: return (uint32_t)i;
	default: return (uint32_t)(random >> 32) % 40;
	}
}

static void make_fans(struct trial *t)
{
	make_array(t);
	size_t n = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, BUFFER_FANS);
	uint32_t *fans = add_buffer(t, "fans", ROLE_IN, ELEMENT_U32, n);
	for (size_t i = 0; i < n; i++)
		fans[i] = make_fan(t->point.at[FANS], draw_bits(stream, i), i);
}

static void bind_fans(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_fan_effect_args *)args = (struct tenon_fan_effect_args){
		p->seen[BUFFER_ARRAY],       p->seen[BUFFER_FANS],        (size_t)t->point.at[SIZE],
		(uint32_t)t->point.at[FORM], weights[t->point.at[FIRST]], strengths[t->point.at[SECOND]]};
}

static void judge_act_r(const struct trial *t, double x, double fan, struct answer *answer)
{
	double weight = (double)weights[t->point.at[FIRST]], strength = (double)strengths[t->point.at[SECOND]];
	double l = log(fan), exact = x + weight * (strength - l);
	answer->value = exact;
	answer->bound = 1.01 * UNIT * (fabs(weight) * (1 + 2 * l + 2 * fabs(strength - l)) + fabs(exact)) + 0x1p-148;
	if (fabs(exact) * (1 + 0x1p-10) > FLT_MAX)
		answer->bound = INFINITY;
}

/*
 * A quotient of a float by a float, or by the root of one rounded to float, is right in double, since 53 >= 2 * 24 + 2;
 * only a subnormal would be rounded twice. The bound is that of 2u and 2.5u, for any other way.
 */
static void judge_quotient(double x, uint32_t fan, bool is_root, struct answer *answer)
{
	double by = (double)(float)fan, exact = x / (is_root ? sqrt((double)fan) : (double)fan);
	answer->value = exact;
	answer->bound = 1.001 * (is_root ? 2.5 : 2) * UNIT * fabs(exact) + 0x1p-149;
	answer->canonical = (float)(x / (is_root ? (double)(float)sqrt(by) : by));
	answer->has_canonical = fabs(exact) >= 2 * FLT_MIN || x == 0;
}

/* Who shares with nobody keeps all bits. */
static void judge_fans(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
		       struct answer *answer)
{
	double x = (double)((const float *)t->buffer[BUFFER_ARRAY].content)[index];
	uint32_t fan = ((const uint32_t *)t->buffer[BUFFER_FANS].content)[index];
	int64_t form = t->point.at[FORM];
	(void)p;
	(void)buffer;
	*answer = (struct answer){.value = x, .is_exact_sum = fan < 2 && form != TENON_FAN_ACT_R};
	if (!isfinite(x))
		return;
	if (form == TENON_FAN_ACT_R)
		judge_act_r(t, x, fan ? (double)fan : 1, answer);
	else if (form != TENON_FAN_ONE && fan > 1)
		judge_quotient(x, fan, form == TENON_FAN_SQRT, answer);
}

static void sweep_fans(struct sweep *s)
{
	sweep_forms(s, 4, WEIGHTS, STRENGTHS);
}

const struct spec spec_fan_effect = {.kernel = "fan_effect",
				     .axes = fan_axes,
				     .sweep = sweep_fans,
				     .make = make_fans,
				     .bind = bind_fans,
				     .judge = judge_fans,
				     .laws = laws_of_fans};
