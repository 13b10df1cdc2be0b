/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: which peers there are on this machine, and whether they compute what the kernels compute: small races that
 * nobody is timed in, one for each kernel that has peers.
 */
#include "bench/peers/peers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

enum { ROWS = 5, MANY = 19, DIM = 100, FLOATS = 77, BYTES = 1000, NODES = 50, EDGES = 400 };

static bool check_peers(const char *kernel, const void *args, void *output, size_t size, const void *initial,
			void *scratch)
{
	return run_race(&(struct race){.kernel = kernel,
				       .shape = "(small)",
				       .args = args,
				       .output = output,
				       .size = size,
				       .initial = initial,
				       .scratch = scratch,
				       .untimed = true});
}

/* The arguments of these three have the same members. */
static bool check_rows(void)
{
	static const char *const names[] = {"vector_similarity", "inner_product", "squared_distance"};
	float *query = make_floats(DIM, 1), *rows = make_floats(ROWS * DIM, 2), scores[ROWS];
	struct tenon_vector_similarity_args args = {query, rows, ROWS, DIM, DIM, scores};
	bool good = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		good = check_peers(names[i], &args, scores, sizeof scores, NULL, NULL) && good;
	free(query);
	free(rows);
	return good;
}

/* As the caller packed the matrix, and as it did not. */
static bool check_matrices(void)
{
	float *rows = make_floats(MANY * DIM, 2), scores[MANY * (MANY - 1) / 2];
	static float scratch[TENON_PANEL_SCRATCH(MANY, DIM) / sizeof(float) + 1];
	struct tenon_packed *packed;
	if (tenon_packed_create(rows, MANY, DIM, DIM, &packed) != TENON_OK)
		return false;
	struct tenon_similarity_matrix_args matrix = {rows, ROWS, DIM, rows, MANY, DIM, packed, DIM, scores};
	struct tenon_pairwise_similarity_args pairs = {rows, MANY, DIM, DIM, packed, 0, MANY, scores};
	bool good = check_peers("similarity_matrix", &matrix, scores, ROWS * MANY * sizeof *scores, NULL, NULL);
	good = check_peers("pairwise_similarity", &pairs, scores, sizeof scores, NULL, NULL) && good;
	matrix.packed = pairs.packed = NULL;
	good = check_peers("similarity_matrix", &matrix, scores, ROWS * MANY * sizeof *scores, NULL, scratch) && good;
	good = check_peers("pairwise_similarity", &pairs, scores, sizeof scores, NULL, scratch) && good;
	tenon_packed_destroy(packed);
	free(rows);
	return good;
}

static bool check_decay(void)
{
	float *values = make_floats(FLOATS, 3), out[FLOATS], stabilities[FLOATS];
	uint64_t ages[FLOATS], state = 4;
	for (int i = 0; i < FLOATS; i++) {
		ages[i] = next_random(&state) >> 9;
		stabilities[i] = (float)(next_random(&state) >> 8) + 1;
	}
	struct tenon_decay_exponential_args exponential = {values, ages, FLOATS, 600000, -INFINITY, out};
	struct tenon_decay_power_law_args power_law = {values, ages, FLOATS, 3600, 0.5f, -INFINITY, out};
	struct tenon_decay_two_component_args component = {values, ages, stabilities, FLOATS, 0.9f, -INFINITY, out};
	bool good = check_peers("decay_exponential", &exponential, out, sizeof out, NULL, NULL);
	good = check_peers("decay_power_law", &power_law, out, sizeof out, NULL, NULL) && good;
	good = check_peers("decay_two_component", &component, out, sizeof out, NULL, NULL) && good;
	free(values);
	return good;
}

static bool check_fan(void)
{
	float *initial = make_floats(FLOATS, 10), activations[FLOATS];
	uint32_t fans[FLOATS];
	uint64_t state = 11;
	for (int i = 0; i < FLOATS; i++)
		fans[i] = next_random(&state) % 50;
	struct tenon_fan_effect_args args = {activations, fans, FLOATS, TENON_FAN_ACT_R, 1, 2};
	bool good = check_peers("fan_effect", &args, activations, sizeof activations, initial, NULL);
	free(initial);
	return good;
}

static bool check_graph(void)
{
	uint32_t source[EDGES], destination[EDGES];
	float *weight = make_floats(EDGES, 5), *initial = make_floats(NODES, 6), activation[NODES];
	struct tenon_graph *graph = NULL;
	struct tenon_workspace *workspace = NULL;
	uint64_t state = 7;
	for (int i = 0; i < EDGES; i++) {
		source[i] = next_random(&state) % NODES;
		destination[i] = next_random(&state) % NODES;
	}
	bool good = tenon_graph_create(&(struct tenon_graph_edges){NODES, EDGES, source, destination, weight}, 0,
				       &graph) == TENON_OK &&
		    tenon_workspace_create(graph, &workspace) == TENON_OK;
	struct tenon_spreading_activation_args args = {.graph = graph,
						       .initial = initial,
						       .activation = activation,
						       .workspace = workspace,
						       .steps = 1,
						       .threshold = -INFINITY,
						       .decay = 0.85f,
						       .retain = 1};
	good = good && check_peers("spreading_activation", &args, activation, sizeof activation, NULL, NULL);
	args.mode = TENON_SPREAD_BFS;
	args.threshold = 0.5f;
	good = good && check_peers("spreading_activation", &args, activation, sizeof activation, NULL, NULL);
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(graph);
	free(weight);
	free(initial);
	return good;
}

static uint64_t mask[TENON_DELTA_WORDS(BYTES)], other_mask[TENON_DELTA_WORDS(BYTES)],
	made_mask[TENON_DELTA_WORDS(BYTES)];
static unsigned char payload[BYTES], other_payload[BYTES], made_payload[BYTES];
static struct tenon_delta delta = {1, BYTES, mask, payload}, other = {2, BYTES, other_mask, other_payload},
			  made = {0, BYTES, made_mask, made_payload};

static void fill_delta(struct tenon_delta *d, uint64_t state)
{
	for (int i = 0; i < BYTES; i++)
		if (next_random(&state) % 10 == 0) {
			d->mask[i / 64] |= (uint64_t)1 << i % 64;
			d->payload[i] = (unsigned char)next_random(&state);
		}
}

static bool check_delta(void)
{
	static unsigned char page[BYTES], before[BYTES];
	struct tenon_delta_apply_args apply = {&delta, page};
	struct tenon_delta_merge_args merge = {&delta, &other, &made};
	fill_delta(&delta, 9);
	fill_delta(&other, 10);
	bool good = check_peers("delta_apply", &apply, page, sizeof page, before, NULL);
	return check_peers("delta_merge", &merge, made_payload, sizeof made_payload, NULL, NULL) && good;
}

static bool check_encoding(void)
{
	static unsigned char encoded[TENON_DELTA_BOUND(BYTES)];
	size_t length;
	struct tenon_delta_encode_args encode = {&delta, encoded, sizeof encoded, &length};
	bool good = check_peers("delta_encode", &encode, encoded, sizeof encoded, NULL, NULL);
	kernels[KERNEL_delta_encode].scalar(&encode, NULL);
	struct tenon_delta_decode_args decode = {encoded, length, &made};
	return check_peers("delta_decode", &decode, made_payload, sizeof made_payload, NULL, NULL) && good;
}

static bool check_crc(void)
{
	float *data = make_floats(BYTES / sizeof *data + 1, 8);
	uint32_t result;
	struct tenon_crc32c_args args = {data, BYTES, 0x12345678, &result};
	bool good = check_peers("crc32c", &args, &result, sizeof result, NULL, NULL);
	free(data);
	return good;
}

bool bench_peers(void)
{
	bool good = check_rows();
	good = check_matrices() && good;
	good = check_decay() && good;
	good = check_fan() && good;
	good = check_graph() && good;
	good = check_delta() && good;
	good = check_encoding() && good;
	good = check_crc() && good;
	say("\n%zu results of peers checked, %zu of them wrong; %zu times a library was missing\n", peer_count.checked,
	    peer_count.wrong, peer_count.missing);
	return good;
}
