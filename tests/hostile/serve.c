/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host that is offered hostile files: serve < LIST, a line "EXPECTATION<tab>PATH" for each, where EXPECTATION is a
 * part of the refusal, or "loads". After every offer the kernels must still give the bits that they gave before, and
 * nothing that the process owns (descriptors, floating-point state, threads) may have changed. Then, with a
 * scratch file, scalar.so itself, cut after every byte of its headers and of its last page. Prints TAP.
 */
#include <elf.h>
#include <fcntl.h>
#include <fenv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/live.h"

enum { DIM = 100, ROWS = 7 };

static float query[DIM], rows[ROWS * DIM], expected[ROWS];
static unsigned tests;

static void report(bool good, const char *name, const char *detail)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, name);
	if (!good)
		printf("# %s\n", detail);
}

struct state {
	int descriptors, threads;
	int rounding;
	char backend[32];
};

static struct state look(void)
{
	struct state state = {count_entries("/proc/self/fd"), count_entries("/proc/self/task"), fegetround(), ""};
	tenon_kernel_backend(TENON_ID_inner_product, state.backend, sizeof state.backend);
	return state;
}

static bool serves_as_before(const struct state *before)
{
	float scores[ROWS];
	struct tenon_inner_product_args args = {query, rows, ROWS, DIM, DIM, scores};
	struct state now = look();
	return tenon_inner_product(&args) == TENON_OK && memcmp(scores, expected, sizeof scores) == 0 &&
	       now.descriptors == before->descriptors && now.threads == before->threads &&
	       now.rounding == before->rounding && strcmp(now.backend, before->backend) == 0;
}

static void offer(const char *expectation, const char *path, const char *name)
{
	struct state before = look();
	int status = tenon_swap(path, 0);
	const char *said = status ? tenon_error_detail() : "it was loaded";
	if (strcmp(expectation, "loads") == 0) {
		report(status == TENON_OK, name, said);
		tenon_rollback(TENON_ROLLBACK_SCALAR);
		return;
	}
	bool refused = (status == TENON_EREFUSED || status == TENON_EUNSUPPORTED || status == TENON_ENOENT) &&
		       strstr(said, expectation);
	char changed[160];
	if (refused && !serves_as_before(&before)) {
		struct state now = look();
		refused = false;
		snprintf(changed, sizeof changed,
			 "refused, but the process is not as it was: %d descriptors, now %d; %d threads, now "
			 "%d; %s, now %s",
			 before.descriptors, now.descriptors, before.threads, now.threads, before.backend, now.backend);
		said = changed;
	}
	report(refused, name, said);
}

static void take_list(void)
{
	char line[8192];
	while (fgets(line, sizeof line, stdin)) {
		char *path = strchr(line, '\t');
		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		const char *name = strrchr(path, '/');
		offer(line, path, name ? name + 1 : path);
	}
}

static bool write_cut(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool good = file && fwrite(bytes, 1, size, file) == size;
	return file && fclose(file) == 0 && good;
}

/* Where the last loaded segment ends: what is behind it nobody needs to load the file. */
static size_t find_end(const char *bytes)
{
	const Elf64_Ehdr *header = (const void *)bytes;
	size_t end = 0;
	for (int i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *segment = (const Elf64_Phdr *)(const void *)(bytes + header->e_phoff) + i;
		if (segment->p_type == PT_LOAD && segment->p_offset + segment->p_filesz > end)
			end = segment->p_offset + segment->p_filesz;
	}
	return end;
}

/* The first KiB, with all headers, byte by byte; behind it every 97th cut, and the last 64 bytes. */
static void offer_cuts(const char *plugin, const char *path)
{
	static _Alignas(8) char bytes[4 << 20];
	FILE *file = fopen(plugin, "rb");
	size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0, accepted = 0, offered = 0, harmed = 0;
	if (file)
		fclose(file);
	size_t end = size > sizeof(Elf64_Ehdr) ? find_end(bytes) : 0;
	struct state before = look();
	for (size_t cut = 0; cut < end; cut += cut < 1024 || cut + 64 >= end ? 1 : 97) {
		if (!write_cut(path, bytes, cut))
			break;
		offered++;
		if (tenon_swap(path, 0) == TENON_OK) {
			accepted++;
			tenon_rollback(TENON_ROLLBACK_SCALAR);
		} else if (offered % 64 == 0) {
			harmed += !serves_as_before(&before);
		}
	}
	unlink(path);
	char detail[160];
	snprintf(detail, sizeof detail, "%zu bytes up to the last segment's end, %zu cuts, %zu loaded, %zu did harm",
		 end, offered, accepted, harmed);
	report(end > 1024 && offered > 1024 && !accepted && !harmed, "cut after every byte of the headers, and on",
	       detail);
}

int main(int argc, char **argv)
{
	struct tenon_inner_product_args args = {query, rows, ROWS, DIM, DIM, expected};
	for (int i = 0; i < ROWS * DIM; i++) {
		query[i % DIM] = (float)(i % 13) - 6;
		rows[i] = (float)(i % 17) * 0.37f;
	}
	if (argc < 2 || argc > 3 || tenon_open(NULL) || tenon_inner_product(&args) != TENON_OK) {
		fprintf(stderr, "usage: serve SCALAR_PLUGIN [SCRATCH_FILE] < LIST; %s\n", tenon_error_detail());
		return 2;
	}
	/* The thread that retires tables begins with the first one that is replaced, the staging directory with the first copy. */
	tenon_swap(argv[1], 0);
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	tenon_swap("scalar", 0);
	take_list();
	if (argc == 3)
		offer_cuts(argv[1], argv[2]);
	report(tenon_close() == TENON_OK, "the host closes", tenon_error_detail());
	printf("1..%u\n", tests);
	return 0;
}
