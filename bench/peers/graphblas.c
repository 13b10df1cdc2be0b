/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SuiteSparse:GraphBLAS in one thread. All that can be made beforehand is: the matrix, with the decay in its weights, and
 * the vector of initial activations or of the frontier. A step is timed as a copy and a product added to it; of a hop of
 * a wave the product alone is timed, and its sums are compared after they are added up.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/peers.h"

typedef struct opaque *object; /* GrB_Type, GrB_Matrix and so on are pointers */
typedef uint64_t index_type;

enum { SUCCESS = 0, BLOCKING = 1, NTHREADS = 5, LIBRARY_VERSION = 9 };

static any_fn *init, *set_option, *get_option, *matrix_new, *matrix_build, *matrix_free, *vector_new, *vector_build,
	*vector_free, *vector_dup, *vector_tuples, *mxv, *vxm, *type_float, *plus, *plus_times;
static const struct symbol symbols[] = {
	{"GrB_init", &init},
	{"GxB_Global_Option_set_INT32", &set_option},
	{"GxB_Global_Option_get_INT32", &get_option},
	{"GrB_Matrix_new", &matrix_new},
	{"GrB_Matrix_build_FP32", &matrix_build},
	{"GrB_Matrix_free", &matrix_free},
	{"GrB_Vector_new", &vector_new},
	{"GrB_Vector_build_FP32", &vector_build},
	{"GrB_Vector_free", &vector_free},
	{"GrB_Vector_dup", &vector_dup},
	{"GrB_Vector_extractTuples_FP32", &vector_tuples},
	{"GrB_mxv", &mxv},
	{"GrB_vxm", &vxm},
	{"GrB_FP32", &type_float},
	{"GrB_PLUS_FP32", &plus},
	{"GrB_PLUS_TIMES_SEMIRING_FP32", &plus_times},
};

/* Types, operators and semirings are variables of the library. */
static object value_of(any_fn *symbol)
{
	object *variable;
	memcpy(&variable, &symbol, sizeof variable);
	return *variable;
}

static bool open_graphblas(char *message, size_t size)
{
	int version[3] = {0};
	if (!OPEN_LIBRARY(symbols, message, size, "libgraphblas.so.7", "libgraphblas.so.8", "libgraphblas.so.9", "libgraphblas.so"))
		return false;
	if (((int (*)(int))init)(BLOCKING) || ((int (*)(int, int32_t))set_option)(NTHREADS, 1) ||
	    ((int (*)(int, int32_t *))get_option)(LIBRARY_VERSION, version)) {
		snprintf(message, size, "GrB_init failed");
		return false;
	}
	snprintf(message, size, "%d.%d.%d", version[0], version[1], version[2]);
	return true;
}

struct own {
	object in, out;           /* rows by destination and by source; one of them */
	object vector, sums;
	index_type *index;
	float *value;
	size_t nodes;
};

/* ---- Making ------------------------------------------------------------------------------------------------------ */

static object make_matrix(const struct tenon_spreading_activation_args *a, bool by_source)
{
	const struct tenon_graph *g = a->graph;
	const uint32_t *offset = by_source ? g->out_offset : g->in_offset;
	const struct tenon_graph_edge *edge = by_source ? g->out : g->in;
	index_type *row = make_memory(g->edges * sizeof *row), *column = make_memory(g->edges * sizeof *column);
	float *weight = make_memory(g->edges * sizeof *weight);
	object matrix = NULL;
	for (uint32_t v = 0; v < g->nodes; v++)
		for (uint32_t k = offset[v]; k < offset[v + 1]; k++) {
			row[k] = v;
			column[k] = edge[k].node;
			weight[k] = a->decay * edge[k].weight;
		}
	int status = ((int (*)(object *, object, index_type, index_type))matrix_new)(&matrix, value_of(type_float), g->nodes, g->nodes);
	if (status == SUCCESS)
		((int (*)(object, const index_type *, const index_type *, const float *, index_type, object))matrix_build)(
			matrix, row, column, weight, g->edges, value_of(plus));
	free(row);
	free(column);
	free(weight);
	return matrix;
}

/* Nodes below the threshold have no entry. */
static object make_vector(struct own *own, const struct tenon_spreading_activation_args *a)
{
	object vector = NULL;
	size_t count = 0;
	for (size_t v = 0; v < own->nodes; v++)
		if (a->initial[v] >= a->threshold) {
			own->index[count] = v;
			own->value[count++] = a->initial[v];
		}
	if (((int (*)(object *, object, index_type))vector_new)(&vector, value_of(type_float), own->nodes) == SUCCESS)
		((int (*)(object, const index_type *, const float *, index_type, object))vector_build)(
			vector, own->index, own->value, count, value_of(plus));
	return vector;
}

static void free_vector(object *vector)
{
	((int (*)(object *))vector_free)(vector);
}

static void finish(struct trial *trial)
{
	struct own *own = trial->own;
	((int (*)(object *))matrix_free)(&own->in);
	((int (*)(object *))matrix_free)(&own->out);
	free_vector(&own->vector);
	free_vector(&own->sums);
	free(own->index);
	free(own->value);
	free(own);
}

static bool prepare(struct trial *trial, bool by_source)
{
	const struct tenon_spreading_activation_args *a = trial->args;
	struct own *own = make_memory(sizeof *own);
	trial->own = own;
	own->nodes = a->graph->nodes;
	own->index = make_memory(own->nodes * sizeof *own->index);
	own->value = make_memory(own->nodes * sizeof *own->value);
	*(by_source ? &own->out : &own->in) = make_matrix(a, by_source);
	own->vector = make_vector(own, a);
	return true;
}

static bool is_plain(const struct tenon_spreading_activation_args *a, uint32_t mode)
{
	return a->mode == mode && a->fan == TENON_FAN_ONE && a->norm == TENON_NORM_NONE && a->steps == 1 &&
	       (mode == TENON_SPREAD_BFS || a->retain == 1);
}

static bool prepare_step_in(struct trial *trial)
{
	return is_plain(trial->args, TENON_SPREAD_STEP) && prepare(trial, false);
}

static bool prepare_step_out(struct trial *trial)
{
	return is_plain(trial->args, TENON_SPREAD_STEP) && prepare(trial, true);
}

static bool prepare_hop(struct trial *trial)
{
	return is_plain(trial->args, TENON_SPREAD_BFS) && prepare(trial, true);
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

typedef int mxv_fn(object w, object mask, object accumulate, object semiring, object a, object u, object descriptor);
typedef int vxm_fn(object w, object mask, object accumulate, object semiring, object u, object a, object descriptor);

/* sums = initial, then sums += the product. */
static void copy_initial(struct own *own)
{
	free_vector(&own->sums);
	((int (*)(object *, object))vector_dup)(&own->sums, own->vector);
}

static void run_mxv(void *context, size_t times)
{
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < times; t++) {
		copy_initial(own);
		((mxv_fn *)mxv)(own->sums, NULL, value_of(plus), value_of(plus_times), own->in, own->vector, NULL);
	}
}

static void run_vxm(void *context, size_t times)
{
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < times; t++) {
		copy_initial(own);
		((vxm_fn *)vxm)(own->sums, NULL, value_of(plus), value_of(plus_times), own->vector, own->out, NULL);
	}
}

static void run_hop(void *context, size_t times)
{
	struct own *own = ((struct trial *)context)->own;
	if (!own->sums)
		((int (*)(object *, object, index_type))vector_new)(&own->sums, value_of(type_float), own->nodes);
	for (size_t t = 0; t < times; t++)
		((vxm_fn *)vxm)(own->sums, NULL, NULL, value_of(plus_times), own->vector, own->out, NULL);
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

static index_type extract(struct own *own)
{
	index_type count = own->nodes;
	((int (*)(index_type *, float *, index_type *, object))vector_tuples)(own->index, own->value, &count, own->sums);
	return count;
}

static bool check_step(struct trial *trial, const void *expected)
{
	struct own *own = trial->own;
	if (extract(own) != own->nodes)
		return explain_peer(trial, "not every node has a sum");
	return check_floats(trial, own->value, expected, own->nodes);
}

static bool check_hop(struct trial *trial, const void *expected)
{
	const struct tenon_spreading_activation_args *a = trial->args;
	struct own *own = trial->own;
	float *activation = make_memory(own->nodes * sizeof *activation);
	for (size_t v = 0; v < own->nodes; v++)
		activation[v] = a->initial[v];
	for (index_type i = 0, count = extract(own); i < count; i++)
		activation[own->index[i]] = fminf(1, activation[own->index[i]] + own->value[i]);
	bool good = check_floats(trial, activation, expected, own->nodes);
	free(activation);
	return good;
}

static const struct peer peers[] = {
	{.kernel = "spreading_activation", .name = "GraphBLAS mxv", .run = run_mxv, .relative = 1e-5, .absolute = 1e-6,
	 .prepare = prepare_step_in, .check = check_step, .finish = finish},
	{.kernel = "spreading_activation", .name = "GraphBLAS vxm", .run = run_vxm, .relative = 1e-5, .absolute = 1e-6,
	 .prepare = prepare_step_out, .check = check_step, .finish = finish},
	{.kernel = "spreading_activation", .name = "GraphBLAS vxm hop", .run = run_hop, .relative = 1e-5, .absolute = 1e-6,
	 .prepare = prepare_hop, .check = check_hop, .finish = finish},
};
const struct library library_graphblas = {"SuiteSparse:GraphBLAS", "Debian package libgraphblas7", open_graphblas, PEERS(peers)};
