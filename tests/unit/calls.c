/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The entry points: every kernel refuses NULL in words, and a batch gives each call its own status under one table.
 * What each kernel accepts is tested with its spec.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

struct entry {
	const char *name;
	uint32_t id;
	int (*call)(const void *args);
};

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) \
	static int call_##name(const void *a) \
	{                                     \
		return tenon_##name(a);       \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL
#define TENON_KERNEL(id, name, scratch, args) {#name, TENON_ID_##name, call_##name},
static const struct entry entries[] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

static float query[4] = {1, 2, 3, 4}, rows[2][4] = {{1, 1, 1, 1}, {0, 0, 0, 2}}, scores[2];

static struct tenon_inner_product_args good_args(void)
{
	scores[0] = scores[1] = -1;
	return (struct tenon_inner_product_args){
		.query = query, .rows = rows[0], .count = 2, .dim = 4, .stride = 4, .scores = scores};
}

static struct tenon_inner_product_args bad_args(void)
{
	struct tenon_inner_product_args args = good_args();
	args.stride = 3;
	return args;
}

static void every_kernel_refuses_null_by_name(void **state)
{
	(void)state;
	assert_true(ENTRY_COUNT > 0);
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		assert_int_equal(entries[i].call(NULL), TENON_EINVAL);
		assert_non_null(strstr(tenon_error_detail(), entries[i].name));
		assert_non_null(strstr(tenon_error_detail(), "NULL"));
	}
}

static void every_kernel_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		assert_string_equal(tenon_kernel_name(entries[i].id), entries[i].name);
	assert_null(tenon_kernel_name(0));
	assert_null(tenon_kernel_name(UINT32_MAX));
}

static void scalar_serves_before_the_runtime_is_open(void **state)
{
	(void)state;
	struct tenon_inner_product_args args = good_args();
	assert_int_equal(tenon_inner_product(&args), TENON_OK);
	assert_true(scores[0] == 10 && scores[1] == 8);
}

static void a_refused_call_leaves_the_outputs(void **state)
{
	(void)state;
	struct tenon_inner_product_args args = bad_args();
	assert_int_equal(tenon_inner_product(&args), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "inner_product: stride 3 is less than dim 4");
	assert_true(scores[0] == -1 && scores[1] == -1);
}

static void nothing_to_do_is_success(void **state)
{
	(void)state;
	struct tenon_inner_product_args args = {.query = NULL};
	assert_int_equal(tenon_inner_product(&args), TENON_OK);
}

static void a_batch_gives_each_call_its_status(void **state)
{
	(void)state;
	struct tenon_inner_product_args good = good_args(), bad = bad_args(), empty = {.query = NULL};
	struct tenon_call calls[] = {
		{TENON_ID_inner_product, 99, &empty}, {TENON_ID_inner_product, 99, &bad}, {0xfff0, 99, &good},
		{TENON_ID_inner_product, 99, &good},  {TENON_ID_inner_product, 99, NULL},
	};
	assert_int_equal(tenon_batch(calls, 5, NULL), TENON_EINVAL);
	assert_int_equal(calls[0].status, TENON_OK);
	assert_int_equal(calls[1].status, TENON_EINVAL);
	assert_int_equal(calls[2].status, TENON_EINVAL);
	assert_int_equal(calls[3].status, TENON_OK);
	assert_int_equal(calls[4].status, TENON_EINVAL);
	assert_true(scores[0] == 10 && scores[1] == 8);
	assert_string_equal(tenon_error_detail(), "call 1: inner_product: stride 3 is less than dim 4");
}

static void a_batch_names_an_unknown_kernel(void **state)
{
	(void)state;
	struct tenon_call call = {0xfff0, 0, NULL};
	assert_int_equal(tenon_batch(&call, 1, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "call 0: no kernel has the id 65520");
}

static void a_batch_says_who_served(void **state)
{
	(void)state;
	struct tenon_inner_product_args good = good_args();
	struct tenon_call call = {TENON_ID_inner_product, 99, &good};
	struct tenon_served served;
	memset(&served, 0xff, sizeof served);
	assert_int_equal(tenon_batch(&call, 1, &served), TENON_OK);
	assert_string_equal(served.backend, "scalar");
	assert_true(served.generation < UINT64_MAX);
	call.kernel = 0xfff0;
	assert_int_equal(tenon_batch(&call, 1, &served), TENON_EINVAL);
	assert_string_equal(served.backend, "");
}

static void an_empty_batch_succeeds(void **state)
{
	(void)state;
	struct tenon_served served;
	memset(&served, 0xff, sizeof served);
	assert_int_equal(tenon_batch(NULL, 0, &served), TENON_OK);
	assert_string_equal(served.backend, "");
}

static void a_batch_of_null_is_refused(void **state)
{
	(void)state;
	assert_int_equal(tenon_batch(NULL, 1, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "tenon_batch: calls is NULL");
}

/* ---- Scratch ----------------------------------------------------------------------------------------------------- */

/* A ring of so many nodes: what is at a node moves one further a step. */
struct ring {
	struct tenon_graph *graph;
	float *initial, *activation;
};

static struct ring make_ring(uint32_t nodes)
{
	struct ring ring = {NULL, calloc(nodes, sizeof(float)), calloc(nodes, sizeof(float))};
	uint32_t *source = calloc(nodes, sizeof *source), *destination = calloc(nodes, sizeof *destination);
	assert_true(source && destination && ring.initial && ring.activation);
	for (uint32_t i = 0; i < nodes; i++) {
		source[i] = i;
		destination[i] = (i + 1) % nodes;
		ring.activation[i] = -1;
	}
	ring.initial[0] = 1;
	const struct tenon_graph_edges edges = {nodes, nodes, source, destination, NULL};
	assert_int_equal(tenon_graph_create(&edges, TENON_GRAPH_UNSLICED, &ring.graph), TENON_OK);
	free(source);
	free(destination);
	return ring;
}

static void free_ring(struct ring *ring)
{
	tenon_graph_destroy(ring->graph);
	free(ring->initial);
	free(ring->activation);
}

static struct tenon_spreading_activation_args spread_over(const struct ring *ring, uint32_t mode)
{
	return (struct tenon_spreading_activation_args){.graph = ring->graph,
							.initial = ring->initial,
							.activation = ring->activation,
							.mode = mode,
							.steps = 2,
							.threshold = 0.5f,
							.decay = 1};
}

static struct tenon_arena_stats read_arena_stats(void)
{
	struct tenon_arena_stats stats;
	assert_int_equal(tenon_arena_stats_get(&stats), TENON_OK);
	return stats;
}

static void scratch_comes_from_the_arena_and_goes_back(void **state)
{
	(void)state;
	void *mine;
	assert_int_equal(tenon_arena_alloc(64, &mine), TENON_OK);
	size_t before = read_arena_stats().current;
	struct ring ring = make_ring(1000);
	struct tenon_spreading_activation_args args = spread_over(&ring, TENON_SPREAD_STEP);
	assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
	assert_true(ring.activation[0] == 0 && ring.activation[1] == 0 && ring.activation[2] == 1);
	assert_int_equal(read_arena_stats().current, before);
	assert_true(read_arena_stats().high_water >= before + ring.graph->scratch[TENON_SPREAD_STEP]);
	free_ring(&ring);
	tenon_arena_reset();
}

static void without_room_for_scratch_nothing_happens(void **state)
{
	(void)state;
	struct ring ring = make_ring(200000);
	struct tenon_spreading_activation_args args = spread_over(&ring, TENON_SPREAD_BFS);
	uint64_t overflows = read_arena_stats().overflows;
	assert_int_equal(tenon_spreading_activation(&args), TENON_EARENA);
	assert_non_null(strstr(tenon_error_detail(), "raise [arena] size"));
	assert_true(ring.activation[0] == -1 && ring.activation[199999] == -1);
	assert_int_equal(read_arena_stats().overflows, overflows + 1);
	assert_int_equal(read_arena_stats().current, 0);
	free_ring(&ring);
}

static void a_batch_takes_scratch_call_by_call(void **state)
{
	(void)state;
	struct ring small = make_ring(1000), large = make_ring(200000);
	struct tenon_spreading_activation_args fits = spread_over(&small, TENON_SPREAD_STEP);
	struct tenon_spreading_activation_args does_not = spread_over(&large, TENON_SPREAD_BFS);
	struct tenon_call calls[] = {{TENON_ID_spreading_activation, 99, &does_not},
				     {TENON_ID_spreading_activation, 99, &fits}};
	assert_int_equal(tenon_batch(calls, 2, NULL), TENON_EARENA);
	assert_int_equal(calls[0].status, TENON_EARENA);
	assert_int_equal(calls[1].status, TENON_OK);
	assert_true(small.activation[2] == 1 && large.activation[0] == -1);
	assert_non_null(strstr(tenon_error_detail(), "call 0: "));
	assert_int_equal(read_arena_stats().current, 0);
	free_ring(&small);
	free_ring(&large);
}

static void a_million_nodes_need_no_arena(void **state)
{
	(void)state;
	struct tenon_workspace *workspace;
	struct ring ring = make_ring(1000000);
	struct tenon_arena_stats before = read_arena_stats();
	assert_int_equal(tenon_workspace_create(ring.graph, &workspace), TENON_OK);
	for (uint32_t mode = TENON_SPREAD_STEP; mode <= TENON_SPREAD_BFS; mode++) {
		struct tenon_spreading_activation_args args = spread_over(&ring, mode);
		args.workspace = workspace;
		assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
		assert_true(ring.activation[2] == 1 && ring.activation[999999] == 0);
	}
	struct tenon_arena_stats after = read_arena_stats();
	assert_memory_equal(&after, &before, sizeof before);
	tenon_workspace_destroy(workspace);
	free_ring(&ring);
}

static void *fail_elsewhere(void *unused)
{
	(void)unused;
	struct tenon_call call = {0xfff0, 0, NULL};
	return (void *)(intptr_t)tenon_batch(&call, 1, NULL);
}

static void the_detail_is_of_this_thread(void **state)
{
	(void)state;
	pthread_t thread;
	void *result;
	struct tenon_inner_product_args args = bad_args();
	assert_int_equal(tenon_inner_product(&args), TENON_EINVAL);
	assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
	pthread_join(thread, &result);
	assert_int_equal((intptr_t)result, TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "inner_product: stride 3 is less than dim 4");
}

/* Its status is not from the validation, so the words are not either. */
static void a_kernel_that_refuses_its_input_is_named(void **state)
{
	(void)state;
	unsigned char damaged[TENON_DELTA_OVERHEAD] = {0};
	uint64_t mask;
	unsigned char payload[8];
	struct tenon_delta delta = {0, sizeof payload, &mask, payload};
	struct tenon_delta_decode_args args = {damaged, sizeof damaged, &delta};
	struct tenon_inner_product_args bad = bad_args();
	assert_int_equal(tenon_inner_product(&bad), TENON_EINVAL);
	assert_int_equal(tenon_delta_decode(&args), TENON_ECORRUPT);
	assert_non_null(strstr(tenon_error_detail(), "delta_decode: "));
	assert_int_equal(tenon_inner_product(&bad), TENON_EINVAL);
	struct tenon_call call = {TENON_ID_delta_decode, 0, &args};
	assert_int_equal(tenon_batch(&call, 1, NULL), TENON_ECORRUPT);
	assert_non_null(strstr(tenon_error_detail(), "call 0: delta_decode: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_refuses_null_by_name),
		cmocka_unit_test(every_kernel_has_a_name),
		cmocka_unit_test(scalar_serves_before_the_runtime_is_open),
		cmocka_unit_test(a_refused_call_leaves_the_outputs),
		cmocka_unit_test(nothing_to_do_is_success),
		cmocka_unit_test(a_batch_gives_each_call_its_status),
		cmocka_unit_test(a_batch_names_an_unknown_kernel),
		cmocka_unit_test(a_batch_says_who_served),
		cmocka_unit_test(an_empty_batch_succeeds),
		cmocka_unit_test(a_batch_of_null_is_refused),
		cmocka_unit_test(scratch_comes_from_the_arena_and_goes_back),
		cmocka_unit_test(without_room_for_scratch_nothing_happens),
		cmocka_unit_test(a_batch_takes_scratch_call_by_call),
		cmocka_unit_test(a_million_nodes_need_no_arena),
		cmocka_unit_test(the_detail_is_of_this_thread),
		cmocka_unit_test(a_kernel_that_refuses_its_input_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
