/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads that recall. See crowd.h. Each thread has a mind of its own; what they share are the memory, which nobody
 * changes, and relaxed counters.
 */
#include "tools/demo/crowd.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double now_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- Latencies: buckets a tenth wider each, from one microsecond on ---------------------------------------------- */

static const double finest = 1e-6, growth = 1.1;

unsigned bucket_of(double seconds)
{
	double bucket = seconds > finest ? log(seconds / finest) / log(growth) : 0;
	return bucket < LATENCIES - 1 ? (unsigned)bucket : LATENCIES - 1;
}

double middle_of_bucket(unsigned bucket)
{
	return finest * pow(growth, bucket + 0.5);
}

double latency_quantile(const struct phase_counts *phase, double quantile)
{
	uint64_t all = 0, sum = 0;
	for (unsigned i = 0; i < LATENCIES; i++)
		all += atomic_load_explicit(&phase->latency[i], memory_order_relaxed);
	for (unsigned i = 0; i < LATENCIES; i++) {
		sum += atomic_load_explicit(&phase->latency[i], memory_order_relaxed);
		if (sum > 0 && (double)sum >= quantile * (double)all)
			return middle_of_bucket(i);
	}
	return 0;
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

static void count_up(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void compare_answers(struct crowd *crowd, size_t first, const struct answer *answers)
{
	uint64_t changed = 0;
	for (size_t i = 0; i < TOGETHER; i++)
		changed += !same_answer(&answers[i], &crowd->expected[first + i]);
	count_up(&crowd->answered, TOGETHER);
	if (changed)
		count_up(&crowd->changed, changed);
}

static void count_pass(struct crowd *crowd, unsigned phase, double seconds)
{
	if (phase != atomic_load(&crowd->phase))
		return;
	count_up(&crowd->phases[phase].queries, TOGETHER);
	count_up(&crowd->phases[phase].latency[bucket_of(seconds)], 1);
}

static void *work(void *data)
{
	struct member *self = data;
	struct crowd *crowd = self->crowd;
	struct answer answers[TOGETHER];
	while (!atomic_load(&crowd->leave)) {
		unsigned phase = atomic_load(&crowd->phase);
		double start = now_seconds();
		int status = recall(&self->mind, crowd->queries + self->next, TOGETHER, answers);
		double seconds = now_seconds() - start;
		if (status) {
			count_up(&crowd->failed, 1);
			atomic_store(&crowd->status, status);
		} else {
			count_pass(crowd, phase, seconds);
			compare_answers(crowd, self->next, answers);
		}
		self->next = (self->next + TOGETHER) % crowd->query_count;
	}
	return NULL;
}

int gather_crowd(struct crowd *crowd, unsigned threads, char *why, size_t size)
{
	for (crowd->count = 0; crowd->count < threads && crowd->count < CROWD_MOST; crowd->count++) {
		struct member *member = &crowd->members[crowd->count];
		member->crowd = crowd;
		member->next = crowd->count * TOGETHER % crowd->query_count;
		if (open_mind(&member->mind, crowd->memory) != 0) {
			snprintf(why, size, "out of memory for thread %u", crowd->count + 1);
			break;
		}
		int error = pthread_create(&member->thread, NULL, work, member);
		if (error) {
			close_mind(&member->mind);
			snprintf(why, size, "cannot start thread %u: %s", crowd->count + 1, strerror(error));
			break;
		}
	}
	if (crowd->count == threads)
		return 0;
	dismiss_crowd(crowd);
	return -1;
}

void dismiss_crowd(struct crowd *crowd)
{
	atomic_store(&crowd->leave, true);
	for (unsigned i = 0; i < crowd->count; i++) {
		pthread_join(crowd->members[i].thread, NULL);
		close_mind(&crowd->members[i].mind);
	}
	crowd->count = 0;
}

int ask_all(const struct memory *memory, const uint32_t *queries, size_t count, struct answer *answers)
{
	struct mind mind;
	int status = TENON_OK;
	if (open_mind(&mind, memory) != 0)
		return TENON_ENOMEM;
	for (size_t i = 0; i < count && status == TENON_OK; i += TOGETHER)
		status = recall(&mind, queries + i, count - i < TOGETHER ? count - i : TOGETHER, answers + i);
	close_mind(&mind);
	return status;
}
