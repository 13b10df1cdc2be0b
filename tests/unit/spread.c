/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation through its entry point: known answers, what is refused, and where memory and time go. Many
 * graphs are compared in spread_oracle.c, backends in tests/bits.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <tenon/tenon.h>

static struct tenon_graph *create(size_t nodes, size_t count, const uint32_t *source, const uint32_t *destination,
				  const float *weight)
{
	struct tenon_graph_edges edges = {nodes, count, source, destination, weight};
	struct tenon_graph *graph = NULL;
	assert_int_equal(tenon_graph_create(&edges, 0, &graph), TENON_OK);
	return graph;
}

/* ---- Known answers ----------------------------------------------------------------------------------------------- */

/* 0 -> 1 -> 2 -> 3 with weights 1/2, 1, 2; 3 -> 3; and 1 -> 2 once more. */
static const uint32_t small_source[] = {0, 1, 2, 3, 1}, small_destination[] = {1, 2, 3, 3, 2};
static const float small_weight[] = {0.5f, 1, 2, 0.25f, 0.5f};

static float answer[4];

static struct tenon_spreading_activation_args small_args(const struct tenon_graph *graph, const float *initial)
{
	return (struct tenon_spreading_activation_args){.graph = graph,
							.initial = initial,
							.activation = answer,
							.mode = TENON_SPREAD_STEP,
							.steps = 1,
							.threshold = -INFINITY,
							.decay = 1,
							.retain = 1};
}

static void answers(const struct tenon_spreading_activation_args *args, int status, float a, float b, float c, float d)
{
	const float want[4] = {a, b, c, d};
	struct tenon_spreading_activation_args copy = *args;
	for (copy.layout = TENON_LAYOUT_AUTO; copy.layout <= TENON_LAYOUT_SLICED; copy.layout++) {
		assert_int_equal(tenon_spreading_activation(&copy), status);
		for (int i = 0; i < 4; i++)
			if (!(isnan(want[i]) ? isnan(answer[i]) : memcmp(&answer[i], &want[i], sizeof(float)) == 0))
				fail_msg("layout %u, node %d: %a, not %a", copy.layout, i, (double)answer[i],
					 (double)want[i]);
	}
}

static void steps_have_known_answers(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {1, 2, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	answers(&args, TENON_OK, 1, 2.5f, 3, 5);
	args.steps = 2;
	answers(&args, TENON_OK, 1, 3, 6.75f, 12.25f);
	args.steps = 1;
	args.retain = 0;
	args.decay = 0.5f;
	answers(&args, TENON_OK, 0, 0.25f, 1.5f, 0.5f);
	args.threshold = 2;
	answers(&args, TENON_OK, 0, 0, 1.5f, 0.5f);
	args.fan = TENON_FAN_LINEAR; /* node 1 has two out-edges */
	answers(&args, TENON_OK, 0, 0, 0.75f, 0.5f);
	args.fan = TENON_FAN_SQRT;
	float t = 1 / sqrtf(2);
	answers(&args, TENON_OK, 0, 0, t + t * 0.5f, 0.5f);
	tenon_graph_destroy(graph);
}

static void norms_have_known_answers(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {-1, 2, 0, 4}, small[4] = {0.25f, -0.5f, 0, 0.5f}, odd[4] = {INFINITY, NAN, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.norm = TENON_NORM_CLAMP;
	answers(&args, TENON_OK, 0, 1, 1, 1);
	args.norm = TENON_NORM_MAX;
	answers(&args, TENON_OK, -0.2f, 0.3f, 0.6f, 1);
	args.initial = small;
	answers(&args, TENON_OK, 0.25f, -0.375f, -0.75f, 0.625f);
	args.initial = odd; /* the NaN is no source and no maximum; infinity / infinity is a NaN */
	answers(&args, TENON_ENONFINITE, NAN, NAN, 0, 0);
	tenon_graph_destroy(graph);
}

static void waves_have_known_answers(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {0.5f, 0, 0, -0.0f}, above[4] = {0.5f, 3, 0, 7};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.mode = TENON_SPREAD_BFS;
	args.threshold = 0.25f;
	args.retain = 77; /* ignored, and so is norm */
	args.norm = TENON_NORM_MAX;
	answers(&args, TENON_OK, 0.5f, 0.25f, 0, -0.0f);
	args.steps = 2;
	answers(&args, TENON_OK, 0.5f, 0.25f, 0.375f, -0.0f);
	args.steps = 3;
	answers(&args, TENON_OK, 0.5f, 0.25f, 0.375f, 0.75f);
	args.steps = 4; /* the self-loop brings 0.75 / 4, which is below the threshold */
	answers(&args, TENON_OK, 0.5f, 0.25f, 0.375f, 0.9375f);
	args.steps = UINT32_MAX;
	answers(&args, TENON_OK, 0.5f, 0.25f, 0.375f, 0.9375f);
	args.threshold = 0.26f;
	answers(&args, TENON_OK, 0.5f, 0.25f, 0, -0.0f);
	args.threshold = 0.51f;
	answers(&args, TENON_OK, 0.5f, 0, 0, -0.0f);
	args.initial = above; /* who is not reached keeps what is above 1 */
	args.threshold = 3;
	args.steps = 1;
	answers(&args, TENON_OK, 0.5f, 3, 1, 1);
	tenon_graph_destroy(graph);
}

static void no_steps_copy(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {-0.0f, 5, -3, 1e-45f}, odd[4] = {1, NAN, -INFINITY, 0};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.steps = 0;
	args.norm = TENON_NORM_MAX;
	for (args.mode = 0; args.mode <= TENON_SPREAD_BFS; args.mode++) {
		args.threshold = 0.5f;
		args.initial = initial;
		answers(&args, TENON_OK, -0.0f, 5, -3, 1e-45f);
		args.initial = odd;
		answers(&args, TENON_ENONFINITE, 1, NAN, -INFINITY, 0);
	}
	tenon_graph_destroy(graph);
}

/* Every product counts, zeros too: they make -0 a +0, and with an infinite weight a NaN. */
static void no_product_is_left_out(void **state)
{
	(void)state;
	const uint32_t source[] = {0, 1}, destination[] = {2, 3};
	const float plain[] = {1, -1}, odd[] = {INFINITY, 1}, initial[4] = {0, 0, -0.0f, -0.0f};
	struct tenon_graph *graph = create(4, 2, source, destination, plain);
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	answers(&args, TENON_OK, 0, 0, 0, -0.0f);
	args.mode = TENON_SPREAD_BFS; /* a wave that reaches nobody */
	args.threshold = 1;
	answers(&args, TENON_OK, 0, 0, -0.0f, -0.0f);
	tenon_graph_destroy(graph);
	graph = create(4, 2, source, destination, odd);
	args = small_args(graph, initial);
	answers(&args, TENON_ENONFINITE, 0, 0, NAN, 0);
	args.mode = TENON_SPREAD_BFS; /* an edge from outside the frontier is none of a wave's */
	args.threshold = 1;
	answers(&args, TENON_OK, 0, 0, -0.0f, -0.0f);
	tenon_graph_destroy(graph);
}

static void an_empty_graph_is_a_no_op(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(0, 0, NULL, NULL, NULL);
	struct tenon_spreading_activation_args args = {.graph = graph, .steps = 3};
	assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
	tenon_graph_destroy(graph);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void refused(const struct tenon_spreading_activation_args *args, const char *detail)
{
	memset(answer, 0x77, sizeof answer);
	float before[4];
	memcpy(before, answer, sizeof before);
	assert_int_equal(tenon_spreading_activation(args), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), detail);
	assert_memory_equal(answer, before, sizeof before);
}

static void choices_are_checked(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight), *unsliced = NULL;
	const float initial[4] = {1, 2, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.mode = 2;
	refused(&args, "spreading_activation: mode 2; use 0 (STEP) or 1 (BFS)");
	args.mode = 0;
	args.fan = 3;
	refused(&args, "spreading_activation: fan 3; use 0 (ONE), 1 (LINEAR) or 2 (SQRT)");
	args.fan = 0;
	args.norm = 9;
	refused(&args, "spreading_activation: norm 9; use 0 (NONE), 1 (CLAMP) or 2 (MAX)");
	args.norm = 0;
	args.layout = 4;
	refused(&args, "spreading_activation: layout 4; use 0 (AUTO), 1 (PULL), 2 (PUSH) or 3 (SLICED)");
	struct tenon_graph_edges edges = {4, 5, small_source, small_destination, small_weight};
	assert_int_equal(tenon_graph_create(&edges, TENON_GRAPH_UNSLICED, &unsliced), TENON_OK);
	args.graph = unsliced;
	args.layout = TENON_LAYOUT_SLICED;
	refused(&args, "spreading_activation: layout SLICED, but the graph is TENON_GRAPH_UNSLICED; use AUTO");
	args.layout = TENON_LAYOUT_AUTO;
	assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
	assert_true(answer[1] == 2.5f);
	tenon_graph_destroy(unsliced);
	tenon_graph_destroy(graph);
}

static void numbers_are_checked(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {1, 2, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.decay = INFINITY;
	refused(&args, "spreading_activation: decay inf is not finite");
	args.decay = 1;
	args.retain = NAN;
	refused(&args, "spreading_activation: retain nan is not finite");
	args.retain = 1;
	args.threshold = NAN;
	refused(&args, "spreading_activation: threshold nan; it must not be a NaN");
	args.mode = TENON_SPREAD_BFS;
	refused(&args, "spreading_activation: threshold nan; in mode BFS it must be above 0");
	args.threshold = 0;
	refused(&args, "spreading_activation: threshold 0; in mode BFS it must be above 0");
	tenon_graph_destroy(graph);
}

static void pointers_are_checked(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	struct tenon_graph *other = create(4, 5, small_source, small_destination, small_weight);
	struct tenon_workspace *workspace = NULL;
	const float initial[4] = {1, 2, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	args.initial = NULL;
	refused(&args, "spreading_activation: initial is NULL, but the graph has 4 nodes");
	args = small_args(graph, initial);
	args.activation = NULL;
	refused(&args, "spreading_activation: activation is NULL, but the graph has 4 nodes");
	args = small_args(NULL, initial);
	refused(&args, "spreading_activation: graph is NULL");
	args = small_args(graph, initial);
	assert_int_equal(tenon_workspace_create(other, &workspace), TENON_OK);
	args.workspace = workspace;
	refused(&args, "spreading_activation: the workspace was made for another graph; make one for this graph");
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(other);
	tenon_graph_destroy(graph);
}

/* ---- Memory and time --------------------------------------------------------------------------------------------- */

enum { MILLION = 1000000 };

/* Node i leads to node i + 1. */
static struct tenon_graph *chain(uint32_t nodes)
{
	uint32_t *node = malloc(nodes * sizeof *node);
	assert_non_null(node);
	for (uint32_t i = 0; i < nodes; i++)
		node[i] = i;
	struct tenon_graph *graph = create(nodes, nodes - 1, node, node + 1, NULL);
	free(node);
	return graph;
}

static void a_million_nodes_need_no_arena(void **state)
{
	(void)state;
	struct tenon_graph *graph = chain(MILLION);
	struct tenon_workspace *workspace = NULL;
	float *initial = calloc(MILLION, sizeof *initial), *activation = calloc(MILLION, sizeof *activation);
	struct tenon_arena_stats before, after;
	assert_true(initial && activation);
	assert_int_equal(tenon_workspace_create(graph, &workspace), TENON_OK);
	assert_int_equal(tenon_arena_stats_get(&before), TENON_OK);
	initial[7] = 1;
	struct tenon_spreading_activation_args args = {.graph = graph,
						       .initial = initial,
						       .activation = activation,
						       .workspace = workspace,
						       .steps = 3,
						       .threshold = 0.25f,
						       .decay = 0.5f,
						       .retain = 1};
	for (args.mode = 0; args.mode <= TENON_SPREAD_BFS; args.mode++) {
		assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
		assert_true(activation[7] == 1 && activation[8] > 0 && activation[9] > 0 && activation[11] == 0);
	}
	assert_int_equal(tenon_arena_stats_get(&after), TENON_OK);
	assert_memory_equal(&before, &after, sizeof after);
	tenon_workspace_destroy(workspace);

	args.workspace = NULL;
	memset(activation, 0x33, MILLION * sizeof *activation);
	for (args.mode = 0; args.mode <= TENON_SPREAD_BFS; args.mode++)
		assert_int_equal(tenon_spreading_activation(&args), TENON_EARENA);
	for (size_t v = 0; v < MILLION * sizeof *activation; v++)
		assert_int_equal(((unsigned char *)activation)[v], 0x33);
	tenon_graph_destroy(graph);
	free(initial);
	free(activation);
}

static void a_small_graph_takes_the_arena_and_gives_it_back(void **state)
{
	(void)state;
	struct tenon_graph *graph = create(4, 5, small_source, small_destination, small_weight);
	const float initial[4] = {1, 2, 0, 4};
	struct tenon_spreading_activation_args args = small_args(graph, initial);
	struct tenon_arena_stats stats;
	args.mode = TENON_SPREAD_BFS;
	args.threshold = 1;
	assert_int_equal(tenon_spreading_activation(&args), TENON_OK);
	assert_int_equal(tenon_arena_stats_get(&stats), TENON_OK);
	assert_true(stats.high_water >= graph->scratch[TENON_SPREAD_BFS]);
	assert_int_equal(stats.current, 0);
	tenon_graph_destroy(graph);
}

static double seconds_of(struct tenon_spreading_activation_args *args, uint32_t hops)
{
	struct timespec begin, end;
	args->steps = hops;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(tenon_spreading_activation(args), TENON_OK);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
}

/*
 * 20000 hops of one node each, against a call that only copies: about 6 times as long; if each hop looked at every
 * node, 20000 times.
 */
static void a_hop_costs_as_much_as_its_frontier(void **state)
{
	(void)state;
	struct tenon_graph *graph = chain(MILLION);
	struct tenon_workspace *workspace = NULL;
	float *initial = calloc(MILLION, sizeof *initial), *activation = calloc(MILLION, sizeof *activation);
	assert_true(initial && activation);
	assert_int_equal(tenon_workspace_create(graph, &workspace), TENON_OK);
	initial[100] = 1;
	struct tenon_spreading_activation_args args = {.graph = graph,
						       .initial = initial,
						       .activation = activation,
						       .workspace = workspace,
						       .mode = TENON_SPREAD_BFS,
						       .threshold = 0.5f,
						       .decay = 1};
	seconds_of(&args, 0);
	double copy = seconds_of(&args, 0), walk = seconds_of(&args, 20000);
	assert_true(activation[99] == 0 && activation[20100] == 1 && activation[20101] == 0);
	if (walk > 1000 * copy)
		fail_msg("20000 hops took %g times as long as a copy", walk / copy);
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(graph);
	free(initial);
	free(activation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_have_known_answers),
		cmocka_unit_test(norms_have_known_answers),
		cmocka_unit_test(waves_have_known_answers),
		cmocka_unit_test(no_steps_copy),
		cmocka_unit_test(no_product_is_left_out),
		cmocka_unit_test(an_empty_graph_is_a_no_op),
		cmocka_unit_test(choices_are_checked),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(pointers_are_checked),
		cmocka_unit_test(a_million_nodes_need_no_arena),
		cmocka_unit_test(a_small_graph_takes_the_arena_and_gives_it_back),
		cmocka_unit_test(a_hop_costs_as_much_as_its_frontier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
