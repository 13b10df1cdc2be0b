/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hardware counters of this thread in user mode, by perf_event_open; many virtual machines have none, and then the
 * bench says why. Opened at the first use and kept. One thread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/timer.h"

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

enum { COUNTERS = 3 };
static const uint64_t events[COUNTERS] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS,
					  PERF_COUNT_HW_CACHE_MISSES};
static int descriptors[COUNTERS] = {-1, -1, -1};
static char reason[160];

/* The first leads the group, so that all count the same instructions. Only it must be there. */
static int open_counter(int i)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
					     .size = sizeof attributes,
					     .config = events[i],
					     .disabled = i == 0,
					     .exclude_kernel = 1,
					     .exclude_hv = 1};
	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, i == 0 ? -1 : descriptors[0], 0);
}

const char *explain_counters(void)
{
	static bool tried;
	if (tried)
		return reason;
	tried = true;
	for (int i = 0; i < COUNTERS && (i == 0 || descriptors[0] >= 0); i++)
		descriptors[i] = open_counter(i);
	if (descriptors[0] < 0)
		snprintf(reason, sizeof reason, "perf_event_open: %s%s", strerror(errno),
			 errno == ENOENT || errno == EOPNOTSUPP ? " (this machine shows none)"
			 : errno == EACCES || errno == EPERM    ? " (lower kernel.perf_event_paranoid to 2)"
								: "");
	return reason;
}

static double read_counter(int i, size_t times)
{
	uint64_t value;
	if (descriptors[i] < 0 || read(descriptors[i], &value, sizeof value) != sizeof value)
		return NAN;
	return (double)value / (double)times;
}

struct counts count_events(const struct contender *contender, double median)
{
	size_t times = median < 1e6 ? (size_t)ceil(1e6 / fmax(median, 0.1)) : 1;
	if (*explain_counters())
		return (struct counts){NAN, NAN, NAN};
	ioctl(descriptors[0], PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
	ioctl(descriptors[0], PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	contender->run(contender->context, times);
	ioctl(descriptors[0], PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	return (struct counts){read_counter(0, times), read_counter(1, times), read_counter(2, times)};
}
#else
const char *explain_counters(void)
{
	return "only Linux has perf_event_open";
}

struct counts count_events(const struct contender *contender, double median)
{
	(void)contender;
	(void)median;
	return (struct counts){NAN, NAN, NAN};
}
#endif
