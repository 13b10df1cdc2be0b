/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cheapest clock there is: the counter of the CPU where programs may read it, else the system's. A tick's length is
 * measured, not asked for. Any thread; async-signal-safe.
 */
#ifndef RUNTIME_TICKS_H
#define RUNTIME_TICKS_H

#include <stdint.h>
#include <time.h>

static inline uint64_t read_nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t read_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return read_nanoseconds();
#endif
}

/* Both clocks at once. */
struct moment {
	uint64_t ticks, nanoseconds;
};

/* The closest of a few readings: the thread may lose its CPU in the middle of one. */
static inline struct moment read_moment(void)
{
	struct moment moment = {0, 0};
	uint64_t closest = UINT64_MAX;
	for (int i = 0; i < 4; i++) {
		uint64_t before = read_ticks(), nanoseconds = read_nanoseconds(), took = read_ticks() - before;
		if (took < closest) {
			closest = took;
			moment = (struct moment){before + took / 2, nanoseconds};
		}
	}
	return moment;
}

#endif
