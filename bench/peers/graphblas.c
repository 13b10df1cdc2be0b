/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SuiteSparse:GraphBLAS in one thread. The matrix and the vector of initial activations are made beforehand. A step is
 * the terms, a copy, and the product added to it. A hop of a wave selects the frontier, multiplies, adds up and clamps
 * what was reached, and copies the rest; its product alone is timed too, though it is less than what we compute.
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
	*vector_free, *vector_dup, *vector_tuples, *vector_apply, *vector_select, *vector_multiply, *vector_assign,
	*mxv, *vxm, *type_float, *all, *plus, *times, *least, *at_least, *structure, *plus_times;
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
	{"GrB_Vector_apply_BinaryOp2nd_FP32", &vector_apply},
	{"GrB_Vector_select_FP32", &vector_select},
	{"GrB_Vector_eWiseMult_BinaryOp", &vector_multiply},
	{"GrB_Vector_assign", &vector_assign},
	{"GrB_mxv", &mxv},
	{"GrB_vxm", &vxm},
	{"GrB_FP32", &type_float},
	{"GrB_ALL", &all},
	{"GrB_PLUS_FP32", &plus},
	{"GrB_TIMES_FP32", &times},
	{"GrB_MIN_FP32", &least},
	{"GrB_VALUEGE_FP32", &at_least},
	{"GrB_DESC_S", &structure},
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
	if (!OPEN_LIBRARY(symbols, message, size, "libgraphblas.so.7", "libgraphblas.so.8", "libgraphblas.so.9",
			  "libgraphblas.so"))
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
	object in, out; /* rows by destination and by source; one of them */
	object initial, terms, sums, activation;
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
			weight[k] = edge[k].weight;
		}
	int status = ((int (*)(object *, object, index_type, index_type))matrix_new)(&matrix, value_of(type_float),
										     g->nodes, g->nodes);
	if (status == SUCCESS)
		((int (*)(object, const index_type *, const index_type *, const float *, index_type,
			  object))matrix_build)(matrix, row, column, weight, g->edges, value_of(plus));
	free(row);
	free(column);
	free(weight);
	return matrix;
}

static object new_vector(const struct own *own)
{
	object vector = NULL;
	((int (*)(object *, object, index_type))vector_new)(&vector, value_of(type_float), own->nodes);
	return vector;
}

static object make_vector(struct own *own, const float *values)
{
	object vector = new_vector(own);
	for (size_t v = 0; v < own->nodes; v++)
		own->index[v] = v;
	((int (*)(object, const index_type *, const float *, index_type, object))vector_build)(
		vector, own->index, values, own->nodes, value_of(plus));
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
	free_vector(&own->initial);
	free_vector(&own->terms);
	free_vector(&own->sums);
	free_vector(&own->activation);
	free(own->index);
	free(own->value);
	free(own);
}

static void prepare(struct trial *trial, bool by_source)
{
	const struct tenon_spreading_activation_args *a = trial->args;
	struct own *own = trial->own = make_memory(sizeof *own);
	own->nodes = a->graph->nodes;
	own->index = make_memory(own->nodes * sizeof *own->index);
	own->value = make_memory(own->nodes * sizeof *own->value);
	*(by_source ? &own->out : &own->in) = make_matrix(a, by_source);
	own->initial = make_vector(own, a->initial);
	own->terms = new_vector(own);
	own->sums = new_vector(own);
}

static bool is_plain(const struct tenon_spreading_activation_args *a, uint32_t mode)
{
	return a->mode == mode && a->fan == TENON_FAN_ONE && a->norm == TENON_NORM_NONE && a->steps == 1;
}

/* A step without a threshold. */
static bool is_step(const struct tenon_spreading_activation_args *a)
{
	return is_plain(a, TENON_SPREAD_STEP) && a->retain == 1 && isinf(a->threshold);
}

static bool prepare_mxv(struct trial *trial)
{
	if (!is_step(trial->args))
		return false;
	prepare(trial, false);
	return true;
}

static bool prepare_vxm(struct trial *trial)
{
	if (!is_step(trial->args))
		return false;
	prepare(trial, true);
	return true;
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

typedef int mxv_fn(object w, object mask, object accumulate, object semiring, object a, object u, object descriptor);
typedef int vxm_fn(object w, object mask, object accumulate, object semiring, object u, object a, object descriptor);
typedef int apply_fn(object w, object mask, object accumulate, object operator, object u, float y, object descriptor);
typedef int multiply_fn(object w, object mask, object accumulate, object operator, object u, object v,
			object descriptor);
typedef int assign_fn(object w, object mask, object accumulate, object u, const index_type *index, index_type count,
		      object descriptor);

static void copy_initial(struct own *own)
{
	free_vector(&own->activation);
	((int (*)(object *, object))vector_dup)(&own->activation, own->initial);
}

static void apply(object w, any_fn *operator, object u, float y)
{
	((apply_fn *)vector_apply)(w, NULL, NULL, value_of(operator), u, y, NULL);
}

static void run_mxv(void *context, size_t count)
{
	const struct tenon_spreading_activation_args *a = ((struct trial *)context)->args;
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < count; t++) {
		apply(own->terms, times, own->initial, a->decay);
		copy_initial(own);
		((mxv_fn *)mxv)(own->activation, NULL, value_of(plus), value_of(plus_times), own->in, own->terms, NULL);
	}
}

static void run_vxm(void *context, size_t count)
{
	const struct tenon_spreading_activation_args *a = ((struct trial *)context)->args;
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < count; t++) {
		apply(own->terms, times, own->initial, a->decay);
		copy_initial(own);
		((vxm_fn *)vxm)(own->activation, NULL, value_of(plus), value_of(plus_times), own->terms, own->out,
				NULL);
	}
}

static void select_frontier(struct own *own, const struct tenon_spreading_activation_args *a)
{
	((apply_fn *)vector_select)(own->terms, NULL, NULL, value_of(at_least), own->initial, a->threshold, NULL);
	apply(own->terms, times, own->terms, a->decay);
}

static void multiply_frontier(struct own *own)
{
	((vxm_fn *)vxm)(own->sums, NULL, NULL, value_of(plus_times), own->terms, own->out, NULL);
}

/* Adds up where anything arrived. */
static void add_sums(struct own *own)
{
	((multiply_fn *)vector_multiply)(own->sums, NULL, NULL, value_of(plus), own->sums, own->initial, NULL);
	apply(own->sums, least, own->sums, 1);
	copy_initial(own);
	((assign_fn *)vector_assign)(own->activation, own->sums, NULL, own->sums, (const index_type *)value_of(all),
				     own->nodes, value_of(structure));
}

static void run_hop(void *context, size_t count)
{
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < count; t++) {
		select_frontier(own, ((struct trial *)context)->args);
		multiply_frontier(own);
		add_sums(own);
	}
}

static void run_product(void *context, size_t count)
{
	for (size_t t = 0; t < count; t++)
		multiply_frontier(((struct trial *)context)->own);
}

static bool prepare_hop(struct trial *trial)
{
	if (!is_plain(trial->args, TENON_SPREAD_BFS))
		return false;
	prepare(trial, true);
	select_frontier(trial->own, trial->args);
	return true;
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

static bool check_activation(struct trial *trial, const void *expected)
{
	struct own *own = trial->own;
	index_type count = own->nodes;
	((int (*)(index_type *, float *, index_type *, object))vector_tuples)(own->index, own->value, &count,
									      own->activation);
	if (count != own->nodes)
		return explain_peer(trial, "%zu of %zu nodes have an activation", (size_t)count, own->nodes);
	return check_floats(trial, own->value, expected, own->nodes);
}

static bool check_product(struct trial *trial, const void *expected)
{
	add_sums(trial->own);
	return check_activation(trial, expected);
}

#define SPREAD_PEER(title, run_, prepare_, check_)                                                                \
	{                                                                                                         \
		.kernel = "spreading_activation", .name = title, .run = run_, .relative = 1e-5, .absolute = 1e-6, \
		.prepare = prepare_, .check = check_, .finish = finish                                            \
	}
static const struct peer peers[] = {
	SPREAD_PEER("GraphBLAS mxv", run_mxv, prepare_mxv, check_activation),
	SPREAD_PEER("GraphBLAS vxm", run_vxm, prepare_vxm, check_activation),
	SPREAD_PEER("GraphBLAS hop", run_hop, prepare_hop, check_activation),
	SPREAD_PEER("GraphBLAS vxm alone", run_product, prepare_hop, check_product),
};
const struct library library_graphblas = {"SuiteSparse:GraphBLAS", "Debian package libgraphblas7", open_graphblas,
					  PEERS(peers)};
