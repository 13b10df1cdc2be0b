/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a flight record, which may be anybody's: everything is checked before it is used, and what is wrong is named
 * with its offset. Pure. Fuzzed by tests/fuzz/flight.c.
 */
#include "runtime/flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/graph.h"

_Static_assert(sizeof(struct flight_header) == 1360 && sizeof(struct flight_region) == 128, "the format has no holes");

#define OFFSET(member) offsetof(struct flight_header, member)

static int refuse(struct why *why, const char *field, size_t at, unsigned long long value, const char *due)
{
	return explain(why, TENON_ECORRUPT, "%s at byte %zu is %llu; %s", field, at, value, due);
}

/* ---- The header -------------------------------------------------------------------------------------------------- */

static int check_frame(const struct flight *f, struct why *why)
{
	const struct flight_header *h = f->header;
	uint32_t checksum, due = 0;
	if (f->size < sizeof *h + 4)
		return explain(why, TENON_ECORRUPT,
			       "the file has %zu bytes, a flight record at least %zu; take one as it was written",
			       f->size, sizeof *h + 4);
	if (memcmp(h->magic, FLIGHT_MAGIC, sizeof h->magic))
		return explain(why, TENON_ECORRUPT,
			       "magic at byte 0 is not " FLIGHT_MAGIC ": this is no flight record");
	if (h->version != FLIGHT_VERSION)
		return refuse(why, "version", OFFSET(version), h->version, "this tenon reads version 1");
	if (h->header_size != sizeof *h)
		return refuse(why, "header_size", OFFSET(header_size), h->header_size, "1360 are due");
	if (h->size != f->size)
		return explain(why, TENON_ECORRUPT, "size at byte %zu is %llu, but the file has %zu bytes: it was cut",
			       OFFSET(size), (unsigned long long)h->size, f->size);
	struct tenon_crc32c_args a = {f->bytes, f->size - 4, 0, &due};
	scalar_crc32c(&a, NULL);
	memcpy(&checksum, f->bytes + f->size - 4, 4);
	if (checksum != due)
		return explain(why, TENON_ECORRUPT,
			       "checksum at byte %zu is %08x, the bytes before it have %08x: the file is damaged",
			       f->size - 4, checksum, due);
	return 0;
}

static int check_text(const char *field, size_t at, const char *text, size_t size, struct why *why)
{
	if (!memchr(text, 0, size))
		return explain(why, TENON_ECORRUPT, "%s at byte %zu does not end within its %zu bytes", field, at,
			       size);
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return explain(why, TENON_ECORRUPT, "%s at byte %zu has the control character %#x", field, at,
				       (unsigned)*text);
	return 0;
}

#define CHECK_TEXT(member) \
	if (!status)       \
	status = check_text(#member, OFFSET(member), h->member, sizeof h->member, why)

static int check_texts(const struct flight_header *h, struct why *why)
{
	int status = 0;
	CHECK_TEXT(backend);
	CHECK_TEXT(version_text);
	CHECK_TEXT(build_id);
	CHECK_TEXT(path);
	CHECK_TEXT(cpu);
	CHECK_TEXT(program);
	CHECK_TEXT(tenon);
	return status;
}

static int check_header(struct flight *f, struct why *why)
{
	const struct flight_header *h = f->header;
	f->kernel = find_kernel_id(h->kernel);
	if (f->kernel < 0)
		return refuse(why, "kernel", OFFSET(kernel), h->kernel, "no kernel of this tenon has that id");
	if (h->region_size != sizeof(struct flight_region))
		return refuse(why, "region_size", OFFSET(region_size), h->region_size, "128 are due");
	if (h->regions < 1 || h->regions > REGIONS_MAX ||
	    f->size - 4 - sizeof *h < h->regions * sizeof(struct flight_region))
		return refuse(why, "regions", OFFSET(regions), h->regions, "1 to 24 are due, within the file");
	if (h->cut >= FLIGHT_CUTS)
		return refuse(why, "cut", OFFSET(cut), h->cut, "0, 1 or 2 is due");
	if (h->cut && h->cut_region >= h->regions)
		return refuse(why, "cut_region", OFFSET(cut_region), h->cut_region, "there are fewer regions");
	if (h->flags & ~(uint32_t)FLIGHT_FLAGS)
		return refuse(why, "flags", OFFSET(flags), h->flags, "there are the bits 1 and 2 alone");
	if (h->signal > 64)
		return refuse(why, "signal", OFFSET(signal), h->signal, "at most 64 is due");
	if (h->first_region > h->regions)
		return refuse(why, "first_region", OFFSET(first_region), h->first_region, "there are fewer regions");
	return check_texts(h, why);
}

/* ---- Regions ----------------------------------------------------------------------------------------------------- */

static size_t offset_of(const struct flight *f, const void *field)
{
	return (size_t)((const unsigned char *)field - f->bytes);
}

/* The words for a field of a region. */
static int refuse_region(const struct flight *f, uint32_t i, const char *field, const void *at,
			 unsigned long long value, const char *due, struct why *why)
{
	char name[48];
	snprintf(name, sizeof name, "regions[%u].%s", (unsigned)i, field);
	return refuse(why, name, offset_of(f, at), value, due);
}

static int check_part(const struct flight *f, uint32_t i, const char *name, const struct flight_part *part,
		      struct why *why)
{
	uint64_t size = f->region[i].size, end = f->size - 4;
	if (part->begin > size || part->size > size - part->begin)
		return refuse_region(f, i, name, part, part->begin, "that part is not within the region", why);
	if (part->at > end || part->size > end - part->at)
		return refuse_region(f, i, name, &part->at, part->at, "that part is not within the file", why);
	return 0;
}

static bool is_role(unsigned role)
{
	return role == REGION_IN || role == REGION_OUT || role == REGION_INOUT || role == REGION_STATE;
}

/* The place in the parent: room for a pointer, or for the region itself. */
static int check_place(const struct flight *f, uint32_t i, struct why *why)
{
	const struct flight_region *region = &f->region[i];
	if (i == 0)
		return region->parent == -1 && region->kind == REGION_STRUCT && !region->is_inside
			       ? 0
			       : refuse_region(f, i, "parent", &region->parent, (unsigned char)region->parent,
					       "the arguments come first", why);
	if (region->parent < 0 || (uint32_t)region->parent >= i || f->region[region->parent].kind != REGION_STRUCT)
		return refuse_region(f, i, "parent", &region->parent, (unsigned char)region->parent,
				     "an earlier struct is due", why);
	uint64_t size = f->region[region->parent].size, need = region->is_inside ? region->size : sizeof(void *);
	if (need > size || region->at > size - need)
		return refuse_region(f, i, "at", &region->at, region->at, "that is not within the struct", why);
	return 0;
}

static int check_alias(const struct flight *f, uint32_t i, struct why *why)
{
	const struct flight_region *region = &f->region[i], *other;
	if (region->alias == -1)
		return 0;
	other = region->alias >= 0 && (uint32_t)region->alias < i ? &f->region[region->alias] : NULL;
	if (other && other->alias == -1 && other->size == region->size && !region->is_inside && !other->is_inside && i)
		return 0;
	return refuse_region(f, i, "alias", &region->alias, (unsigned char)region->alias,
			     "an earlier region of the same size is due", why);
}

/* Elements stand where their kind may stand: bodies rely on it. */
static int check_kind(const struct flight *f, uint32_t i, struct why *why)
{
	const struct flight_region *region = &f->region[i];
	if (!is_role(region->role))
		return refuse_region(f, i, "role", &region->role, region->role, "1, 2, 4 or 8 is due", why);
	if (region->kind >= REGION_KINDS)
		return refuse_region(f, i, "kind", &region->kind, region->kind, "at most 5 is due", why);
	size_t natural = region->kind == REGION_STRUCT ? 8 : size_of_kind(region->kind);
	if (region->misalignment >= 64 || region->misalignment % natural)
		return refuse_region(f, i, "misalignment", &region->misalignment, region->misalignment,
				     "less than 64 and a multiple of the element is due", why);
	if (region->is_inside > 1)
		return refuse_region(f, i, "is_inside", &region->is_inside, region->is_inside, "0 or 1 is due", why);
	return 0;
}

/* A record that says it is whole has all that goes in, and what comes out is not more than a file may have. */
static int check_whole(const struct flight *f, uint32_t i, struct why *why)
{
	const struct flight_region *region = &f->region[i];
	bool may_miss = region->role == REGION_OUT || region->alias >= 0 ||
			(region->role == REGION_STATE && f->header->flags & FLIGHT_NO_STATE);
	if (f->header->cut)
		return 0;
	if (region->size > FLIGHT_REGION_MAX)
		return refuse_region(f, i, "size", &region->size, region->size, "that is more than any record can hold",
				     why);
	if (!may_miss && (region->before.begin || region->before.size != region->size))
		return refuse_region(f, i, "before.size", &region->before.size, region->before.size,
				     "all of the region is due, or the record says that it was cut", why);
	return 0;
}

static int check_region(const struct flight *f, uint32_t i, struct why *why)
{
	const struct flight_region *region = &f->region[i];
	int status = check_text("name", offset_of(f, region->name), region->name, sizeof region->name, why);
	if (!status)
		status = check_kind(f, i, why);
	if (!status)
		status = check_place(f, i, why);
	if (!status)
		status = check_alias(f, i, why);
	if (!status)
		status = check_part(f, i, "before", &region->before, why);
	if (!status)
		status = check_part(f, i, "got", &region->got, why);
	if (!status)
		status = check_part(f, i, "want", &region->want, why);
	return status ? status : check_whole(f, i, why);
}

int read_flight(const void *bytes, size_t size, struct flight *f, struct why *why)
{
	*f = (struct flight){bytes, size, bytes, NULL, -1};
	int status = check_frame(f, why);
	if (!status)
		status = check_header(f, why);
	if (status)
		return status;
	f->region = (const struct flight_region *)(const void *)(f->bytes + sizeof *f->header);
	for (uint32_t i = 0; i < f->header->regions && !status; i++)
		status = check_region(f, i, why);
	return status;
}

int judge_flight(const struct flight *f, struct why *why)
{
	const struct flight_region *region = &f->region[f->header->cut_region];
	why->text[0] = '\0';
	if (f->header->cut == FLIGHT_TOO_LARGE)
		return explain(why, TENON_EINVAL, "%s has %llu bytes, of which %llu fit the record", region->name,
			       (unsigned long long)region->size, (unsigned long long)region->before.size);
	if (f->header->cut == FLIGHT_NOT_KEPT)
		return explain(why, TENON_EINVAL, "what %s held before the call was not kept", region->name);
	return 0;
}

/* ---- The call ---------------------------------------------------------------------------------------------------- */

void list_flight(const struct flight *f, struct regions *r)
{
	*r = (struct regions){.kernel = f->kernel, .count = (int)f->header->regions};
	for (int i = 0; i < r->count; i++) {
		const struct flight_region *from = &f->region[i];
		r->list[i] = (struct region){.name = from->name,
					     .size = from->size,
					     .lead = from->lead,
					     .role = from->role,
					     .kind = from->kind,
					     .parent = from->parent,
					     .alias = from->alias,
					     .is_inside = from->is_inside,
					     .at = from->at,
					     .base = from->is_null ? NULL : (unsigned char *)r};
	}
}

/* What an output held before the call is not known: poison, so that a body that leaves it, or adds to it, shows. */
#define POISON 0x5a

static void fill(const struct flight *f, struct regions *r)
{
	for (int i = 0; i < r->count; i++)
		if (has_own_memory(&r->list[i]) && r->list[i].size)
			memset(r->list[i].base, 0, r->list[i].size);
	relocate_regions(r);
	for (int i = 0; i < r->count; i++) {
		const struct flight_part *part = &f->region[i].before;
		if (r->list[i].alias >= 0 || !r->list[i].size)
			continue;
		if (r->list[i].role == REGION_OUT)
			memset(r->list[i].base, POISON, r->list[i].size);
		else if (part->size)
			memcpy(r->list[i].base, f->bytes + part->at, part->size);
	}
	relocate_regions(r);
}

/* Both are arrays of `size` bytes, or neither is one. */
static bool agree(const void *one, const void *other, size_t size)
{
	return !size || (one && other && memcmp(one, other, size) == 0);
}

/* Sources are where one of two pointers leads: bodies may ask which one of either. */
static bool have_same_sources(const struct tenon_graph *a, const struct tenon_graph *b)
{
	return !a->slice_narrow == !b->slice_narrow && !a->slice_source == !b->slice_source;
}

static bool is_same_graph(const struct tenon_graph *a, const struct tenon_graph *b)
{
	size_t nodes = a->nodes, edges = 8 * (size_t)a->edges;
	if (a->nodes != b->nodes || a->edges != b->edges || a->finite != b->finite || a->sliced != b->sliced ||
	    a->slices != b->slices || a->hubs != b->hubs || !agree(a->scratch, b->scratch, sizeof a->scratch) ||
	    !agree(a->in_offset, b->in_offset, 4 * (nodes + 1)) || !agree(a->in, b->in, edges) ||
	    !agree(a->out_offset, b->out_offset, 4 * (nodes + 1)) || !agree(a->out, b->out, edges))
		return false;
	size_t entries = a->sliced ? (size_t)TENON_SLICE_ROWS * a->slice_column[a->slices] : 0;
	return !a->sliced || (agree(a->slice_row, b->slice_row, (size_t)4 * TENON_SLICE_ROWS * a->slices) &&
			      agree(a->slice_column, b->slice_column, 4 * ((size_t)a->slices + 1)) &&
			      agree(a->hub, b->hub, 4 * (size_t)a->hubs) && have_same_sources(a, b) &&
			      agree(a->slice_narrow, b->slice_narrow, a->slice_narrow ? 2 * entries : 0) &&
			      agree(a->slice_source, b->slice_source, a->slice_narrow ? 0 : 4 * entries) &&
			      agree(a->slice_weight, b->slice_weight, 4 * entries));
}

/* The edges of the rows by source; false if these are no rows. */
static bool list_edges(const struct tenon_graph *g, uint32_t *source, uint32_t *destination, float *weight)
{
	uint32_t at = 0;
	for (uint32_t u = 0; u < g->nodes; u++) {
		if (g->out_offset[u] != at || g->out_offset[u + 1] < at || g->out_offset[u + 1] > g->edges)
			return false;
		for (; at < g->out_offset[u + 1]; at++) {
			source[at] = u;
			destination[at] = g->out[at].node;
			weight[at] = g->out[at].weight;
		}
	}
	return at == g->edges;
}

/* A graph is what tenon_graph_create() makes of its edges: kernels believe all of it. */
static int check_graph(const struct tenon_graph *g, struct why *why)
{
	size_t edges = g->edges;
	uint32_t *memory = malloc(3 * 4 * edges + 1);
	if (!memory)
		return explain(why, TENON_ENOMEM, "out of memory for %zu edges", edges);
	struct tenon_graph_edges list = {g->nodes, edges, memory, memory + edges,
					 (float *)(void *)(memory + 2 * edges)};
	struct tenon_graph *again = NULL;
	int status = 0;
	if (!list_edges(g, memory, memory + edges, (float *)(void *)(memory + 2 * edges)))
		status = explain(why, TENON_ECORRUPT, "graph->out_offset is not monotone up to the %u edges", g->edges);
	else
		status = make_graph(&list, g->sliced ? 0 : TENON_GRAPH_UNSLICED, &again, why);
	if (!status && !is_same_graph(g, again))
		status = explain(why, TENON_ECORRUPT, "graph: its arrays are not those of its %u edges", g->edges);
	free_graph(again);
	free(memory);
	return status;
}

int fill_flight(const struct flight *f, struct regions *r, struct why *why)
{
	struct regions list = *r;
	fill(f, &list);
	const void *args = list.list[0].base;
	if (!expect_regions(f->kernel, args, list.list, list.count, r))
		return explain(why, TENON_ECORRUPT, "regions[%d] at byte %zu is not what a call of %s has there",
			       r->count, sizeof *f->header + (size_t)r->count * sizeof *f->region,
			       kernels[f->kernel].name);
	int misplaced = find_misplaced(r);
	if (misplaced)
		return explain(why, TENON_ECORRUPT, "no legal call: %s is the memory of %s; pass memory of its own",
			       r->list[misplaced].name, r->list[r->list[misplaced].alias].name);
	struct why cause = {0};
	int status = kernels[f->kernel].check(args, &cause);
	if (status)
		return explain(why, TENON_ECORRUPT, "no legal call: %s", status > 0 ? "it is empty" : cause.text);
	if (r->at_rest && f->header->flags & FLIGHT_NO_STATE)
		*r->at_rest = 0;
	if (f->kernel == KERNEL_spreading_activation)
		return check_graph(((const struct tenon_spreading_activation_args *)args)->graph, why);
	return 0;
}
