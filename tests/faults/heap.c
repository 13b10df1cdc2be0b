/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stands before libc: the heap, dlopen(), and the two calls through which liburcu asks the kernel. liburcu aborts when
 * its own mmap() or membarrier is refused (docs/ARCHITECTURE.md has the hazard), so those alone never fail here. Any thread.
 */
#include "build.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/public.h"
#include "tests/faults/faults.h"

#define REAL(name) __libc_##name
#define __libc_aligned_alloc __libc_memalign
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *block, size_t size);
void *REAL(aligned_alloc)(size_t alignment, size_t size);
void REAL(free)(void *block);

static struct run idle;
struct run *run = &idle;

static void show_place(void)
{
	void *place[24];
	atomic_store(&run->armed, false); /* it uses the heap */
	backtrace_symbols_fd(place, backtrace(place, 24), STDERR_FILENO);
	atomic_store(&run->armed, true);
}

bool is_chosen(unsigned call)
{
	return run->nth && (run->kind->lasts ? call >= run->nth : call == run->nth);
}

bool fails_now(enum kind_place place)
{
	if (!atomic_load_explicit(&run->armed, memory_order_relaxed) || run->kind->place != place)
		return false;
	if (!is_chosen(atomic_fetch_add(&run->calls, 1) + 1))
		return false;
	atomic_fetch_add(&run->failures, 1);
	if (run->is_traced)
		show_place();
	return true;
}

/* ---- The heap ---------------------------------------------------------------------------------------------------- */

#ifndef TENON_SANITIZED /* whose heap is its own */
static void *count_block(void *block)
{
	if (block)
		atomic_fetch_add_explicit(&run->live_blocks, 1, memory_order_relaxed);
	return block;
}

static bool refuses_memory(void)
{
	if (!fails_now(IN_HEAP))
		return false;
	errno = ENOMEM;
	return true;
}

TENON_PUBLIC void *malloc(size_t size)
{
	return refuses_memory() ? NULL : count_block(REAL(malloc)(size));
}

TENON_PUBLIC void *calloc(size_t count, size_t size)
{
	return refuses_memory() ? NULL : count_block(REAL(calloc)(count, size));
}

TENON_PUBLIC void *realloc(void *block, size_t size)
{
	if (refuses_memory())
		return NULL;
	void *larger = REAL(realloc)(block, size);
	return block ? larger : count_block(larger);
}

TENON_PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
	return refuses_memory() ? NULL : count_block(REAL(aligned_alloc)(alignment, size));
}

TENON_PUBLIC void free(void *block)
{
	if (block)
		atomic_fetch_sub_explicit(&run->live_blocks, 1, memory_order_relaxed);
	REAL(free)(block);
}
#endif

/* ---- The dynamic linker ------------------------------------------------------------------------------------------ */

/* A failure of its own making, so that dlerror() has a text. */
TENON_PUBLIC void *dlopen(const char *path, int flags)
{
	static void *(*next)(const char *path, int flags);
	if (!next) {
		void *found = dlsym(RTLD_NEXT, "dlopen");
		memcpy(&next, &found, sizeof next);
	}
	return next(fails_now(IN_LINKER) ? "/nonexistent/the dlopen that fails" : path, flags);
}

/* ---- liburcu ----------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
__asm__(".text\n.globl raw_unwatched, unwatched_end\n.hidden raw_unwatched, unwatched_end\n"
	"raw_unwatched:\n\tmov %rdi, %rax\n\tmov %rsi, %rdi\n\tmov %rdx, %rsi\n\tmov %rcx, %rdx\n\tmov %r8, %r10\n"
	"\tmov %r9, %r8\n\tmov 8(%rsp), %r9\n\tsyscall\nunwatched_end:\n\tret\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl raw_unwatched, unwatched_end\n.hidden raw_unwatched, unwatched_end\n"
	"raw_unwatched:\n\tmov x8, x0\n\tmov x0, x1\n\tmov x1, x2\n\tmov x2, x3\n\tmov x3, x4\n\tmov x4, x5\n"
	"\tmov x5, x6\n\tsvc #0\nunwatched_end:\n\tret\n");
#endif
long raw_unwatched(long number, long a, long b, long c, long d, long e, long f);

long call_unwatched(long number, long a, long b, long c, long d, long e, long f)
{
	long result = raw_unwatched(number, a, b, c, d, e, f);
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

static uintptr_t liburcu, liburcu_end;

static int find_liburcu(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size, (void)unused;
	if (!strstr(object->dlpi_name, "/liburcu-bp.so"))
		return 0;
	liburcu = object->dlpi_addr;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		uintptr_t end = liburcu + object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;
		if (object->dlpi_phdr[i].p_type == PT_LOAD && end > liburcu_end)
			liburcu_end = end;
	}
	return 1;
}

void prepare_heap(void)
{
	void *place[4];
	backtrace(place, 4); /* loads libgcc now, not in a failing malloc() */
	dl_iterate_phdr(find_liburcu, NULL);
	dlclose(dlopen(NULL, RTLD_NOW));
}

/* Sanitizers have their own versions of these two, which must stay; what they would exempt is then not tried. */
#ifndef TENON_SANITIZED
static bool is_liburcu(const void *caller)
{
	return (uintptr_t)caller >= liburcu && (uintptr_t)caller < liburcu_end;
}

TENON_PUBLIC void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
	static void *(*next)(void *address, size_t size, int protection, int flags, int file, off_t offset);
	if (is_liburcu(__builtin_return_address(0)))
		return (void *)call_unwatched(SYS_mmap, (long)address, (long)size, protection, flags, file, offset);
	if (!next) {
		void *found = dlsym(RTLD_NEXT, "mmap");
		memcpy(&next, &found, sizeof next);
	}
	return next(address, size, protection, flags, file, offset);
}

TENON_PUBLIC long syscall(long number, ...)
{
	static long (*next)(long number, ...);
	long a[6];
	va_list list;
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (is_liburcu(__builtin_return_address(0)))
		return call_unwatched(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (!next) {
		void *found = dlsym(RTLD_NEXT, "syscall");
		memcpy(&next, &found, sizeof next);
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
#endif
