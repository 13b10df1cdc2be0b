/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes the reading of flight records. The first byte of an input chooses what the others are:
 *
 *     0   a file as it is
 *     1   changes, four bytes each (two of offset, a byte to store, a byte of how many), to a sound record, the second
 *         byte's, which then gets its right checksum
 *
 * Sound records are those of all that tools/cases calls, of every kernel therefore, and of a few smaller calls.
 *
 * What is read must be refused with a reason, or be a legal call within the memory that its regions have, which scalar and
 * every plugin of $TENON_BACKEND_PATH that this CPU can run then answer with the same bits. Each region has just the memory
 * that it needs, so that the address sanitizer sees all that is beyond. A workspace is not at rest, since what it holds then
 * is believed, and replays happen in a child for that.
 */
#include "tests/fuzz/backends.h"

#include <string.h>

#include "runtime/flight.h"
#include "runtime/graph.h"
#include "tools/cases/cases.h"

/* An offset reaches all of a seed; a call that has no room there is a record that was cut. */
enum {
	SEEDS_MAX = 128,
	BODIES_MAX = 8,
	SEED_ROOM = 64 << 10,
	STEPS_MOST = 8,
	SCRATCH = 1 << 20,
	MEMORY_MOST = 1 << 22
};

static struct seed {
	unsigned char *bytes;
	size_t size;
} seeds[SEEDS_MAX];
static size_t seed_count;

/* ---- Sound records ----------------------------------------------------------------------------------------------- */

static void add_seed(int kernel, const void *args)
{
	static const struct flight_facts facts = {.backend = "b", .version = "1", .cpu = "c", .program = "p"};
	static _Alignas(64) unsigned char record[SEED_ROOM];
	struct seed *seed = &seeds[seed_count++];
	struct regions r;
	find_regions(kernel, args, &r);
	unsigned char *kept = malloc(measure_regions(&r, REGION_CHANGED) + 1);
	MUST(kept && seed_count <= SEEDS_MAX, "no room for a seed");
	save_regions(&r, REGION_CHANGED, kept);
	struct flight_call call = {&r, &r, REGION_CHANGED, kept};
	seed->size = write_flight(&facts, &call, record, SEED_ROOM);
	seed->bytes = malloc(seed->size);
	MUST(seed->bytes, "no room for a seed");
	memcpy(seed->bytes, record, seed->size);
	free(kept);
}

static void add_graph_seed(void)
{
	static float initial[5] = {1, 0, 0.5f}, activation[5];
	uint32_t source[6] = {0, 1, 2, 3, 0, 0}, destination[6] = {1, 2, 3, 3, 2, 1};
	struct tenon_graph_edges edges = {5, 6, source, destination, NULL};
	struct tenon_graph *graph;
	MUST(make_graph(&edges, 0, &graph, NULL) == 0, "no graph");
	struct tenon_spreading_activation_args a = {
		.graph = graph, .initial = initial, .activation = activation, .steps = 2, .decay = 0.5f, .retain = 1};
	add_seed(KERNEL_spreading_activation, &a);
	free_graph(graph);
}

static void add_delta_seed(void)
{
	uint64_t mask[2] = {5, 1}, other[2] = {9, 0};
	unsigned char payload[70] = {1}, second[70] = {2};
	struct tenon_delta first = {1, 70, mask, payload}, last = {2, 70, other, second};
	struct tenon_delta_merge_args a = {&first, &last, &first};
	add_seed(KERNEL_delta_merge, &a);
}

static void add_case_seeds(void)
{
	struct case_set *set = make_cases();
	MUST(set, "no cases");
	for (size_t i = 0; i < count_cases(set); i++) {
		struct kernel_case *c = get_case(set, i);
		reset_case(c);
		add_seed(find_kernel_id(c->kernel), c->args);
	}
	free_cases(set);
}

/* ---- Backends ---------------------------------------------------------------------------------------------------- */

static struct bodies {
	size_t count;
	struct body {
		const char *backend;
		tenon_kernel_fn *function;
	} list[BODIES_MAX];
} bodies[KERNEL_COUNT];

static void add_body(const char *backend, const struct tenon_backend_kernel *entry)
{
	int kernel = find_kernel_id(entry->id);
	MUST(kernel >= 0 && bodies[kernel].count < BODIES_MAX, "no room for %s's kernel %u", backend, entry->id);
	bodies[kernel].list[bodies[kernel].count++] = (struct body){backend, entry->function};
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	float x[12] = {1, 2, 3, 4}, scores[3];
	struct tenon_pairwise_similarity_args pairs = {x, 3, 4, 4, NULL, 1, 3, scores};
	struct tenon_binding_decay_args binding = {x, 12, 0.5f, 1, 0};
	(void)argc, (void)argv;
	add_seed(KERNEL_pairwise_similarity, &pairs);
	add_seed(KERNEL_binding_decay, &binding);
	add_graph_seed();
	add_delta_seed();
	add_case_seeds();
	visit_entries(add_body);
	return 0;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

/* As kernels.def says. */
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)              \
	static size_t size_scratch_##name(const void *any) \
	{                                                  \
		const struct tenon_##name##_args *a = any; \
		(void)a;                                   \
		return (scratch);                          \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args) size_scratch_##name,
static size_t (*const scratch_sizes[KERNEL_COUNT])(const void *args) = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

/* Legal calls may take long, or much. */
static bool is_short(int kernel, const void *args)
{
	const struct tenon_spreading_activation_args *spread = args;
	const struct tenon_vector_similarity_args *rows = args;
	if (kernel == KERNEL_vector_similarity || kernel == KERNEL_inner_product || kernel == KERNEL_squared_distance)
		return rows->count < 1 << 16;
	return kernel != KERNEL_spreading_activation || spread->steps <= STEPS_MOST;
}

static size_t measure(const struct flight *f)
{
	size_t size = 0;
	for (uint32_t i = 0; i < f->header->regions; i++)
		size += f->region[i].size + 64;
	return size;
}

struct call {
	struct regions regions;
	unsigned char *memory[REGIONS_MAX];
	int status;
};

/* Each region as far from a boundary as recorded, and with nothing behind. False if the record is refused. */
static bool build(const struct flight *f, struct call *call)
{
	struct why why = {0};
	struct regions *r = &call->regions;
	*call = (struct call){.status = 0};
	list_flight(f, r);
	for (int i = 0; i < r->count; i++) {
		if (!has_own_memory(&r->list[i]) || !r->list[i].size)
			continue;
		size_t size = r->list[i].size + f->region[i].misalignment;
		MUST(posix_memalign((void **)&call->memory[i], 64, size) == 0, "out of memory");
		r->list[i].base = call->memory[i] + f->region[i].misalignment;
	}
	bool is_refused = fill_flight(f, r, &why) != 0;
	MUST(!is_refused || *why.text, "refused without a reason");
	return !is_refused;
}

static void release(struct call *call)
{
	for (int i = 0; i < REGIONS_MAX; i++)
		free(call->memory[i]);
}

static void make_call(struct call *call, tenon_kernel_fn *function)
{
	const void *args = call->regions.list[0].base;
	size_t size = scratch_sizes[call->regions.kernel](args);
	void *scratch = NULL;
	MUST(!size || posix_memalign(&scratch, 64, size) == 0, "out of memory");
	if (call->regions.at_rest)
		*call->regions.at_rest = 0;
	call->status = function(args, scratch);
	free(scratch);
}

static void compare(const struct body *body, const struct call *got, const struct call *want)
{
	struct region_difference d;
	int kernel = want->regions.kernel;
	MUST(got->status == want->status, "%s: %s returns %d, scalar %d", kernels[kernel].name, body->backend,
	     got->status, want->status);
	MUST(compare_answers(&got->regions, &want->regions, &d), "%s: %s: %s[%zu] differs", kernels[kernel].name,
	     body->backend, want->regions.list[d.region].name, d.index);
}

static void call_all(const struct flight *f, struct call *want)
{
	int kernel = f->kernel;
	const void *args = want->regions.list[0].base;
	if (!is_short(kernel, args) || scratch_sizes[kernel](args) > SCRATCH)
		return;
	make_call(want, kernels[kernel].scalar);
	MUST(want->status == TENON_OK || want->status == TENON_ENONFINITE || want->status == TENON_ECORRUPT,
	     "scalar returns %d", want->status);
	for (size_t i = 0; i < bodies[kernel].count; i++) {
		struct call got;
		MUST(build(f, &got), "refused when it is read again");
		make_call(&got, bodies[kernel].list[i].function);
		compare(&bodies[kernel].list[i], &got, want);
		release(&got);
	}
}

static void rebuild(const struct flight *f)
{
	struct call call;
	if (build(f, &call))
		call_all(f, &call);
	release(&call);
}

static void read_record(const unsigned char *bytes, size_t size)
{
	struct flight f;
	struct why why = {0};
	if (read_flight(bytes, size, &f, &why))
		MUST(*why.text, "refused without a reason");
	else if (judge_flight(&f, &why))
		MUST(*why.text, "cut without a reason");
	else if (measure(&f) <= MEMORY_MOST)
		rebuild(&f);
}

static void seal(unsigned char *bytes, size_t size)
{
	uint32_t checksum;
	struct tenon_crc32c_args a = {bytes, size - 4, 0, &checksum};
	scalar_crc32c(&a, NULL);
	memcpy(bytes + size - 4, &checksum, 4);
}

static void change_record(const uint8_t *data, size_t size)
{
	const struct seed *seed = &seeds[data[0] % seed_count];
	unsigned char *copy = malloc(seed->size);
	MUST(copy, "out of memory");
	memcpy(copy, seed->bytes, seed->size);
	for (data++, size--; size >= 4; data += 4, size -= 4)
		for (size_t i = 0, at = data[0] + 256u * data[1]; i <= data[3] % 8u; i++)
			copy[(at + i) % seed->size] = data[2];
	seal(copy, seed->size);
	read_record(copy, seed->size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] % 2) {
		change_record(data + 1, size - 1);
		return 0;
	}
	unsigned char *copy = malloc(size);
	MUST(copy, "out of memory");
	memcpy(copy, data + 1, size - 1);
	read_record(copy, size - 1);
	free(copy);
	return 0;
}
