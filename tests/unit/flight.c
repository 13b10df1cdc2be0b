/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flight records: what was written reads back as the call that it was, for every kernel; what does not fit is cut down and
 * says so; damage is refused by name; records wait in bounded memory, and become files that appear whole.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/flights.h"
#include "tests/conform/spec.h"
#include "tools/cases/cases.h"

enum { PLACES = REGIONS_MAX, SCRATCH_MAX = 4 << 20 };
static unsigned char *record, *kept, *twin_memory, *scratch;
static const struct flight_facts facts = {"acme", "1.2", "0123abcd", "/opt/acme.so", "Some CPU", "host", 0, 0, 0, 11,
					  12,     3,     99};

/* ---- Made-up divergences ----------------------------------------------------------------------------------------- */

static int call_scalar(int kernel, const void *args)
{
	return kernels[kernel].scalar(args, get_scratch_size(kernel, args) ? scratch : NULL);
}

struct divergence {
	struct regions got, want;
	unsigned kept_roles;
	int region; /* which answer was changed, in its last byte */
	size_t index;
};

/* Has scalar answer both, and changes one bit of what the backend is said to have answered. */
static void diverge(int kernel, const void *args, struct divergence *d)
{
	find_regions(kernel, args, &d->got);
	d->kept_roles = REGION_CHANGED;
	save_regions(&d->got, REGION_CHANGED, kept);
	const void *twin = copy_regions(&d->got, REGION_ANSWERS, twin_memory, &d->want);
	call_scalar(kernel, args);
	if (d->got.at_rest)
		*d->got.at_rest = 0;
	call_scalar(kernel, twin);
	for (d->region = d->got.count - 1;
	     !(d->got.list[d->region].role & REGION_ANSWERS) || !d->got.list[d->region].size;)
		d->region--;
	struct region *r = &d->got.list[d->region];
	d->index = r->size / size_of_kind(r->kind) - 1;
	r->base[d->index * size_of_kind(r->kind)] ^= 1;
}

static struct flight_call as_call(const struct divergence *d)
{
	return (struct flight_call){&d->got, &d->want, d->kept_roles, kept};
}

/* ---- Calling again ----------------------------------------------------------------------------------------------- */

static void free_list(unsigned char **memory)
{
	for (int i = 0; i < PLACES; i++) {
		free(memory[i]);
		memory[i] = NULL;
	}
}

/* Gives each region memory of its own, as far from a boundary as it was. */
static int rebuild(const struct flight *f, struct regions *r, unsigned char **memory, struct why *why)
{
	list_flight(f, r);
	for (int i = 0; i < r->count; i++) {
		size_t size = r->list[i].size + f->region[i].misalignment;
		memory[i] = has_own_memory(&r->list[i]) && r->list[i].size ? aligned_alloc(64, (size + 63) / 64 * 64)
									   : NULL;
		if (memory[i])
			r->list[i].base = memory[i] + f->region[i].misalignment;
	}
	return fill_flight(f, r, why);
}

static void read_good(size_t size, struct flight *f)
{
	struct why why;
	if (read_flight(record, size, f, &why))
		fail_msg("%s", why.text);
}

/* The record's call gives what scalar gave. */
static void assert_replays(size_t size, const struct regions *want)
{
	unsigned char *memory[PLACES] = {NULL};
	struct region_difference difference;
	struct regions r;
	struct flight f;
	struct why why;
	read_good(size, &f);
	assert_int_equal(judge_flight(&f, &why), 0);
	if (rebuild(&f, &r, memory, &why))
		fail_msg("%s: %s", kernels[f.kernel].name, why.text);
	call_scalar(f.kernel, r.list[0].base);
	if (!compare_answers(&r, want, &difference))
		fail_msg("%s: %s[%zu] differs", kernels[f.kernel].name, r.list[difference.region].name,
			 difference.index);
	free_list(memory);
}

static void every_case_is_recorded_whole(void **state)
{
	(void)state;
	struct case_set *set = make_cases();
	for (size_t i = 0; i < count_cases(set); i++) {
		struct kernel_case *c = get_case(set, i);
		int kernel = find_kernel_id(c->kernel);
		struct divergence d;
		struct flight f;
		reset_case(c);
		diverge(kernel, c->args, &d);
		struct flight_call call = as_call(&d);
		size_t size = write_flight(&facts, &call, record, FLIGHT_ROOM);
		read_good(size, &f);
		assert_int_equal(f.kernel, kernel);
		assert_int_equal(f.header->cut, FLIGHT_WHOLE);
		assert_int_equal(f.header->flags, 0);
		assert_int_equal(f.header->first_region, d.region);
		assert_int_equal(f.header->first_index, d.index);
		const struct flight_part *got = &f.region[d.region].got;
		assert_int_equal(got->size, d.got.list[d.region].size);
		assert_memory_equal(record + got->at, d.got.list[d.region].base, got->size);
		assert_replays(size, &d.want);
	}
	free_cases(set);
}

static void facts_are_kept(void **state)
{
	(void)state;
	float x[3] = {0.5f, 1, 0.25f};
	struct tenon_binding_decay_args a = {x, 3, 0.5f, 1, 0};
	struct divergence d;
	struct flight f;
	diverge(KERNEL_binding_decay, &a, &d);
	struct flight_call call = as_call(&d);
	read_good(write_flight(&facts, &call, record, FLIGHT_ROOM), &f);
	assert_string_equal(f.header->backend, "acme");
	assert_string_equal(f.header->version_text, "1.2");
	assert_string_equal(f.header->build_id, "0123abcd");
	assert_string_equal(f.header->path, "/opt/acme.so");
	assert_string_equal(f.header->cpu, "Some CPU");
	assert_string_equal(f.header->program, "host");
	assert_int_equal(f.header->process, 11);
	assert_int_equal(f.header->thread, 12);
	assert_int_equal(f.header->core, 3);
	assert_int_equal(f.header->time, 99);
	assert_memory_equal(record + f.region[1].before.at, ((float[]){0.5f, 1, 0.25f}), 12);
	for (int i = 0; i < 8; i++) /* the pointer says nothing */
		assert_int_equal(record[f.region[0].before.at + (size_t)i], 0);
}

/* ---- Calls that do not fit --------------------------------------------------------------------------------------- */

enum { ROWS = 700, DIM = 300 };

/* Of 840 kB in 32 KiB: the rows around the one that differs. */
static void a_large_call_is_recorded_as_a_share(void **state)
{
	(void)state;
	float *rows = malloc(ROWS * DIM * sizeof *rows), scores[ROWS];
	for (size_t i = 0; i < ROWS * DIM; i++)
		rows[i] = (float)(i % 37) - 18;
	struct tenon_vector_similarity_args a = {rows, rows, ROWS, DIM, DIM, scores};
	struct divergence d;
	struct flight f;
	struct regions part;
	diverge(KERNEL_vector_similarity, &a, &d);
	d.got.list[3].base[4 * (ROWS - 1)] ^= 1;
	d.got.list[3].base[4 * 333] ^= 1;
	struct flight_call call = as_call(&d);
	size_t size = write_flight(&facts, &call, record, FLIGHT_ROOM_LEAST);
	assert_true(size <= FLIGHT_ROOM_LEAST);
	read_good(size, &f);
	assert_int_equal(f.header->flags, FLIGHT_IS_SHARE);
	assert_int_equal(f.header->first_region, 3);
	/* The share's scores are scalar's from where it begins. */
	size_t count = f.region[3].size / 4, begin = 333 - f.header->first_index;
	assert_in_range(count, 1, 40);
	struct tenon_vector_similarity_args share = {
		rows, rows + begin * DIM, count, DIM, DIM, (float *)(void *)d.want.list[3].base + begin};
	find_regions(KERNEL_vector_similarity, &share, &part);
	assert_replays(size, &part);
	free(rows);
}

/* In place: what was kept is found for the share, too. */
static void a_share_of_a_call_in_place_has_what_was_kept(void **state)
{
	(void)state;
	enum { N = 40000 };
	float *x = malloc(N * sizeof *x);
	for (size_t i = 0; i < N; i++)
		x[i] = (float)(i % 1000) / 1000;
	struct tenon_binding_decay_args a = {x, N, 0.25f, 1, 0};
	struct divergence d;
	struct flight f;
	diverge(KERNEL_binding_decay, &a, &d);
	struct flight_call call = as_call(&d);
	size_t size = write_flight(&facts, &call, record, FLIGHT_ROOM_LEAST);
	read_good(size, &f);
	assert_int_equal(f.header->cut, FLIGHT_WHOLE);
	assert_int_equal(f.header->flags, FLIGHT_IS_SHARE);
	size_t count = f.region[1].size / 4;
	float *before = (float *)(void *)(record + f.region[1].before.at);
	assert_true(before[count - 1] == 0.999f);
	assert_true(before[0] == (float)((N - count) % 1000) / 1000);
	free(x);
}

/* Nothing less than all scores has the best ones. */
static void what_cannot_be_divided_is_cut(void **state)
{
	(void)state;
	enum { N = 20000, K = 100 };
	float *scores = malloc(N * sizeof *scores), values[K];
	uint32_t indices[K];
	size_t count;
	for (size_t i = 0; i < N; i++)
		scores[i] = (float)(i % 977);
	struct tenon_top_k_args a = {scores, N, K, indices, values, &count};
	struct divergence d;
	struct flight f;
	struct why why;
	diverge(KERNEL_top_k, &a, &d);
	d.got.list[4].base[0] ^= 1; /* count is right, the last value is not */
	d.got.list[3].base[4 * (K - 1)] ^= 1;
	struct flight_call call = as_call(&d);
	size_t size = write_flight(&facts, &call, record, FLIGHT_ROOM_LEAST);
	assert_true(size <= FLIGHT_ROOM_LEAST);
	read_good(size, &f);
	assert_int_equal(f.header->cut, FLIGHT_TOO_LARGE);
	assert_int_equal(judge_flight(&f, &why), TENON_EINVAL);
	assert_string_equal(why.text, "scores has 80000 bytes, of which 128 fit the record");
	assert_int_equal(f.header->first_region, 3);
	assert_int_equal(f.header->first_index, K - 1);
	const struct flight_part *got = &f.region[3].got, *want = &f.region[3].want;
	assert_int_equal(got->begin, 4 * (K - 1 - 8));
	assert_int_equal(got->size, 4 * 9);
	assert_memory_equal(record + got->at, (unsigned char *)values + got->begin, got->size);
	assert_memory_equal(record + want->at, d.want.list[3].base + want->begin, want->size);
	assert_int_equal(((const struct tenon_top_k_args *)(const void *)(record + f.region[0].before.at))->k, K);
	free(scores);
}

static void what_was_not_kept_is_said(void **state)
{
	(void)state;
	float x[3] = {0.5f, 1, 0.25f};
	struct tenon_binding_decay_args a = {x, 3, 0.5f, 1, 0};
	struct divergence d;
	struct flight f;
	struct why why;
	diverge(KERNEL_binding_decay, &a, &d);
	struct flight_call call = {&d.got, &d.want, 0, NULL};
	read_good(write_flight(&facts, &call, record, FLIGHT_ROOM), &f);
	judge_flight(&f, &why);
	assert_string_equal(why.text, "what strengths held before the call was not kept");
}

/* A fault leaves no answer, and the record no place where it differs. */
static void a_fault_is_recorded_without_answers(void **state)
{
	(void)state;
	float x[2] = {1, 2}, out[2];
	uint64_t ages[2] = {3, 4};
	struct tenon_decay_exponential_args a = {x, ages, 2, 5, 0, out};
	struct flight_facts fault = facts;
	struct regions r;
	struct flight f;
	fault.signal = 11;
	find_regions(KERNEL_decay_exponential, &a, &r);
	struct flight_call call = {&r, &r, 0, NULL};
	read_good(write_flight(&fault, &call, record, FLIGHT_ROOM), &f);
	assert_int_equal(f.header->signal, 11);
	assert_int_equal(f.header->first_region, f.header->regions);
	assert_int_equal(f.region[3].got.size, 0);
	assert_int_equal(f.header->cut, FLIGHT_WHOLE);
}

/* ---- Damage ------------------------------------------------------------------------------------------------------ */

static size_t make_record(void)
{
	static float x[3] = {0.5f, 1, 0.25f}, out[3];
	static uint64_t ages[3] = {1, 2, 3};
	struct tenon_decay_exponential_args a = {x, ages, 3, 10, -1, out};
	struct divergence d;
	diverge(KERNEL_decay_exponential, &a, &d);
	struct flight_call call = as_call(&d);
	return write_flight(&facts, &call, record, FLIGHT_ROOM);
}

static void seal_again(size_t size)
{
	uint32_t checksum;
	struct tenon_crc32c_args a = {record, size - 4, 0, &checksum};
	scalar_crc32c(&a, NULL);
	memcpy(record + size - 4, &checksum, 4);
}

static void every_byte_is_under_the_checksum(void **state)
{
	(void)state;
	struct flight f;
	struct why why;
	size_t size = make_record();
	for (size_t i = 0; i < size; i++) {
		record[i] ^= 0x10;
		assert_int_equal(read_flight(record, size, &f, &why), TENON_ECORRUPT);
		record[i] ^= 0x10;
	}
	for (size_t less = 0; less < size; less++)
		assert_int_equal(read_flight(record, less, &f, &why), TENON_ECORRUPT);
}

#define HEADER(member) offsetof(struct flight_header, member)
#define REGION(i, member) \
	(sizeof(struct flight_header) + (i) * sizeof(struct flight_region) + offsetof(struct flight_region, member))

static void each_field_is_refused_by_name(void **state)
{
	(void)state;
	static const struct {
		size_t at, size;
		uint64_t value;
		const char *text;
	} damages[] = {
		{HEADER(magic), 1, 'X', "magic at byte 0 is not TNFLIGHT"},
		{HEADER(version), 4, 2, "version at byte 8 is 2; this tenon reads version 1"},
		{HEADER(header_size), 4, 8, "header_size at byte 12 is 8"},
		{HEADER(size), 8, 1, "size at byte 16 is 1, but the file has"},
		{HEADER(kernel), 4, 999, "kernel at byte 24 is 999"},
		{HEADER(regions), 4, 25, "regions at byte 28 is 25"},
		{HEADER(regions), 4, 24, "regions at byte 28 is 24"},
		{HEADER(regions), 4, 3, "regions[3]"},
		{HEADER(region_size), 4, 1, "region_size at byte 32 is 1"},
		{HEADER(cut), 4, 3, "cut at byte 36 is 3"},
		{HEADER(flags), 4, 4, "flags at byte 44 is 4"},
		{HEADER(signal), 4, 65, "signal at byte 56 is 65"},
		{HEADER(first_region), 4, 9, "first_region at byte 60 is 9"},
		{HEADER(backend), 1, '\n', "backend at byte 104 has the control character 0xa"},
		{HEADER(program) + 31, 1, 'x', NULL},
		{REGION(1, role), 1, 3, "regions[1].role at byte"},
		{REGION(1, kind), 1, 7, "regions[1].kind at byte"},
		{REGION(1, kind), 1, REGION_U32,
		 "regions[1] at byte 1488 is not what a call of decay_exponential has there"},
		{REGION(1, parent), 1, 1, "regions[1].parent at byte"},
		{REGION(0, parent), 1, 0, "regions[0].parent at byte"},
		{REGION(1, at), 4, 48, "regions[1].at at byte"},
		{REGION(1, at), 4, 8, "regions[1] at byte 1488 is not"},
		{REGION(3, alias), 1, 3, "regions[3].alias at byte"},
		{REGION(3, alias), 1, 2, "regions[3].alias at byte"},
		{REGION(3, alias), 1, 1, "no legal call: out is the memory of values"},
		{REGION(1, is_inside), 1, 2, "regions[1].is_inside at byte"},
		{REGION(2, misalignment), 1, 4, "regions[2].misalignment at byte"},
		{REGION(1, size), 8, 8, "regions[1].before at byte"},
		{REGION(1, size), 8, 16, "regions[1].before.size at byte"},
		{REGION(3, size), 8, UINT64_MAX, "regions[3].size at byte"},
		{REGION(1, before) + 16, 8, UINT64_MAX - 3, "regions[1].before at byte"},
		{REGION(1, before) + 8, 8, 8, "regions[1].before.size at byte"},
		{REGION(3, got), 8, 13, "regions[3].got at byte"},
		{REGION(3, want) + 16, 8, 1 << 20, "regions[3].want at byte"},
	};
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		unsigned char *memory[PLACES] = {NULL};
		struct regions r = {.count = 0};
		struct flight f;
		struct why why = {0};
		size_t size = make_record();
		memcpy(record + damages[i].at, &damages[i].value, damages[i].size);
		seal_again(size);
		int status = read_flight(record, size, &f, &why);
		if (!status)
			status = rebuild(&f, &r, memory, &why);
		if (damages[i].text && (status != TENON_ECORRUPT || !strstr(why.text, damages[i].text)))
			fail_msg("%s: got %d, %s", damages[i].text, status, why.text);
		free_list(memory);
	}
}

/* Arguments that no host may pass, or that ask for other memory than is there. */
static void illegal_calls_are_refused(void **state)
{
	(void)state;
	unsigned char *memory[PLACES] = {NULL};
	struct regions r;
	struct flight f;
	struct why why;
	size_t size = make_record(), args;
	read_good(size, &f);
	args = f.region[0].before.at;
	float tau = -1;
	memcpy(record + args + offsetof(struct tenon_decay_exponential_args, tau), &tau, 4);
	seal_again(size);
	read_good(size, &f);
	assert_int_equal(rebuild(&f, &r, memory, &why), TENON_ECORRUPT);
	assert_string_equal(why.text, "no legal call: decay_exponential: tau is -1; pass seconds above 0");
	free_list(memory);
	size_t n = 4;
	memcpy(record + args + offsetof(struct tenon_decay_exponential_args, n), &n, 8);
	seal_again(size);
	read_good(size, &f);
	assert_int_equal(rebuild(&f, &r, memory, &why), TENON_ECORRUPT);
	assert_non_null(strstr(why.text, "regions[1] at byte"));
	free_list(memory);
}

/* Of a call on a sliced graph of few nodes; the set must live as long. */
static size_t record_graph(struct case_set *set, struct divergence *d)
{
	size_t n = 0;
	while (get_case(set, n)->kernel != TENON_ID_spreading_activation)
		n++;
	diverge(KERNEL_spreading_activation, get_case(set, n)->args, d);
	struct flight_call call = as_call(d);
	return write_flight(&facts, &call, record, FLIGHT_ROOM);
}

static uint32_t find_recorded(const struct flight *f, const char *name)
{
	uint32_t i = 0;
	while (strcmp(f->region[i].name, name))
		i++;
	return i;
}

/* Kernels believe every array of a graph. */
static void a_graph_is_believed_in_nothing(void **state)
{
	(void)state;
	static const char *const names[] = {"graph->in_offset",   "graph->in",        "graph->out_offset",
					    "graph->out",         "graph->slice_row", "graph->slice_narrow",
					    "graph->slice_weight"};
	struct case_set *set = make_cases();
	struct divergence d;
	struct flight f;
	size_t size = record_graph(set, &d);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		unsigned char *memory[PLACES] = {NULL};
		struct regions r;
		struct why why;
		read_good(size, &f);
		uint32_t at = find_recorded(&f, names[i]);
		record[f.region[at].before.at + 5] ^= 0x40;
		seal_again(size);
		read_good(size, &f);
		assert_int_not_equal(rebuild(&f, &r, memory, &why), 0);
		assert_non_null(strstr(why.text, "graph"));
		free_list(memory);
		record[f.region[at].before.at + 5] ^= 0x40;
		record[REGION(at, misalignment)] = 1; /* elements of two bytes or more */
		seal_again(size);
		assert_int_equal(read_flight(record, size, &f, &why), TENON_ECORRUPT);
		assert_non_null(strstr(why.text, ".misalignment at byte"));
		record[REGION(at, misalignment)] = 0;
		seal_again(size);
	}
	assert_replays(size, &d.want);
	free_cases(set);
}

/* A body may ask either pointer where the sources are. */
static void a_graph_has_its_sources_in_one_place(void **state)
{
	(void)state;
	unsigned char *memory[PLACES] = {NULL};
	struct case_set *set = make_cases();
	struct divergence d;
	struct regions r;
	struct flight f;
	struct why why;
	size_t size = record_graph(set, &d);
	read_good(size, &f);
	uint32_t at = find_recorded(&f, "graph->slice_source");
	assert_int_equal(record[REGION(at, is_null)], 1);
	record[REGION(at, is_null)] = 0;
	seal_again(size);
	read_good(size, &f);
	assert_int_equal(rebuild(&f, &r, memory, &why), TENON_ECORRUPT);
	assert_non_null(strstr(why.text, "its arrays are not those of its"));
	free_list(memory);
	free_cases(set);
}

/* ---- Places and files -------------------------------------------------------------------------------------------- */

static unsigned count_files(const char *folder, bool *odd)
{
	unsigned count = 0;
	DIR *stream = opendir(folder);
	for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
		struct stat status;
		char path[600];
		if (entry->d_name[0] == '.' && strlen(entry->d_name) < 3)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		*odd |= stat(path, &status) || (status.st_mode & 07777) != 0600 || strncmp(entry->d_name, "flight-", 7);
		count++;
	}
	closedir(stream);
	return count;
}

static void remove_files(const char *folder)
{
	char command[600];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

static bool record_one(void)
{
	float x[3] = {0.5f, 1, 0.25f};
	struct tenon_binding_decay_args a = {x, 3, 0.5f, 1, 0};
	struct divergence d;
	diverge(KERNEL_binding_decay, &a, &d);
	struct flight_call call = as_call(&d);
	announce_flight();
	return record_flight(&facts, &call);
}

struct told {
	unsigned count;
	char last[600];
};

/* flight_written_fn: every one is told, under a name of its own. */
static void note_written(void *user, const char *path)
{
	struct told *told = user;
	assert_int_equal(access(path, R_OK), 0);
	assert_string_not_equal(path, told->last);
	snprintf(told->last, sizeof told->last, "%s", path);
	told->count++;
}

static unsigned write_all_to(const char *folder, int status, struct why *why)
{
	struct told told = {0};
	assert_int_equal(write_flights(folder, note_written, &told, why), status);
	return told.count;
}

static void records_wait_and_become_files(void **state)
{
	(void)state;
	char folder[] = "/tmp/tenon-flight-XXXXXX";
	bool odd = false;
	struct flight f;
	struct why why;
	assert_false(record_one()); /* not prepared */
	assert_int_equal(count_lost_flights(), 1);
	assert_int_equal(prepare_flights(FLIGHT_ROOM, "This CPU", &why), 0);
	assert_int_equal(prepare_flights(FLIGHT_ROOM, "Another", &why), 0);
	assert_int_equal(copy_flight(0, record, FLIGHT_ROOM), 0);
	for (int i = 0; i < FLIGHT_PLACES + 3; i++)
		assert_true(record_one());
	assert_int_equal(count_flights(), FLIGHT_PLACES);
	size_t size = copy_flight(FLIGHT_PLACES - 1, record, FLIGHT_ROOM);
	read_good(size, &f);
	assert_string_equal(f.header->cpu, "This CPU");
	assert_int_equal(f.header->process, getpid());
	assert_int_equal(copy_flight(FLIGHT_PLACES, record, FLIGHT_ROOM), 0);
	assert_int_equal(copy_flight(0, record, 10), 0);
	assert_int_equal(write_all_to("/nonexistent", TENON_ESYSTEM, &why), 0);
	assert_non_null(strstr(why.text, "/nonexistent"));
	assert_int_equal(count_flights(), FLIGHT_PLACES);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(write_all_to(folder, 0, &why), FLIGHT_PLACES);
	assert_int_equal(count_flights(), 0);
	assert_int_equal(count_files(folder, &odd), FLIGHT_PLACES);
	/* More: the oldest go. */
	assert_true(record_one() && record_one());
	assert_int_equal(write_all_to(folder, 0, &why), 2);
	assert_int_equal(count_files(folder, &odd), FLIGHT_PLACES);
	assert_false(odd);
	assert_int_equal(write_all_to(folder, 0, &why), 0);
	remove_files(folder);
}

/* What cannot be written waits; a name that is taken, or what a killed process left, is in nobody's way. */
static void names_that_are_taken_are_left_alone(void **state)
{
	(void)state;
	char folder[] = "/tmp/tenon-flight-XXXXXX", path[600];
	struct told told = {0};
	bool odd = false;
	struct why why;
	assert_int_equal(prepare_flights(FLIGHT_ROOM, "This CPU", &why), 0);
	assert_non_null(mkdtemp(folder));
	assert_true(record_one());
	assert_int_equal(write_flights(folder, note_written, &told, &why), 0);
	unsigned long long process, number;
	assert_int_equal(sscanf(strrchr(told.last, '/') + 1, "flight-%llu-%llu", &process, &number), 2);
	snprintf(path, sizeof path, "%s/flight-%llu-%llu.tenon", folder, process, number + 1);
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(file >= 0 && write(file, "mine", 4) == 4);
	close(file);
	snprintf(path, sizeof path, "%s/.flight.new", folder);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_true(record_one());
	assert_int_equal(write_all_to(folder, 0, &why), 1);
	assert_int_equal(count_files(folder, &odd), 3);
	snprintf(path, sizeof path, "%s/.flight.new", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(record_one());
	assert_int_equal(write_all_to(folder, TENON_ESYSTEM, &why), 0);
	assert_int_equal(count_flights(), 1);
	rmdir(path);
	assert_int_equal(write_all_to(folder, 0, &why), 1);
	remove_files(folder);
}

static int prepare(void **state)
{
	(void)state;
	record = aligned_alloc(64, FLIGHT_ROOM);
	kept = malloc(FLIGHT_ROOM);
	twin_memory = aligned_alloc(64, 4 * FLIGHT_ROOM);
	scratch = aligned_alloc(64, SCRATCH_MAX);
	return !record || !kept || !twin_memory || !scratch;
}

static int release(void **state)
{
	(void)state;
	free(record);
	free(kept);
	free(twin_memory);
	free(scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_recorded_whole),
		cmocka_unit_test(facts_are_kept),
		cmocka_unit_test(a_large_call_is_recorded_as_a_share),
		cmocka_unit_test(a_share_of_a_call_in_place_has_what_was_kept),
		cmocka_unit_test(what_cannot_be_divided_is_cut),
		cmocka_unit_test(what_was_not_kept_is_said),
		cmocka_unit_test(a_fault_is_recorded_without_answers),
		cmocka_unit_test(every_byte_is_under_the_checksum),
		cmocka_unit_test(each_field_is_refused_by_name),
		cmocka_unit_test(illegal_calls_are_refused),
		cmocka_unit_test(a_graph_is_believed_in_nothing),
		cmocka_unit_test(a_graph_has_its_sources_in_one_place),
		cmocka_unit_test(records_wait_and_become_files),
		cmocka_unit_test(names_that_are_taken_are_left_alone),
	};
	return cmocka_run_group_tests(tests, prepare, release);
}
