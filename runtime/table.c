/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the active table's static initial value, the registration of readers, and the grace period. The registry here
 * exists only to name the thread that holds a grace period up: liburcu's own is private.
 *
 * liburcu's bp flavour, used with care: it aborts where membarrier is refused, so we ask first; its locks may be held
 * at a fork, so a child registers nobody and waits for nobody; a host may use the same flavour, so nothing here runs
 * inside a section of the caller's, and no fork hook of ours touches its locks (the host's own hooks may).
 */
#include "build.h"

#include "runtime/table.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/load.h"

const struct table scalar_table = {
	.function =
		{
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = scalar_##name,
#include <tenon/kernels.def>
#undef TENON_KERNEL
		},
	.image =
		{
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = &scalar_image,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
		},
	.selected = &scalar_image,
};

_Atomic(const struct table *) active_table = &scalar_table;

#ifdef RUNTIME_TSAN
char readers_tag;
#endif

/* ---- Registration ------------------------------------------------------------------------------------------------ */

/* The process whose threads register; 0 until one does. A child of it never touches liburcu's locks. */
static _Atomic pid_t owner;

static bool own_readers(void)
{
	pid_t expected = 0, self = getpid();
	return atomic_compare_exchange_strong(&owner, &expected, self) || expected == self;
}

struct reader {
	struct urcu_bp_reader *reader;
	pid_t tid;
};

#define PAGE_READERS 255
struct reader_page {
	struct reader_page *next;
	size_t count;
	struct reader readers[PAGE_READERS];
};

static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader_page *reader_pages; /* under readers_lock */

/* A slot for reader: the one it had under an earlier thread (liburcu reuses them, and so do we), or a new one. */
static struct reader *find_slot(struct urcu_bp_reader *reader)
{
	for (struct reader_page *page = reader_pages; page; page = page->next)
		for (size_t i = 0; i < page->count; i++)
			if (page->readers[i].reader == reader)
				return &page->readers[i];
	if (!reader_pages || reader_pages->count == PAGE_READERS) {
		/* Not malloc: this may be a signal handler's first call, inside malloc. */
		struct reader_page *page =
			mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return NULL;
		page->next = reader_pages;
		reader_pages = page;
	}
	return &reader_pages->readers[reader_pages->count++];
}

static void note_reader(struct urcu_bp_reader *reader)
{
	struct reader *slot = find_slot(reader);
	if (slot)
		*slot = (struct reader){reader, (pid_t)syscall(SYS_gettid)};
}

/* Neither a cancellation nor a signal handler that calls a kernel may interrupt who holds a lock that readers take. */
struct shield {
	sigset_t signals;
	int cancel;
};

static void lock_readers(struct shield *shield)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &shield->signals);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &shield->cancel);
	pthread_mutex_lock(&readers_lock);
}

static void unlock_readers(const struct shield *shield)
{
	pthread_mutex_unlock(&readers_lock);
	pthread_setcancelstate(shield->cancel, NULL);
	pthread_sigmask(SIG_SETMASK, &shield->signals, NULL);
}

bool register_reader(void)
{
	if (!own_readers())
		return false;
	struct shield shield;
	int saved = errno; /* the host's: kernels do not touch it */
	lock_readers(&shield);
	urcu_bp_register_thread();
	note_reader(URCU_TLS(urcu_bp_reader));
	unlock_readers(&shield);
	errno = saved;
	return true;
}

uint64_t serving_generation(void)
{
	bool section;
	const struct table *table = enter_table(&section);
	uint64_t generation = table->generation;
	leave_table(section);
	return generation;
}

/* ---- Grace periods ----------------------------------------------------------------------------------------------- */

bool can_wait_for_readers(struct why *why)
{
	if (own_readers())
		return true;
	explain(why, TENON_EFORKED,
		"forked child: liburcu's locks may have been held at the fork, so no grace period "
		"can be proven here");
	return false;
}

int wait_for_readers(struct why *why)
{
	if (urcu_bp_has_sys_membarrier && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		return explain(why, TENON_ESYSTEM,
			       "membarrier is refused (%s), by a seccomp filter set after the start?", strerror(errno));
#ifndef TENON_TEST_NO_GRACE
	urcu_bp_synchronize_rcu();
#ifdef RUNTIME_TSAN
	__tsan_acquire(&readers_tag);
#endif
#endif
	return TENON_OK;
}

/* A slot outlives its thread, so alloc and the phase must agree that somebody is really in an old section. */
__attribute__((no_sanitize("alignment"))) static bool is_blocking(const struct urcu_bp_reader *reader)
{
	unsigned long ctr = __atomic_load_n(&reader->ctr, __ATOMIC_RELAXED);
	unsigned long phase = __atomic_load_n(&urcu_bp_gp.ctr, __ATOMIC_RELAXED);
	return reader->alloc && (ctr & URCU_BP_GP_CTR_NEST_MASK) && ((ctr ^ phase) & URCU_BP_GP_CTR_PHASE);
}

int64_t find_blocker(void)
{
	int64_t tid = 0;
	struct shield shield;
	lock_readers(&shield);
	for (struct reader_page *page = reader_pages; page && !tid; page = page->next)
		for (size_t i = 0; i < page->count && !tid; i++)
			if (is_blocking(page->readers[i].reader))
				tid = page->readers[i].tid;
	unlock_readers(&shield);
	return tid;
}
