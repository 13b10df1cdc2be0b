/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend for the gate's own test: inner_product by the written rule, 32 lanes at a time. Built twice; the second waits
 * for SLOW_PERCENT of the time that a call has taken. More work would not do: where memory is what a call waits for, as
 * beside another load, some percent of it cost nothing. Nor would a constant that the compiler sees: other code lies
 * elsewhere, which alone made 8 % in one process and nothing in another.
 */
#include <tenon/backend.h>

/*
 * The lanes are constant indices of an inner loop, so that they are registers: an array that is indexed by a variable lives
 * in memory, where its time depends on where the stack happens to be, by more than the gate is to see.
 */
static float sum_products(const float *x, const float *y, size_t n)
{
	float lane[32] = {0};
	size_t i = 0;
	for (; i + 32 <= n; i += 32)
		for (int j = 0; j < 32; j++)
			lane[j] = lane[j] + x[i + j] * y[i + j];
	for (int j = 0; i + j < n; j++)
		lane[j] = lane[j] + x[i + j] * y[i + j];
	for (int w = 16; w > 0; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] = lane[j] + lane[j + w];
	return lane[0];
}

static uint64_t read_clock(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
}

static const volatile uint64_t slow_percent = SLOW_PERCENT;

static void wait_as_well(uint64_t start)
{
	uint64_t end = read_clock(), more = (end - start) * slow_percent / 100;
	while (read_clock() - end < more)
		continue;
}

static int slow_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	int status = TENON_OK;
	uint64_t start = read_clock();
	(void)scratch;
	for (size_t r = 0; r < a->count; r++) {
		float score = sum_products(a->query, a->rows + r * a->stride, a->dim);
		a->scores[r] = score;
		if (score - score != 0)
			status = TENON_ENONFINITE;
	}
	wait_as_well(start);
	return status;
}

static const struct tenon_backend_kernel slow_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", slow_inner_product),
};
TENON_BACKEND("slow", "1.0", "Tenon tests", "", "", slow_kernels)
