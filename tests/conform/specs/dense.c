/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of the query-against-rows family: one query against count rows. No state.
 */
#include <float.h>

#include "tests/conform/law.h"
#include "tests/conform/specs/cosine.h"

enum { KIND = AXIS_OWN, DIM, COUNT, PAD, PLACE, VALUE };
enum kind { PLAIN, EDGE, WILD, WHOLE, LONE, SCALED, PARALLEL, LIMIT, KINDS };
enum { QUERY, ROWS, SCORES };

#define DIM_MAX 70000
#define FLOATS_MAX ((size_t)4 << 20) /* of all rows */

static const char *const kinds[] = {"plain", "edge", "wild", "whole", "lone", "scaled", "parallel", "limit"};

/* lone: one special value (VALUE) at PLACE of the query and then the rows. scaled: by 2^VALUE. limit: VALUE steps. */
static const struct axis axes[] = {
	COMMON_AXES,          {"kind", 0, KINDS - 1, kinds},   {"dim", 0, DIM_MAX, NULL},  {"count", 1, 1000, NULL},
	{"pad", 0, 40, NULL}, {"place", 0, 2 * DIM_MAX, NULL}, {"value", -160, 160, NULL}, {NULL, 0, 0, NULL},
};

/* ---- Data -------------------------------------------------------------------------------------------------------- */

struct shape {
	size_t dim, count, stride, floats;
};

static struct shape get_shape(const struct trial *t)
{
	struct shape s = {(size_t)t->point.at[DIM], (size_t)t->point.at[COUNT], 0, 0};
	s.stride = s.dim + (size_t)t->point.at[PAD];
	while (s.count > 1 && s.count * s.stride > FLOATS_MAX)
		s.count /= 2;
	s.floats = (s.count - 1) * s.stride + s.dim;
	return s;
}

/* Multiples of the query: cosines that rounding takes beyond 1. */
static void make_parallel(const struct shape *s, const float *query, float *rows)
{
	static const float factors[] = {1, -1, 3, 0.1f};
	for (size_t i = 0; i < s->floats; i++)
		rows[i] = i % s->stride < s->dim ? query[i % s->stride] * factors[i / s->stride % 4] : 7;
}

/* One element that steps over a limit of the squared norm. */
static void make_limit(const struct shape *s, int64_t place, int64_t value, float *query, float *rows)
{
	static const float limits[] = {0x1p-50f, 0x1.fffffep63f, 0x1.6a09e6p-63f, 0x1p-75f};
	float x = float_of_bits(bits_of_float(limits[place / 2 % 4]) + (uint32_t)value);
	float *vector = place % 2 ? query : rows;
	for (size_t i = 0; i < s->dim; i++)
		vector[i] = i == s->dim / 2 ? x : 0;
}

static void make_values(const struct trial *t, const struct shape *s, float *query, float *rows)
{
	int64_t place = t->point.at[PLACE], value = t->point.at[VALUE];
	switch (t->point.at[KIND]) {
	case LONE:
		if (s->dim && (size_t)place % (s->dim + s->floats) < s->dim)
			query[(size_t)place % (s->dim + s->floats)] = get_lone_value(value);
		else if (s->dim)
			rows[(size_t)place % (s->dim + s->floats) - s->dim] = get_lone_value(value);
		break;
	case SCALED:
		scale_floats(query, place % 2 ? s->dim : 0, value);
		scale_floats(rows + s->floats - s->dim, place / 2 % 2 ? s->dim : 0, place / 4 % 2 ? -value : value);
		break;
	case PARALLEL: make_parallel(s, query, rows); break;
	case LIMIT: make_limit(s, place, value, query, rows); break;
	default: break;
	}
}

static void make(struct trial *t)
{
	static const enum fill fills[KINDS] = {[EDGE] = FILL_EDGE, [WILD] = FILL_WILD, [WHOLE] = FILL_WHOLE};
	struct shape s = get_shape(t);
	enum fill fill = fills[t->point.at[KIND]];
	float *query = add_buffer(t, "query", ROLE_IN, ELEMENT_F32, s.dim);
	float *rows = add_buffer(t, "rows", ROLE_IN, ELEMENT_F32, s.floats);
	add_buffer(t, "scores", ROLE_OUT, ELEMENT_F32, s.count);
	fill_floats(query, s.dim, stream_of(t, QUERY), fill == FILL_WILD ? FILL_EDGE : fill);
	fill_floats(rows, s.floats, stream_of(t, ROWS), fill);
	make_values(t, &s, query, rows);
}

/* ---- Arguments: all kernels of the family have the same struct --------------------------------------------------- */

_Static_assert(sizeof(struct tenon_vector_similarity_args) == sizeof(struct tenon_inner_product_args) &&
		       sizeof(struct tenon_squared_distance_args) == sizeof(struct tenon_inner_product_args),
	       "one layout");

static void bind(const struct trial *t, const struct placed *p, void *args)
{
	struct shape s = get_shape(t);
	*(struct tenon_inner_product_args *)args = (struct tenon_inner_product_args){
		p->seen[QUERY], p->seen[ROWS], s.count, s.dim, s.stride, p->seen[SCORES]};
}

/* ---- Schedule ---------------------------------------------------------------------------------------------------- */

static struct point at(int64_t kind, int64_t dim, int64_t count, int64_t pad, int64_t place, int64_t value)
{
	return (struct point){
		.at = {[KIND] = kind, [DIM] = dim, [COUNT] = count, [PAD] = pad, [PLACE] = place, [VALUE] = value}};
}

static void sweep_lengths(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t dim = 0; dim <= 4 * 32 + 3; dim++)
		for (int64_t kind = PLAIN; kind <= WILD; kind++)
			for (int64_t i = 0; i < (is_quick ? dim < 70 || (dim + kind) % 3 == 0 : 32); i++)
				visit(s, at(kind, dim, 1 + (dim + kind) % 3, (dim + i) % 4, 0, 0));
	visit_lengths(s, at(PLAIN, 0, 2, 1, 0, 0), DIM, 132, is_quick ? 1025 : DIM_MAX);
	if (is_quick)
		visit(s, at(PLAIN, 65537 + 13, 1, 0, 0, 0));
}

static void sweep_counts(struct sweep *s)
{
	static const int64_t dims[] = {1, 16, 33, 100};
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	for (int64_t count = 1; count <= 2 * 32 + 3; count++)
		for (size_t i = 0; i < 4; i++)
			if (!is_quick || count < 20 || (size_t)count % 4 == i)
				visit(s, at(count % 3 ? PLAIN : WILD, dims[i], count, count % 2, 0, 0));
	visit(s, at(PLAIN, 5, 300, 0, 0, 0));
}

/* Each special value alone in each place. */
static void sweep_lanes(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	int64_t dim = is_quick ? 2 * 32 + 5 : 4 * 32 + 3;
	for (int64_t place = 0; place < 2 * dim; place++)
		for (int64_t value = 0; value < LONE_VALUES; value++)
			if (!is_quick || (place + value) % 6 == 0)
				visit(s, at(LONE, dim, 2, 1, place, value));
}

static void sweep_magnitudes(struct sweep *s)
{
	int64_t step = get_profile(s) == PROFILE_QUICK ? 8 : 1;
	for (int64_t exponent = -150; exponent <= 127; exponent += step)
		for (int64_t place = 1; place < 8; place++)
			visit(s, at(SCALED, 37, 3, 2, place, exponent));
	for (int64_t exponent = -76; exponent <= -50; exponent++) /* where squared norms are tiny or subnormal */
		visit(s, at(SCALED, 33, 2, 0, 1 + (exponent & 1), exponent));
	for (int64_t place = 0; place < 8; place++)
		for (int64_t value = -8; value <= 8; value++)
			visit(s, at(LIMIT, 1 + value * value % 5, 2, 0, place, value));
}

static void sweep(struct sweep *s)
{
	int64_t step = get_profile(s) == PROFILE_QUICK ? 3 : 1;
	sweep_lengths(s);
	sweep_counts(s);
	for (int64_t dim = 1; dim <= 200; dim += step)
		visit(s, at(PARALLEL, dim, 4, 0, 0, 0));
	for (int64_t dim = 1; dim <= 200; dim += 2 * step)
		visit(s, at(WHOLE, dim, 2, 1, 0, 0));
	sweep_magnitudes(s);
	sweep_lanes(s);
}

/* ---- Oracle ------------------------------------------------------------------------------------------------------ */

static struct sums add_up_row(const struct trial *t, size_t row)
{
	struct shape s = get_shape(t);
	return add_up(t->buffer[QUERY].content, (const float *)t->buffer[ROWS].content + row * s.stride, s.dim);
}

/* The sums of which nothing but their order is known to round: those of small whole numbers do not at all. */
static void relax(const struct trial *t, bool may_overflow, double alarm, struct answer *answer)
{
	bool is_many = t->point.at[KIND] == PLAIN;
	if (t->point.at[KIND] == WHOLE)
		answer->bound = 0;
	answer->is_exact_sum = t->point.at[KIND] == WHOLE;
	answer->alarm = is_many ? alarm : 0;
	if (may_overflow)
		answer->bound = INFINITY;
}

/* Where the sum of magnitudes may overflow, an infinity or NaN is right as well: the order decides. */
static void judge_inner_product(const struct trial *t, const struct placed *p, size_t buffer, size_t row,
				struct answer *answer)
{
	struct sums s = add_up_row(t, row);
	double dim = (double)get_shape(t).dim;
	(void)p;
	(void)buffer;
	answer->value = (double)s.qc;
	answer->bound = gamma_of(count_roundings(t, dim)) * (double)s.magnitude + dim * 0x1p-149;
	relax(t, !s.is_finite || s.magnitude * 1.01L > FLT_MAX, alarm_of(dim, (double)sqrtl(s.squares)), answer);
}

/* NUMERICS.md's 2 gamma_m + 4u, which holds as long as m is small; of any order the terms of second order count. */
static double get_cosine_bound(const struct trial *t, double dim)
{
	double g = gamma_of(count_roundings(t, dim));
	if (!t->any_order)
		return 2 * gamma_of(ceil(dim / 32) + 6) + 4 * UNIT;
	return g + (1 + g) / (1 - g) * (g + 4 * UNIT + 10 * UNIT * UNIT);
}

static void judge_vector_similarity(const struct trial *t, const struct placed *p, size_t buffer, size_t row,
				    struct answer *answer)
{
	struct shape s = get_shape(t);
	int64_t kind = t->point.at[KIND];
	(void)p;
	(void)buffer;
	judge_cosine(t->buffer[QUERY].content, (const float *)t->buffer[ROWS].content + row * s.stride, s.dim,
		     get_cosine_bound(t, (double)s.dim),
		     kind == WHOLE   ? COSINE_WHOLE
		     : kind == PLAIN ? COSINE_MANY
				     : COSINE_ANY,
		     answer);
}

/* All terms are positive, so the error is relative; squares may overflow, and what is not finite spreads. */
static void judge_squared_distance(const struct trial *t, const struct placed *p, size_t buffer, size_t row,
				   struct answer *answer)
{
	struct shape s = get_shape(t);
	const float *q = t->buffer[QUERY].content, *c = (const float *)t->buffer[ROWS].content + row * s.stride;
	long double sum = 0;
	bool is_finite = true;
	double dim = (double)s.dim;
	(void)p;
	(void)buffer;
	for (size_t i = 0; i < s.dim; i++) {
		long double difference = (long double)q[i] - c[i];
		sum += difference * difference;
		is_finite &= isfinite(q[i]) && isfinite(c[i]);
	}
	answer->value = (double)sum;
	answer->bound = gamma_of(count_roundings(t, dim) + 3) * (double)sum + dim * 0x1p-149;
	relax(t, !is_finite || sum * 1.01L > FLT_MAX, alarm_of(dim, (double)sum), answer);
}

#define SPEC(name)                                              \
	const struct spec spec_##name = {.kernel = #name,       \
					 .axes = axes,          \
					 .sweep = sweep,        \
					 .make = make,          \
					 .bind = bind,          \
					 .judge = judge_##name, \
					 .laws = laws_of_rows}

SPEC(inner_product);
SPEC(vector_similarity);
SPEC(squared_distance);
