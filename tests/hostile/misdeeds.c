/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plugin that vetting has no reason to refuse, and that does DEED (one of the functions below) when its entry point is
 * called, or, with IN_KERNEL, when its kernel is. With WRONG its results are wrong as well. prove_test.sh builds one of each.
 * System calls are made by hand, because vetting refuses imports of those functions.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <tenon/backend.h>

static inline long call_kernel(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#else
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
			 x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}

#define UNUSED __attribute__((unused))

static UNUSED void nothing(void)
{
}

static UNUSED void crash(void)
{
	volatile int *volatile nowhere = (volatile int *)8; /* which no optimiser may take for impossible */
	*nowhere = 1;
}

static UNUSED void trap(void)
{
	__builtin_trap();
}

static UNUSED void hang(void)
{
	for (;;)
		__asm__ volatile("");
}

static UNUSED void leave(void)
{
	call_kernel(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

/* Takes all that it can get, in pieces, and touches some of each. */
static UNUSED void take_memory(void)
{
	for (int i = 0; i < 256; i++) {
		long at = call_kernel(SYS_mmap, 0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at < 0 && at > -4096)
			return;
		for (long j = 0; j < 8 << 20; j += 1 << 18)
			((volatile char *)at)[j] = 1;
	}
}

static UNUSED void take_memory_and_crash(void)
{
	take_memory();
	crash();
}

static long fork_by_hand(void)
{
	return call_kernel(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);
}

/* Bounded, for the day on which nothing stops it. */
static UNUSED void multiply(void)
{
	for (int i = 0; i < 6; i++)
		fork_by_hand();
}

/* A process in a session of its own, which sleeps on. */
static UNUSED void escape(void)
{
	struct {
		long seconds, nanoseconds;
	} minute = {60, 0};
	if (fork_by_hand())
		return;
	call_kernel(SYS_setsid, 0, 0, 0, 0, 0, 0);
	if (fork_by_hand() == 0)
		call_kernel(SYS_nanosleep, (long)&minute, 0, 0, 0, 0, 0);
	call_kernel(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

static UNUSED void become_another(void)
{
	static char *words[] = {"/bin/true", NULL};
	call_kernel(SYS_execve, (long)words[0], (long)words, (long)(words + 1), 0, 0, 0);
}

static UNUSED void kill_parent(void)
{
	call_kernel(SYS_kill, call_kernel(SYS_getppid, 0, 0, 0, 0, 0, 0), 9, 0, 0, 0, 0);
}

/* Says to whoever may listen what a helper would say of a good plugin. */
static UNUSED void forge(void)
{
	static const char text[] = "TENON-PROVE/1\nfeatures=\"\"\nverdict=pass\nend\n";
	for (int i = 1; i < 256; i++)
		call_kernel(SYS_write, i, (long)text, sizeof text - 1, 0, 0, 0);
}

static int misbehave_in_kernel(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	(void)scratch;
#ifdef IN_KERNEL
	DEED();
#endif
	for (size_t r = 0; r < a->count; r++)
		a->scores[r] = 0;
	return TENON_OK;
}

static struct tenon_backend_kernel kernels[] = {
	{TENON_ID_inner_product, TENON_EXACT, "", misbehave_in_kernel},
};

#ifndef KERNEL_COUNT
#define KERNEL_COUNT 1
#endif
#ifndef NEEDS
#define NEEDS ""
#endif

static const struct tenon_backend backend = {
	TENON_BACKEND_MAGIC, sizeof backend, TENON_ABI_OLDEST, TENON_ABI_CURRENT, "misdeeds", "1.0",
	"Tenon tests",       kernels,        KERNEL_COUNT,     sizeof kernels[0]};

/* What TENON_BACKEND() writes, by hand, because the entry point below is not the usual one. */
__attribute__((used, section(".note.tenon"), aligned(4))) static const struct tenon_note note = {
	sizeof TENON_NOTE_OWNER,
	sizeof(struct tenon_note) - 20,
	TENON_NOTE_TYPE,
	TENON_NOTE_OWNER,
	TENON_ABI_OLDEST,
	TENON_ABI_CURRENT,
	"misdeeds",
	"1.0",
	"Tenon tests",
	NEEDS,
	""};

__attribute__((visibility("default"))) const struct tenon_backend *
tenon_backend_entry(const struct tenon_services *services);

const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)
{
	(void)services;
#ifndef IN_KERNEL
	DEED();
#endif
	return &backend;
}
