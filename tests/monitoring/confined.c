/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a program under the restrictions that a service manager would put on it, for machines on which none runs:
 *
 *     confined [OPTION...] -- PROGRAM [ARGUMENT...]
 *
 * Each option is what systemd does for one directive, by the means that it uses. Without privileges the mounts are made in
 * a user namespace. Exit status 77: this machine permits no such restriction; 99: anything else that could not be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDERS_MAX 8
#define FILTER_MAX 2048

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

struct folder {
	const char *path;
	int tree; /* a copy of its mount, which outlives what is mounted over it */
	int writable;
};

static struct folder folders[FOLDERS_MAX];
static int folder_count;
static struct sock_filter filter[FILTER_MAX];
static size_t filter_size;

static void give_up(int code, const char *what, const char *which)
{
	fprintf(stderr, "confined: %s %s: %s\n", what, which, strerror(errno));
	exit(code);
}

static void require(int result, const char *what, const char *which)
{
	if (result < 0)
		give_up(errno == EPERM || errno == EACCES || errno == ENOSYS ? 77 : 99, what, which);
}

/* ---- Mounts ------------------------------------------------------------------------------------------------------ */

static void write_map(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);
	if (file < 0 || write(file, text, strlen(text)) < 0)
		give_up(77, "write", path);
	close(file);
}

static void enter_namespace(void)
{
	char map[64];
	unsigned user = geteuid(), group = getegid();
	require(unshare(CLONE_NEWNS | (user ? CLONE_NEWUSER : 0)), "unshare", "");
	if (user) {
		write_map("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "%u %u 1", user, user);
		write_map("/proc/self/uid_map", map);
		snprintf(map, sizeof map, "%u %u 1", group, group);
		write_map("/proc/self/gid_map", map);
	}
	require(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount private", "/");
}

static void copy_folders(void)
{
	struct mount_attr fixed = {.attr_set = MOUNT_ATTR_RDONLY};
	for (struct folder *f = folders; f < folders + folder_count; f++) {
		f->tree = open_tree(AT_FDCWD, f->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		require(f->tree, "open_tree", f->path);
		if (!f->writable)
			require(mount_setattr(f->tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &fixed, sizeof fixed),
				"read-only", f->path);
	}
}

/* Where a new /tmp is mounted over what was there the path to a folder is gone. */
static void make_path(const char *path)
{
	char part[4096];
	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);
}

static void put_folders_back(void)
{
	for (struct folder *f = folders; f < folders + folder_count; f++) {
		make_path(f->path);
		require(move_mount(f->tree, "", AT_FDCWD, f->path, MOVE_MOUNT_F_EMPTY_PATH), "move_mount", f->path);
	}
}

static void arrange_mounts(int read_only, const char *tmp)
{
	struct mount_attr fixed = {.attr_set = MOUNT_ATTR_RDONLY};
	enter_namespace();
	copy_folders();
	if (read_only)
		require(mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &fixed, sizeof fixed), "read-only", "/");
	if (tmp)
		require(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | (strcmp(tmp, "noexec") ? 0 : MS_NOEXEC),
			      "mode=1777"),
			"mount", "/tmp");
	put_folders_back();
}

/* ---- System calls ------------------------------------------------------------------------------------------------ */

static void add(unsigned short code, unsigned value, unsigned char if_true, unsigned char if_false)
{
	if (filter_size == FILTER_MAX)
		give_up(99, "filter", "is too long");
	filter[filter_size++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(size_t offset)
{
	add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(unsigned what)
{
	add(BPF_RET | BPF_K, what, 0, 0);
}

static void begin_filter(void)
{
	filter_size = 0;
	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	answer(SECCOMP_RET_KILL_PROCESS);
	load(offsetof(struct seccomp_data, nr));
}

/* What is not decided yet gets `otherwise`. */
static void install_filter(unsigned otherwise)
{
	answer(otherwise);
	struct sock_fprog program = {(unsigned short)filter_size, filter};
	require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp", "");
}

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)

/* Refuses the call when all bits of `bits` are set in its argument. */
static void refuse_bits(unsigned number, int argument, unsigned bits)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5);
	load(offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
	add(BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1);
	answer(REFUSED);
	load(offsetof(struct seccomp_data, nr));
}

/* MemoryDenyWriteExecute= of systemd 252, which is that of Debian 12. */
static void refuse_write_execute(void)
{
	begin_filter();
	refuse_bits(SYS_mmap, 2, PROT_WRITE | PROT_EXEC);
	refuse_bits(SYS_mprotect, 2, PROT_EXEC);
	refuse_bits(SYS_pkey_mprotect, 2, PROT_EXEC);
	refuse_bits(SYS_shmat, 2, SHM_EXEC);
	install_filter(SECCOMP_RET_ALLOW);
}

/* RestrictNamespaces=yes */
static void refuse_namespaces(void)
{
	static const unsigned kinds[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
					 CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};
	begin_filter();
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		refuse_bits(SYS_clone, 0, kinds[i]);
		refuse_bits(SYS_unshare, 0, kinds[i]);
	}
	add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	answer(SECCOMP_RET_ERRNO | ENOSYS); /* its flags are in memory, which a filter cannot read */
	install_filter(SECCOMP_RET_ALLOW);
}

/* RestrictAddressFamilies=: numbers, separated by commas */
static void allow_families(const char *list)
{
	begin_filter();
	add(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0);
	answer(SECCOMP_RET_ALLOW);
	load(offsetof(struct seccomp_data, args));
	for (char *rest = (char *)list; *rest; rest += *rest == ',') {
		add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)strtoul(rest, &rest, 10), 0, 1);
		answer(SECCOMP_RET_ALLOW);
	}
	install_filter(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

/* SystemCallFilter= with SystemCallErrorNumber=EPERM: the file has a number a line */
static void allow_calls(const char *path)
{
	unsigned number;
	FILE *file = fopen(path, "r");
	if (!file)
		give_up(99, "open", path);
	begin_filter();
	while (fscanf(file, "%u", &number) == 1) {
		add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		answer(SECCOMP_RET_ALLOW);
	}
	fclose(file);
	install_filter(REFUSED);
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

static void drop_capabilities(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability) && errno != EPERM)
			give_up(99, "drop", "capabilities");
}

static const char *value_of(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], name, strlen(name)) == 0 && strchr("=", argv[i][strlen(name)]))
			return argv[i][strlen(name)] ? argv[i] + strlen(name) + 1 : "";
	return NULL;
}

static char **read_arguments(int argc, char **argv)
{
	static const char *const known[] = {
		"--read-only", "--tmp=",          "--no-capabilities", "--no-new-privileges",
		"--families=", "--no-namespaces", "--calls=",          "--no-write-execute=",
		NULL};
	int i = 1;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = strchr(argv[i], '=');
		int keeps = strncmp(argv[i], "--keep=", 7) == 0, k = 0;
		if ((keeps || strncmp(argv[i], "--writable=", 11) == 0) && folder_count < FOLDERS_MAX) {
			folders[folder_count++] = (struct folder){value + 1, -1, !keeps};
			continue;
		}
		while (known[k] && strncmp(argv[i], known[k], strlen(known[k])) != 0)
			k++;
		if (!known[k]) {
			errno = EINVAL;
			give_up(99, "option", argv[i]);
		}
	}
	if (i + 1 >= argc) {
		errno = EINVAL;
		give_up(99, "no program", "");
	}
	return argv + i + 1;
}

int main(int argc, char **argv)
{
	char **program = read_arguments(argc, argv);
	const char *write_execute = value_of(argc, argv, "--no-write-execute"),
		   *families = value_of(argc, argv, "--families");
	const char *calls = value_of(argc, argv, "--calls");
	arrange_mounts(value_of(argc, argv, "--read-only") != NULL, value_of(argc, argv, "--tmp"));
	if (value_of(argc, argv, "--no-capabilities"))
		drop_capabilities();
	if (value_of(argc, argv, "--no-new-privileges"))
		require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges", "");
	if (write_execute && strcmp(write_execute, "prctl") == 0)
		require(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0), "PR_SET_MDWE", "");
	if (write_execute && strcmp(write_execute, "seccomp") == 0)
		refuse_write_execute();
	if (value_of(argc, argv, "--no-namespaces"))
		refuse_namespaces();
	if (families)
		allow_families(families);
	if (calls)
		allow_calls(calls);
	execvp(program[0], program);
	give_up(99, "cannot run", program[0]);
}
