/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of the query-against-rows family; mutants.def says what is wrong with each.
 */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/mutants/rows.h"

static int run_good_inner_product(const struct tenon_inner_product_args *a)
{
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(good_inner_product);

/* ---- Wrong sums -------------------------------------------------------------------------------------------------- */

static float sum_half_lanes(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		if (i % 16 < 8)
			lane[i % LANES] += x[i] * y[i];
	return fold_lanes(lane);
}
SUM_MUTANT(half_lanes);

static float sum_drops_tail(const float *x, const float *y, size_t n)
{
	return sum_products(x, y, n / LANES * LANES);
}
SUM_MUTANT(drops_tail);

static float sum_sequential(const float *x, const float *y, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}
SUM_MUTANT(sequential);

static float sum_sixteen_lanes(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % 16] += x[i] * y[i];
	return fold_lanes(lane);
}
SUM_MUTANT(sixteen_lanes);

static float sum_fold_backwards(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	for (int width = 1; width < LANES; width *= 2)
		for (int j = 0; j < LANES; j += 2 * width)
			lane[j] += lane[j + width];
	return lane[0];
}
SUM_MUTANT(fold_backwards);

static float sum_fuses(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] = fmaf(x[i], y[i], lane[i % LANES]);
	return fold_lanes(lane);
}
SUM_MUTANT(fuses);

static float sum_short_path(const float *x, const float *y, size_t n)
{
	return n < LANES ? sum_sequential(x, y, n) : sum_products(x, y, n);
}
SUM_MUTANT(short_path);

static float sum_length_16_bits(const float *x, const float *y, size_t n)
{
	return sum_products(x, y, (uint16_t)n);
}
SUM_MUTANT(length_16_bits);

static float sum_negative_zero(const float *x, const float *y, size_t n)
{
	float lane[LANES];
	for (int j = 0; j < LANES; j++)
		lane[j] = -0.0f;
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	return fold_lanes(lane);
}
SUM_MUTANT(negative_zero);

static float sum_depends_on_alignment(const float *x, const float *y, size_t n)
{
	return (uintptr_t)x % 64 ? sum_products(x, y, n) : sum_sequential(x, y, n);
}
SUM_MUTANT(depends_on_alignment);

static float sum_static_scratch(const float *x, const float *y, size_t n)
{
	static float lane[LANES];
	memset(lane, 0, sizeof lane);
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	return fold_lanes(lane);
}
SUM_MUTANT(static_scratch);

static int run_last_row_in_order(const struct tenon_inner_product_args *a)
{
	struct tenon_inner_product_args last = *a;
	int status = run_rows(a, sum_products);
	if (a->count == 0)
		return status;
	last.rows += (a->count - 1) * a->stride;
	last.scores += a->count - 1;
	last.count = 1;
	run_rows(&last, sum_sequential);
	return status;
}
PRODUCT_MUTANT(last_row_in_order);

/* ---- Wrong outputs ----------------------------------------------------------------------------------------------- */

static int run_ignores_stride(const struct tenon_inner_product_args *a)
{
	struct tenon_inner_product_args dense = *a;
	dense.stride = a->dim;
	return run_rows(&dense, sum_products);
}
PRODUCT_MUTANT(ignores_stride);

static int run_count_8_bits(const struct tenon_inner_product_args *a)
{
	struct tenon_inner_product_args cut = *a;
	cut.count = (uint8_t)a->count;
	return run_rows(&cut, sum_products);
}
PRODUCT_MUTANT(count_8_bits);

static int run_hides_nan(const struct tenon_inner_product_args *a)
{
	int status = run_rows(a, sum_products);
	for (size_t r = 0; r < a->count; r++)
		if (!(fabsf(a->scores[r]) <= FLT_MAX))
			a->scores[r] = 0;
	return status;
}
PRODUCT_MUTANT(hides_nan);

static int run_adds_to_output(const struct tenon_inner_product_args *a)
{
	for (size_t r = 0; r < a->count; r++)
		a->scores[r] += sum_products(a->query, a->rows + r * a->stride, a->dim);
	return TENON_OK;
}
PRODUCT_MUTANT(adds_to_output);

static int run_forgets_last_row(const struct tenon_inner_product_args *a)
{
	struct tenon_inner_product_args fewer = *a;
	fewer.count -= a->count > 1;
	return run_rows(&fewer, sum_products);
}
PRODUCT_MUTANT(forgets_last_row);

static int run_misses_nonfinite(const struct tenon_inner_product_args *a)
{
	run_rows(a, sum_products);
	return TENON_OK;
}
PRODUCT_MUTANT(misses_nonfinite);

static int run_misses_infinity(const struct tenon_inner_product_args *a)
{
	int status = TENON_OK;
	run_rows(a, sum_products);
	for (size_t r = 0; r < a->count; r++)
		status = isnan(a->scores[r]) ? TENON_ENONFINITE : status;
	return status;
}
PRODUCT_MUTANT(misses_infinity);

/* ---- Outside the buffers ----------------------------------------------------------------------------------------- */

static float sum_reads_past_row(const float *x, const float *y, size_t n)
{
	volatile float next = y[n];
	(void)next;
	return sum_products(x, y, n);
}
SUM_MUTANT(reads_past_row);

static float sum_reads_whole_vectors(const float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < (n + 7) / 8 * 8; i++)
		(void)*(const volatile float *)&x[i];
	return sum_products(x, y, n);
}
SUM_MUTANT(reads_whole_vectors);

/* A whole vector from below x, as if x could be misaligned within it. */
static float sum_reads_before_row(const float *x, const float *y, size_t n)
{
	if (n)
		(void)*((const volatile float *)x - 1);
	return sum_products(x, y, n);
}
SUM_MUTANT(reads_before_row);

static int run_writes_past_scores(const struct tenon_inner_product_args *a)
{
	int status = run_rows(a, sum_products);
	for (size_t r = a->count; r % 4; r++)
		a->scores[r] = 0;
	return status;
}
PRODUCT_MUTANT(writes_past_scores);

static int run_writes_before_scores(const struct tenon_inner_product_args *a)
{
	*((volatile float *)a->scores - 1) = 0;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(writes_before_scores);

static int run_writes_far_past_scores(const struct tenon_inner_product_args *a)
{
	((volatile float *)a->scores)[a->count + 4000] = 0;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(writes_far_past_scores);

static int run_normalises_in_place(const struct tenon_inner_product_args *a)
{
	for (size_t i = 0; i < a->dim; i++)
		((volatile float *)(uintptr_t)a->query)[i] *= 1;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(normalises_in_place);

static int run_rewrites_args(const struct tenon_inner_product_args *a)
{
	*(volatile size_t *)(uintptr_t)&a->stride = a->dim;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(rewrites_args);

/* ---- The end ----------------------------------------------------------------------------------------------------- */

/* What an aligned vector load does where it is not aligned; bare, so that no compiler makes another load of it. */
static float sum_demands_alignment(const float *x, const float *y, size_t n)
{
	if (n >= 4 && (uintptr_t)y % 16)
#if defined(__x86_64__)
		__asm__ volatile("movaps (%0), %%xmm0" : : "r"(y) : "xmm0", "memory");
#else
		__builtin_trap();
#endif
	return sum_products(x, y, n);
}
SUM_MUTANT(demands_alignment);

UNSANITIZED static float sum_null_pointer(const float *x, const float *y, size_t n)
{
	volatile float *volatile nothing = NULL;
	if (n > 50)
		*nothing = 0;
	return sum_products(x, y, n);
}
SUM_MUTANT(null_pointer);

static int run_aborts(const struct tenon_inner_product_args *a)
{
	int status = run_rows(a, sum_products);
	for (size_t r = 0; r < a->count; r++)
		if (isnan(a->scores[r]))
			abort();
	return status;
}
PRODUCT_MUTANT(aborts);

static int run_exits(const struct tenon_inner_product_args *a)
{
	if (a->dim == 9)
		call_system(SYS_exit_group, NULL, NULL, NULL, 0);
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(exits);

static int run_hangs(const struct tenon_inner_product_args *a)
{
	for (volatile int forever = 1; a->dim == 7 && forever;)
		;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(hangs);

/* ---- State of the plugin and of the process ---------------------------------------------------------------------- */

static int run_counts_calls(const struct tenon_inner_product_args *a)
{
	static volatile unsigned calls;
	calls++;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(counts_calls);

static int run_leaks(const struct tenon_inner_product_args *a)
{
	void *volatile lost = malloc(64);
	(void)lost;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(leaks);

static float sum_allocates(const float *x, const float *y, size_t n)
{
	float *lane = calloc(LANES, sizeof *lane);
	for (size_t i = 0; lane && i < n; i++)
		lane[i % LANES] += x[i] * y[i];
	float sum = lane ? fold_lanes(lane) : 0;
	free(lane);
	return sum;
}
SUM_MUTANT(allocates);

static int run_opens_file(const struct tenon_inner_product_args *a)
{
	if (a->dim == 3 && open("/dev/null", O_RDONLY) < 0)
		return TENON_EINVAL;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(opens_file);

static int run_sets_handler(const struct tenon_inner_product_args *a)
{
	const long action[4] = {(long)SIG_IGN};
	call_system(SYS_rt_sigaction, (void *)SIGPIPE, action, NULL, 8);
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(sets_handler);

static int run_blocks_signals(const struct tenon_inner_product_args *a)
{
	const uint64_t set = 1u << (SIGINT - 1);
	call_system(SYS_rt_sigprocmask, (void *)SIG_BLOCK, &set, NULL, 8);
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(blocks_signals);

static int run_sets_environment(const struct tenon_inner_product_args *a)
{
	if (environ && environ[0])
		environ[0][0] = '~';
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(sets_environment);

static int run_sets_errno(const struct tenon_inner_product_args *a)
{
	errno = ERANGE;
	return run_rows(a, sum_products);
}
PRODUCT_MUTANT(sets_errno);

/* ---- The machine ------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
static uint32_t read_control(void)
{
	return __builtin_ia32_stmxcsr();
}
static void write_control(uint32_t control)
{
	__builtin_ia32_ldmxcsr(control);
}
#define FLUSH 0x8040u
#define ROUND_UP 0x4000u
#elif defined(__aarch64__)
static uint64_t read_control(void)
{
	uint64_t control;
	__asm__ volatile("mrs %0, fpcr" : "=r"(control));
	return control;
}
static void write_control(uint64_t control)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(control));
}
#define FLUSH ((uint64_t)1 << 24)
#define ROUND_UP ((uint64_t)1 << 22)
#endif

static __attribute__((noinline)) int run_noinline(const struct tenon_inner_product_args *a)
{
	return run_rows(a, sum_products);
}

static int run_flushes_subnormals(const struct tenon_inner_product_args *a)
{
	__typeof__(read_control()) before = read_control();
	write_control(before | FLUSH);
	int status = run_noinline(a);
	write_control(before);
	return status;
}
PRODUCT_MUTANT(flushes_subnormals);

static int run_keeps_flush_to_zero(const struct tenon_inner_product_args *a)
{
	int status = run_noinline(a);
	write_control(read_control() | FLUSH);
	return status;
}
PRODUCT_MUTANT(keeps_flush_to_zero);

static int run_keeps_rounding(const struct tenon_inner_product_args *a)
{
	int status = run_noinline(a);
	write_control(read_control() | ROUND_UP);
	return status;
}
PRODUCT_MUTANT(keeps_rounding);

static int run_clobbers_register(const struct tenon_inner_product_args *a)
{
	int status = run_noinline(a);
#if defined(__x86_64__)
	__asm__ volatile("xor %%r12d, %%r12d" : : "r"(status) : "cc");
#elif defined(__aarch64__)
	__asm__ volatile("mov x21, xzr" : : "r"(status));
#endif
	return status;
}
PRODUCT_MUTANT(clobbers_register);

static __attribute__((noinline)) int run_writes_callers_stack(const struct tenon_inner_product_args *a)
{
	int status = run_noinline(a);
	((volatile uint64_t *)__builtin_frame_address(0))[12] = 0;
	return status;
}
PRODUCT_MUTANT(writes_callers_stack);

/* ---- vector_similarity ------------------------------------------------------------------------------------------- */

/* The score of one row; the mutants change one of the steps. */
struct cosine {
	float (*finish)(float d, float qq, float cc);
	float least; /* squared norm that is ordinary */
	float most;
};

static float largest(const float *v, size_t n)
{
	float most = 0;
	for (size_t i = 0; i < n; i++)
		most = fabsf(v[i]) > most || isnan(v[i]) ? fabsf(v[i]) : most;
	for (size_t i = 0; i < n; i++)
		most = isnan(v[i]) ? NAN : most;
	return most;
}

/* v[i] * 2^-e, 2^e <= most < 2^(e+1), or v[i] itself where the squared norm is ordinary. */
static float scale_by(float x, float most, int is_ordinary)
{
	int exponent;
	frexpf(most, &exponent);
	int up = 1 - exponent;
	return is_ordinary ? x : x * ldexpf(1, up > 127 ? 127 : up) * ldexpf(1, up > 127 ? up - 127 : 0);
}

static float rescue(const float *q, float qq, const float *c, float cc, size_t n, const struct cosine *how)
{
	float most_q = largest(q, n), most_c = largest(c, n), d[LANES] = {0}, q2[LANES] = {0}, c2[LANES] = {0};
	int q_is_ordinary = qq >= how->least && qq <= how->most, c_is_ordinary = cc >= how->least && cc <= how->most;
	if (!(most_q <= FLT_MAX) || !(most_c <= FLT_MAX))
		return NAN;
	if (most_q == 0 || most_c == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		float x = scale_by(q[i], most_q, q_is_ordinary), y = scale_by(c[i], most_c, c_is_ordinary);
		d[i % LANES] += x * y;
		q2[i % LANES] += x * x;
		c2[i % LANES] += y * y;
	}
	return how->finish(fold_lanes(d), fold_lanes(q2), fold_lanes(c2));
}

static int run_cosines(const struct tenon_inner_product_args *a, const struct cosine *how)
{
	float qq = sum_products(a->query, a->query, a->dim);
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		const float *c = a->rows + r * a->stride;
		float cc = sum_products(c, c, a->dim);
		if (qq >= how->least && qq <= how->most && cc >= how->least && cc <= how->most)
			a->scores[r] = how->finish(sum_products(a->query, c, a->dim), qq, cc);
		else
			a->scores[r] = rescue(a->query, qq, c, cc, a->dim, how);
		status = isnan(a->scores[r]) ? TENON_ENONFINITE : status;
	}
	return status;
}

static float finish(float d, float qq, float cc)
{
	float x = d / (sqrtf(qq) * sqrtf(cc));
	return x < -1 ? -1 : (x > 1 ? 1 : x);
}

static float finish_no_clamp(float d, float qq, float cc)
{
	return d / (sqrtf(qq) * sqrtf(cc));
}

static float finish_product_of_squares(float d, float qq, float cc)
{
	float x = d / sqrtf(qq * cc);
	return x < -1 ? -1 : (x > 1 ? 1 : x);
}

static float finish_clamps_nan(float d, float qq, float cc)
{
	return fmaxf(-1, fminf(1, d / (sqrtf(qq) * sqrtf(cc))));
}

#define COSINE_MUTANT(name, finish, least, most)                        \
	int mutant_##name(const void *args, void *scratch)              \
	{                                                               \
		static const struct cosine how = {finish, least, most}; \
		(void)scratch;                                          \
		return run_cosines(args, &how);                         \
	}                                                               \
	_Static_assert(1, "")

COSINE_MUTANT(good_similarity, finish, 0x1p-100f, FLT_MAX);
COSINE_MUTANT(no_clamp, finish_no_clamp, 0x1p-100f, FLT_MAX);
COSINE_MUTANT(zero_is_nan, finish, 0, FLT_MAX);
COSINE_MUTANT(rescues_late, finish, FLT_TRUE_MIN, FLT_MAX);
COSINE_MUTANT(no_rescue, finish, 0x1p-100f, INFINITY);
COSINE_MUTANT(product_of_squares, finish_product_of_squares, 0x1p-100f, FLT_MAX);
COSINE_MUTANT(clamps_nan, finish_clamps_nan, 0, INFINITY);

/* Ordinary vectors alone; scalar has scored the rest. */
int mutant_normalises_query(const void *args, void *scratch)
{
	const struct tenon_vector_similarity_args *a = args;
	int status = scalar_vector_similarity(args, scratch);
	float qq = sum_products(a->query, a->query, a->dim), d[LANES];
	for (size_t r = 0; r < a->count; r++) {
		const float *c = a->rows + r * a->stride;
		float cc = sum_products(c, c, a->dim);
		if (!(qq >= 1 && qq <= 0x1p60f && cc >= 1 && cc <= 0x1p60f))
			continue;
		memset(d, 0, sizeof d);
		for (size_t i = 0; i < a->dim; i++)
			d[i % LANES] += a->query[i] / sqrtf(qq) * c[i];
		float x = fold_lanes(d) / sqrtf(cc);
		a->scores[r] = x < -1 ? -1 : x > 1 ? 1 : x;
	}
	return status;
}
