/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of the decay kernels over values and ages. No state.
 */
#include <float.h>
#include <math.h>

#include "tests/conform/law.h"

enum { KIND = AXIS_OWN, SIZE, AGES, SCALE, FLOOR, PLACE, VALUE, POWER };
enum kind { PLAIN, EDGE, WILD, LONE, KINDS };
enum { BUFFER_VALUES, BUFFER_AGES, BUFFER_OUT, BUFFER_STABILITIES };

/* MIXED: everything that make_age() knows. WIDTH: below 2^(place mod 64). END: around the end of exp for scale 2^17. */
enum ages { AGES_RECENT, AGES_MIXED, AGES_WIDTH, AGES_NONE, AGES_END, AGES_KINDS };

static const char *const kinds[] = {"plain", "edge", "wild", "lone"};
static const char *const ages_words[] = {"recent", "mixed", "width", "none", "end"};

enum { SCALES = 12, FLOORS = 10 };
static const char *const scale_words[] = {"2^22", "600000", "2^-149", "2^-126", "2^-20",   "1",
					  "3",    "2^17",   "2^40",   "2^62",   "FLT_MAX", "infinite"};
static const float scales[SCALES] = {0x1p22f, 600000,  0x1p-149f, 0x1p-126f, 0x1p-20f, 1,
				     3,       0x1p17f, 0x1p40f,   0x1p62f,   FLT_MAX,  INFINITY};
static const char *const floor_words[] = {"none", "0",    "-0",     "0.01",   "0.125",
					  "2",    "-0.5", "2^-126", "2^-140", "infinite"};
static const float floors[FLOORS] = {-INFINITY, 0, -0.0f, 0.01f, 0.125f, 2, -0.5f, 0x1p-126f, 0x1p-140f, INFINITY};

enum { BETAS = 7, BASES = 6 };
static const char *const beta_words[] = {"0.5", "0", "0.3", "1", "2", "30", "FLT_MAX"};
static const float betas[BETAS] = {0.5f, 0, 0.3f, 1, 2, 30, FLT_MAX};
static const char *const base_words[] = {"0.9", "1", "0.5", "0.1", "2^-100", "2^-149"};
static const float bases[BASES] = {0.9f, 1, 0.5f, 0.1f, 0x1p-100f, 0x1p-149f};

/* lone: one special value (VALUE) at PLACE. */
#define DECAY_AXES                                                                                                    \
	COMMON_AXES, {"kind", 0, KINDS - 1, kinds}, {"n", 0, 1 << 21, NULL}, {"ages", 0, AGES_KINDS - 1, ages_words}, \
		{"scale", 0, SCALES - 1, scale_words}, {"floor", 0, FLOORS - 1, floor_words},                         \
		{"place", 0, 1 << 21, NULL},                                                                          \
	{                                                                                                             \
		"value", 0, LONE_VALUES - 1, NULL                                                                     \
	}

static const struct axis exponential_axes[] = {DECAY_AXES, {NULL, 0, 0, NULL}};
static const struct axis power_law_axes[] = {DECAY_AXES, {"beta", 0, BETAS - 1, beta_words}, {NULL, 0, 0, NULL}};
static const struct axis two_component_axes[] = {DECAY_AXES, {"base", 0, BASES - 1, base_words}, {NULL, 0, 0, NULL}};

/* ---- Data -------------------------------------------------------------------------------------------------------- */

static uint64_t make_aged(const struct trial *t, uint64_t random, size_t i)
{
	switch (t->point.at[AGES]) {
	case AGES_MIXED: return make_age(random);
	case AGES_WIDTH: return random >> (63 - t->point.at[PLACE] % 64);
	case AGES_NONE: return 0;
	case AGES_END: return 0xaeac4f - 130 + i % 260;
	default: return random >> 40;
	}
}

static void make(struct trial *t)
{
	static const enum fill fills[KINDS] = {[EDGE] = FILL_EDGE, [WILD] = FILL_WILD};
	size_t n = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, BUFFER_AGES);
	float *values = add_buffer(t, "values", ROLE_IN, ELEMENT_F32, n);
	uint64_t *ages = add_buffer(t, "ages", ROLE_IN, ELEMENT_U64, n);
	add_buffer(t, "out", ROLE_OUT, ELEMENT_F32, n);
	fill_floats(values, n, stream_of(t, BUFFER_VALUES), fills[t->point.at[KIND]]);
	for (size_t i = 0; i < n; i++)
		ages[i] = make_aged(t, draw_bits(stream, i), i);
	if (n && t->point.at[KIND] == LONE)
		values[(size_t)t->point.at[PLACE] % n] = get_lone_value(t->point.at[VALUE]);
}

/* Around the scale, of either sign and special in places where the values are. */
static void make_two_component(struct trial *t)
{
	size_t n = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, BUFFER_STABILITIES);
	make(t);
	float *stabilities = add_buffer(t, "stabilities", ROLE_IN, ELEMENT_F32, n), scale = scales[t->point.at[SCALE]];
	for (size_t i = 0; i < n; i++) {
		uint64_t random = draw_bits(stream, i);
		stabilities[i] = fabsf(make_float(random, FILL_PLAIN)) * scale;
		if (t->point.at[KIND] == WILD || t->point.at[KIND] == EDGE)
			stabilities[i] = make_float(random, t->point.at[KIND] == WILD ? FILL_WILD : FILL_EDGE) * scale;
	}
}

/* ---- Schedule ---------------------------------------------------------------------------------------------------- */

static struct point at(int64_t kind, int64_t n, int64_t ages, int64_t scale, int64_t floor)
{
	return (struct point){.at = {[KIND] = kind, [SIZE] = n, [AGES] = ages, [SCALE] = scale, [FLOOR] = floor}};
}

static void sweep_lengths(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t n = 0; n <= (is_quick ? 4 * 32 + 3 : 4 * 128 + 3); n++)
		for (int64_t kind = PLAIN; kind <= WILD; kind++)
			for (int64_t i = 0; i < (is_quick ? n < 70 || (n + kind) % 3 == 0 : 8); i++)
				visit(s, at(kind, n, (n + i) % 2, i % 2, n % 2 ? 4 : 0));
	visit_lengths(s, at(PLAIN, 0, AGES_RECENT, 0, 0), SIZE, 132, is_quick ? 1025 : 1 << 21);
}

static void sweep_lanes(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	int64_t n = is_quick ? 64 + 5 : 2 * 64 + 5, step = is_quick ? 6 : 1;
	for (int64_t place = 0; place < n; place++)
		for (int64_t value = place % step; value < LONE_VALUES; value += step) {
			struct point point = at(LONE, n, value % 2 ? AGES_RECENT : AGES_NONE, value % 3 ? 9 : 0, 0);
			point.at[PLACE] = place;
			point.at[VALUE] = value;
			visit(s, point);
		}
}

static void sweep_parameters(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t scale = 0; scale < SCALES; scale++)
		for (int64_t floor = 0; floor < FLOORS; floor++)
			for (int64_t i = 0; i < (is_quick ? 2 : 12); i++)
				visit(s, at((scale + i) % 3, is_quick ? 70 : 150, (floor + i) % 2, scale, floor));
	for (int64_t width = 0; width < 64; width++)
		for (int64_t scale = 0; scale < (is_quick ? 1 : SCALES); scale++) {
			struct point point = at(PLAIN, 70, AGES_WIDTH, (scale + width) % SCALES, 0);
			point.at[PLACE] = width;
			visit(s, point);
		}
	for (int64_t power = 1; power < BASES; power++) /* decay_exponential has none */
		for (int64_t scale = 0; scale < (is_quick ? 4 : SCALES); scale++) {
			struct point point = at(scale % 3, 100, (power + scale) % 2, scale, power % 2);
			point.at[POWER] = power;
			visit(s, point);
		}
	visit(s, at(PLAIN, 260, AGES_END, 7, 0));
	visit(s, at(PLAIN, 65537 + 13, AGES_RECENT, 1, 0));
}

static void sweep(struct sweep *s)
{
	sweep_lengths(s);
	sweep_parameters(s);
	sweep_lanes(s);
}

/* ---- decay_exponential ------------------------------------------------------------------------------------------- */

static void bind_exponential(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_decay_exponential_args *)args = (struct tenon_decay_exponential_args){
		p->seen[BUFFER_VALUES],     p->seen[BUFFER_AGES],       (size_t)t->point.at[SIZE],
		scales[t->point.at[SCALE]], floors[t->point.at[FLOOR]], p->seen[BUFFER_OUT]};
}

#define UNIT 0x1p-24
#define END 0x1.5d589ep+6 /* of exp */

/* At least e^x - 1 of x = roundings * u, which is what an error of x in an exponent comes to. */
static double grow(double roundings)
{
	double x = roundings * UNIT;
	return x < 0x1p-6 ? x * (1 + x) : expm1(x);
}

/* The floor never raises a value; it hands an error on as it is. */
static double apply_floor(double y, float value, float floor)
{
	double least = value < floor ? (double)value : (double)floor;
	return least > y ? least : y;
}

/*
 * value * exp(-x) where the roundings so far, in units of the last place, are relative errors of the result; flushing adds
 * up to the smallest normal, and what is so near the end of exp may be on either side of it.
 */
static void judge_product(const struct trial *t, size_t index, double x, double roundings, struct answer *answer)
{
	float value = ((const float *)t->buffer[BUFFER_VALUES].content)[index], floor = floors[t->point.at[FLOOR]];
	bool is_near_end = fabs(x - END) < 1e-3 + 2 * roundings * UNIT;
	*answer = (struct answer){.value = (double)value, .is_exact_sum = x == 0};
	if (isnan(x))
		answer->value = NAN;
	else if (x > 0) {
		answer->value = isnan(value) ? NAN : (double)value * (x > END ? 0 : exp(-x));
		answer->bound =
			1.01 * grow(roundings) * fabs(answer->value) + 1.01 * FLT_MIN * fmax(1, fabs((double)value));
		if (roundings * UNIT > 0.5) /* of the exponent nothing is known */
			answer->bound = isfinite(value) ? fabs((double)value) + FLT_MIN : INFINITY;
		if (is_near_end)
			answer->bound = isfinite(value) ? answer->bound + 2 * FLT_MIN * fabs((double)value) : INFINITY;
	}
	if (!isnan(answer->value))
		answer->value = apply_floor(answer->value, value, floor);
	if (isinf(answer->value))
		answer->bound = isinf(answer->bound) ? answer->bound : 0;
	if (isnan(answer->bound))
		answer->bound = 0;
}

static double get_age(const struct trial *t, size_t index)
{
	return (double)((const uint64_t *)t->buffer[BUFFER_AGES].content)[index];
}

static void judge_exponential(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			      struct answer *answer)
{
	double x = get_age(t, index) / (double)scales[t->point.at[SCALE]];
	(void)p;
	(void)buffer;
	judge_product(t, index, x, 2 * fmin(x, 100) + 3, answer);
}

const struct spec spec_decay_exponential = {.kernel = "decay_exponential",
					    .axes = exponential_axes,
					    .sweep = sweep,
					    .make = make,
					    .bind = bind_exponential,
					    .judge = judge_exponential,
					    .laws = laws_of_decay};

/* ---- decay_power_law --------------------------------------------------------------------------------------------- */

static void bind_power_law(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_decay_power_law_args *)args = (struct tenon_decay_power_law_args){
		p->seen[BUFFER_VALUES],     p->seen[BUFFER_AGES],      (size_t)t->point.at[SIZE],
		scales[t->point.at[SCALE]], betas[t->point.at[POWER]], floors[t->point.at[FLOOR]],
		p->seen[BUFFER_OUT]};
}

static void judge_power_law(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			    struct answer *answer)
{
	double x = fmin(get_age(t, index) / (double)scales[t->point.at[SCALE]], FLT_MAX);
	double beta = (double)betas[t->point.at[POWER]], z = beta * log1p(x);
	(void)p;
	(void)buffer;
	judge_product(t, index, z, z > 0 ? 3 * beta + 3 * fmin(z, 100) + 3 : 0, answer);
}

const struct spec spec_decay_power_law = {.kernel = "decay_power_law",
					  .axes = power_law_axes,
					  .sweep = sweep,
					  .make = make,
					  .bind = bind_power_law,
					  .judge = judge_power_law,
					  .laws = laws_of_decay};

/* ---- decay_two_component ----------------------------------------------------------------------------------------- */

static void bind_two_component(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_decay_two_component_args *)args = (struct tenon_decay_two_component_args){
		p->seen[BUFFER_VALUES],    p->seen[BUFFER_AGES],      p->seen[BUFFER_STABILITIES],
		(size_t)t->point.at[SIZE], bases[t->point.at[POWER]], floors[t->point.at[FLOOR]],
		p->seen[BUFFER_OUT]};
}

static void judge_two_component(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
				struct answer *answer)
{
	double stability = (double)((const float *)t->buffer[BUFFER_STABILITIES].content)[index];
	double x = stability > 0 ? fmin(get_age(t, index) / stability, FLT_MAX) : NAN;
	double z = x * -log((double)bases[t->point.at[POWER]]);
	(void)p;
	(void)buffer;
	judge_product(t, index, z, 5 * fmin(z, 100) + 3, answer);
}

const struct spec spec_decay_two_component = {.kernel = "decay_two_component",
					      .axes = two_component_axes,
					      .sweep = sweep,
					      .make = make_two_component,
					      .bind = bind_two_component,
					      .judge = judge_two_component,
					      .laws = laws_of_decay};
