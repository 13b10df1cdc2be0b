/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program that `make count-instructions` runs under qemu: every case of tools/cases/, first by scalar, then by the
 * best backend of the emulated CPU. It says what it calls; plugin.c says between the marks how many instructions it
 * took. One thread: opening the runtime starts none, and swaps, which would, are left out.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "bench/count/marks.h"
#include "tools/cases/cases.h"

static const char *name_of(uint32_t kernel)
{
	switch (kernel) {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, members) \
	case id:                                 \
		return #name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	}
	return "?";
}

/* The first call binds symbols and touches memory. */
static void count_case(struct kernel_case *c, size_t number, const char *backend)
{
	reset_case(c);
	call_case(c);
	reset_case(c);
	printf("%s %zu %s ", name_of(c->kernel), number, backend);
	syscall(MARK, MARK_BEGIN);
	call_case(c);
	syscall(MARK, MARK_END);
}

static void count_all(struct case_set *set)
{
	char backend[32];
	for (size_t i = 0; i < count_cases(set); i++) {
		struct kernel_case *c = get_case(set, i);
		if (tenon_kernel_backend(c->kernel, backend, sizeof backend))
			snprintf(backend, sizeof backend, "scalar");
		count_case(c, i, backend);
	}
}

int main(void)
{
	struct case_set *set = make_cases();
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!set) {
		fprintf(stderr, "count-instructions: out of memory\n");
		return 1;
	}
	printf("nothing 0 scalar "); /* what the marks take */
	syscall(MARK, MARK_BEGIN);
	syscall(MARK, MARK_END);
	count_all(set);
	if (tenon_open(NULL)) {
		fprintf(stderr, "count-instructions: %s\n", tenon_error_detail());
		return 1;
	}
	count_all(set);
	free_cases(set);
	return tenon_close();
}
