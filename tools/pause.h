/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A clock that never goes back, and waiting by it; for the threads of the soak. A signal may end a wait early.
 */
#ifndef TOOLS_PAUSE_H
#define TOOLS_PAUSE_H

#include <stdint.h>
#include <time.h>

static inline uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void sleep_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)}, NULL);
}

#endif
