/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a program whose kernel refuses some system calls, as the seccomp profile of a service or container does.
 *
 *     refuse NAME,NAME... PROGRAM [ARGUMENT]...
 *
 * Exits 77 where that cannot be had.
 */
#include "build.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct call {
	const char *name;
	unsigned number;
} calls[] = {{"membarrier", SYS_membarrier}, {"memfd_create", SYS_memfd_create}, {"statfs", SYS_statfs}};

static int add_filter(unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	unsigned found = 0;
	if (argc < 3)
		return 2;
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ","))
		for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
			if (strcmp(name, calls[i].name) == 0) {
				found++;
				if (add_filter(calls[i].number))
					return 77;
			}
	if (!found)
		return 2;
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
