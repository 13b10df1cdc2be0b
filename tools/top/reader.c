/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rounds of questions, and orders; see reader.h. The lock guards what the threads hand over, for the time of a copy.
 */
#include "build.h"

#include "tools/top/reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/each.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct reading latest; /* under the lock; without samples: taken */

static int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- A round ----------------------------------------------------------------------------------------------------- */

struct round {
	struct sample *sample;
	uint64_t timeout_ms;
};

/* One question more; whether there is an answer, which is then to be freed. */
static bool ask_more(const struct sample *sample, const char *request, uint64_t timeout_ms, struct answer *answer)
{
	char error[512];
	if (ask_process(&sample->process, request, timeout_ms, answer, error, sizeof error))
		return false;
	if (answer->status == TENON_OK)
		return true;
	free_answer(answer);
	return false;
}

static bool ask_status(struct sample *sample, uint64_t timeout_ms)
{
	struct answer answer;
	int code = ask_process(&sample->process, "status", timeout_ms, &answer, sample->error, sizeof sample->error);
	if (!sample->process.pid) /* known of who hangs, too */
		sample->process.pid = answer.pid;
	if (code)
		return false;
	bool good = answer.status == TENON_OK;
	if (good)
		take_status(sample, &answer);
	else
		snprintf(sample->error, sizeof sample->error, "%s",
			 *answer.text ? answer.text : "refused, without a reason");
	free_answer(&answer);
	return good;
}

static void ask_sample(size_t i, void *user)
{
	const struct round *round = user;
	struct sample *sample = &round->sample[i];
	struct answer answer;
	char history[32];
	snprintf(history, sizeof history, "history %d", SAMPLE_EVENTS);
	if (!ask_status(sample, round->timeout_ms))
		return;
	if (ask_more(sample, history, round->timeout_ms, &answer)) {
		take_events(sample, &answer);
		free_answer(&answer);
	}
	if (ask_more(sample, "metrics", round->timeout_ms, &answer)) {
		take_metrics(sample, &answer);
		sample->taken_ms = clock_ms();
		free_answer(&answer);
	}
}

static struct sample *find_sample(const struct reading *reading, const struct process *process)
{
	for (size_t i = 0; i < reading->count; i++)
		if (strcmp(reading->sample[i].process.socket, process->socket) == 0)
			return &reading->sample[i];
	return NULL;
}

static void add_process(struct reading *reading, const struct process *process)
{
	if (!find_sample(reading, process))
		reading->sample[reading->count++] = (struct sample){.process = *process};
}

static int compare_pids(const void *a, const void *b)
{
	pid_t left = ((const struct sample *)a)->process.pid, right = ((const struct sample *)b)->process.pid;
	return (left > right) - (left < right);
}

static bool is_there(const struct process *process)
{
	return process->pid && (kill(process->pid, 0) == 0 || errno == EPERM) && access(process->socket, F_OK) == 0;
}

/* A process that answered a while ago is not forgotten because it hangs. */
static void add_known(struct reading *reading, const struct reading *before)
{
	for (size_t i = 0; i < before->count; i++)
		if (is_there(&before->sample[i].process))
			add_process(reading, &before->sample[i].process);
}

static bool choose_processes(const struct watching *watching, const struct reading *before, struct reading *reading)
{
	struct process *found = NULL;
	size_t count = watching->count;
	if (!count && !find_processes(watching->timeout_ms, &found, &count))
		return false;
	reading->sample = calloc(count + before->count + 1, sizeof *reading->sample);
	for (size_t i = 0; reading->sample && i < count; i++)
		add_process(reading, watching->count ? &watching->named[i] : &found[i]);
	if (reading->sample && !watching->count)
		add_known(reading, before);
	free(found);
	return reading->sample;
}

static void drop_other_labels(const char *label, struct reading *reading)
{
	size_t kept = 0;
	for (size_t i = 0; i < reading->count; i++)
		if (strcmp(reading->sample[i].label, label) == 0)
			reading->sample[kept++] = reading->sample[i];
	reading->count = kept;
}

/* Who it was. */
static void keep_identity(struct sample *now, const struct sample *earlier)
{
	if (!now->process.pid)
		now->process.pid = earlier->process.pid;
	snprintf(now->program, sizeof now->program, "%s", earlier->program);
	snprintf(now->label, sizeof now->label, "%s", earlier->label);
}

bool read_round(const struct watching *watching, struct reading *reading)
{
	struct reading next = {.rounds = reading->rounds + 1};
	if (!choose_processes(watching, reading, &next))
		return false;
	do_each(next.count, ask_sample, &(struct round){next.sample, watching->timeout_ms});
	for (size_t i = 0; i < next.count; i++) {
		struct sample *now = &next.sample[i], *earlier = find_sample(reading, &now->process);
		if (now->error[0] && earlier)
			keep_identity(now, earlier);
		compare_samples(now, earlier);
	}
	if (watching->targets->label && !watching->count)
		drop_other_labels(watching->targets->label, &next);
	qsort(next.sample, next.count, sizeof next.sample[0], compare_pids);
	free(reading->sample);
	*reading = next;
	return true;
}

/* ---- The reader's thread ----------------------------------------------------------------------------------------- */

static int wake = -1; /* an eventfd; without one, what an order has changed is seen in the next round */

/* Until that time on the clock, or until an order has been carried out. */
static void rest(int64_t until)
{
	struct pollfd event = {.fd = wake, .events = POLLIN};
	int64_t left = until - clock_ms();
	eventfd_t value;
	if (left > 0 && poll(&event, 1, (int)left) > 0)
		eventfd_read(wake, &value);
}

/* A copy: the next round is compared with the thread's own. */
static void hand_over(struct reading reading)
{
	struct sample *copy = malloc((reading.count + 1) * sizeof *copy);
	if (!copy)
		return;
	memcpy(copy, reading.sample, reading.count * sizeof *copy);
	reading.sample = copy;
	pthread_mutex_lock(&lock);
	free(latest.sample);
	latest = reading;
	pthread_mutex_unlock(&lock);
}

static void *read_rounds(void *argument)
{
	const struct watching *watching = argument;
	static struct reading reading; /* the thread's own */
	for (;;) {
		int64_t began = clock_ms();
		if (read_round(watching, &reading))
			hand_over(reading);
		rest(began + (int64_t)watching->interval_ms);
	}
	return NULL;
}

/* Signals are for the thread that has the screen. */
static bool start_thread(void *(*run)(void *argument), void *argument)
{
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&thread, NULL, run, argument) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_detach(thread);
	return started;
}

bool start_reader(const struct watching *watching)
{
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return start_thread(read_rounds, (void *)watching);
}

void take_reading(struct reading *reading)
{
	pthread_mutex_lock(&lock);
	if (latest.sample) {
		free(reading->sample);
		*reading = latest;
		latest.sample = NULL;
	}
	pthread_mutex_unlock(&lock);
}

/* ---- Orders ------------------------------------------------------------------------------------------------------ */

static struct {
	bool under_way; /* all under the lock */
	struct process process;
	char verb[16], text[ORDER_TEXT_SIZE];
	uint64_t timeout_ms;
} order;

static void *carry_out(void *unused)
{
	struct answer answer;
	char error[512];
	(void)unused; /* the order is not changed while it is under way */
	int code = order_process(&order.process, order.verb, order.timeout_ms, &answer, error, sizeof error);
	pthread_mutex_lock(&lock);
	snprintf(order.text, sizeof order.text, "process %ld: %s", (long)order.process.pid, code ? error : answer.text);
	order.under_way = false;
	pthread_mutex_unlock(&lock);
	eventfd_write(wake, 1);
	if (!code)
		free_answer(&answer);
	return NULL;
}

bool send_order(const struct process *process, const char *verb, uint64_t timeout_ms)
{
	pthread_mutex_lock(&lock);
	bool free = !order.under_way;
	if (free) {
		order.under_way = true;
		order.process = *process;
		order.timeout_ms = timeout_ms;
		snprintf(order.verb, sizeof order.verb, "%s", verb);
		snprintf(order.text, sizeof order.text, "%s %ld: under way", verb, (long)process->pid);
	}
	pthread_mutex_unlock(&lock);
	if (free && !start_thread(carry_out, NULL)) {
		pthread_mutex_lock(&lock);
		order.under_way = false;
		snprintf(order.text, sizeof order.text, "%s: cannot start a thread", verb);
		pthread_mutex_unlock(&lock);
	}
	return free;
}

void copy_order(char text[ORDER_TEXT_SIZE])
{
	pthread_mutex_lock(&lock);
	memcpy(text, order.text, sizeof order.text);
	pthread_mutex_unlock(&lock);
}

void forget_order(const char *text)
{
	pthread_mutex_lock(&lock);
	if (!order.under_way && strcmp(order.text, text) == 0)
		order.text[0] = '\0';
	pthread_mutex_unlock(&lock);
}
