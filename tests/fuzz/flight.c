/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes the reading of flight records. The first byte of an input chooses what the others are:
 *
 *     0   a file as it is
 *     1   changes, four bytes each (two of offset, a byte to store, a byte of how many), to a sound record of one of a few
 *         kernels, the second byte's, which then gets its right checksum
 *
 * What is read must be refused with a reason, or be a legal call within the memory that its regions have, which scalar then
 * answers. Each region has just the memory that it needs, so that the address sanitizer sees all that is beyond. A workspace
 * is not at rest, since what it holds then is believed, and replays happen in a child for that.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "runtime/flight.h"
#include "runtime/graph.h"

enum { SEEDS = 4, SEED_ROOM = 64 << 10, STEPS_MOST = 8, SCRATCH = 1 << 20, MEMORY_MOST = 1 << 22 };

static struct seed {
	_Alignas(64) unsigned char bytes[SEED_ROOM];
	size_t size;
} seeds[SEEDS];

/* ---- Sound records ----------------------------------------------------------------------------------------------- */

static void add_seed(int kernel, const void *args, struct seed *seed)
{
	static unsigned char kept[4096];
	static const struct flight_facts facts = {.backend = "b", .version = "1", .cpu = "c", .program = "p"};
	struct regions r;
	find_regions(kernel, args, &r);
	save_regions(&r, REGION_CHANGED, kept);
	struct flight_call call = {&r, &r, REGION_CHANGED, kept};
	seed->size = write_flight(&facts, &call, seed->bytes, SEED_ROOM);
}

static void add_graph_seed(struct seed *seed)
{
	static float initial[5] = {1, 0, 0.5f}, activation[5];
	uint32_t source[6] = {0, 1, 2, 3, 0, 0}, destination[6] = {1, 2, 3, 3, 2, 1};
	struct tenon_graph_edges edges = {5, 6, source, destination, NULL};
	struct tenon_graph *graph;
	MUST(make_graph(&edges, 0, &graph, NULL) == 0, "no graph");
	struct tenon_spreading_activation_args a = {
		.graph = graph, .initial = initial, .activation = activation, .steps = 2, .decay = 0.5f, .retain = 1};
	add_seed(KERNEL_spreading_activation, &a, seed);
	free_graph(graph);
}

static void add_delta_seed(struct seed *seed)
{
	uint64_t mask[2] = {5, 1}, other[2] = {9, 0};
	unsigned char payload[70] = {1}, second[70] = {2};
	struct tenon_delta first = {1, 70, mask, payload}, last = {2, 70, other, second};
	struct tenon_delta_merge_args a = {&first, &last, &first};
	add_seed(KERNEL_delta_merge, &a, seed);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	float x[12] = {1, 2, 3, 4}, scores[3];
	struct tenon_pairwise_similarity_args pairs = {x, 3, 4, 4, NULL, 1, 3, scores};
	struct tenon_binding_decay_args binding = {x, 12, 0.5f, 1, 0};
	(void)argc, (void)argv;
	add_seed(KERNEL_pairwise_similarity, &pairs, &seeds[0]);
	add_seed(KERNEL_binding_decay, &binding, &seeds[1]);
	add_graph_seed(&seeds[2]);
	add_delta_seed(&seeds[3]);
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

static void call_scalar(struct regions *r)
{
	static _Alignas(64) unsigned char scratch[SCRATCH];
	const void *args = r->list[0].base;
	if (r->at_rest)
		*r->at_rest = 0;
	if (!is_short(r->kernel, args) || scratch_sizes[r->kernel](args) > SCRATCH)
		return;
	int status = kernels[r->kernel].scalar(args, scratch);
	MUST(status == TENON_OK || status == TENON_ENONFINITE || status == TENON_ECORRUPT, "scalar returns %d", status);
}

static size_t measure(const struct flight *f)
{
	size_t size = 0;
	for (uint32_t i = 0; i < f->header->regions; i++)
		size += f->region[i].size + 64;
	return size;
}

static void rebuild(const struct flight *f)
{
	unsigned char *memory[REGIONS_MAX] = {NULL};
	struct regions r;
	struct why why = {0};
	list_flight(f, &r);
	for (int i = 0; i < r.count; i++) {
		if (!has_own_memory(&r.list[i]) || !r.list[i].size)
			continue;
		/* As far from a boundary as recorded, and with nothing behind. */
		size_t size = r.list[i].size + f->region[i].misalignment;
		MUST(posix_memalign((void **)&memory[i], 64, size) == 0, "out of memory");
		r.list[i].base = memory[i] + f->region[i].misalignment;
	}
	if (fill_flight(f, &r, &why))
		MUST(*why.text, "refused without a reason");
	else
		call_scalar(&r);
	for (int i = 0; i < REGIONS_MAX; i++)
		free(memory[i]);
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
	const struct seed *seed = &seeds[data[0] % SEEDS];
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
