/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of the memory of a call; regions.h says what they promise. No state, no allocation; async-signal-safe.
 */
#include "runtime/regions.h"

#include <string.h>

/* Where a page of memory, and a vector, may begin to matter: copies keep the distance to it. */
#define ALIGNMENT ((size_t)64)

size_t size_of_kind(enum region_kind kind)
{
	static const unsigned char sizes[REGION_KINDS] = {[REGION_STRUCT] = 1, [REGION_U8] = 1,  [REGION_U16] = 2,
							  [REGION_U32] = 4,    [REGION_U64] = 8, [REGION_F32] = 4};
	return sizes[kind];
}

/* ---- Making a list ----------------------------------------------------------------------------------------------- */

size_t multiply_sizes(size_t a, size_t b)
{
	size_t product;
	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

size_t measure_rows(size_t count, size_t dim, size_t stride)
{
	size_t begin = multiply_sizes(count - 1, stride), extent;
	if (count == 0 || dim == 0)
		return 0;
	return __builtin_add_overflow(begin, dim, &extent) ? SIZE_MAX : extent;
}

static bool is_expected(const struct regions *r, const struct region *new)
{
	const struct region *due = &r->expected[r->count];
	return r->count < r->expected_count &&
	       new->base == due->base &&new->size == due->size &&new->lead == due->lead &&new->kind ==
		       due->kind &&new->parent == due->parent &&new->at == due->at &&new->is_inside == due->is_inside;
}

/* The earlier region of the same memory, if there is one. */
static int find_alias(const struct regions *r, const struct region *new)
{
	for (int i = 0; i < r->count && new->size && !new->is_inside; i++)
		if (r->list[i].base == new->base && r->list[i].size == new->size && !r->list[i].is_inside)
			return resolve_region(r, i);
	return -1;
}

static int append(struct regions *r, struct region new)
{
	r->has_failed |= new.parent < (r->count ? 0 : -1) || r->count == REGIONS_MAX || (!new.base &&new.size) ||
			 new.size > PTRDIFF_MAX;
	if (r->has_failed || (r->expected && !is_expected(r, &new))) {
		r->has_failed = true;
		return -1;
	}
	new.alias = (signed char)find_alias(r, &new);
	if (new.alias >= 0 && r->list[new.alias].role != new.role)
		r->list[new.alias].role = REGION_INOUT;
	r->list[r->count] = new;
	return r->count++;
}

int add_region_from(struct regions *r, struct field f, enum region_role role, enum region_kind kind, size_t first,
		    size_t count)
{
	size_t size = multiply_sizes(count, size_of_kind(kind)),
	       lead = size ? multiply_sizes(first, size_of_kind(kind)) : 0;
	uintptr_t begin = f.pointer ? (uintptr_t)f.pointer + lead : 0;
	return append(r, (struct region){.name = f.name,
					 .base = (unsigned char *)begin,
					 .size = size,
					 .lead = lead,
					 .role = role,
					 .kind = kind,
					 .parent = (signed char)f.parent,
					 .at = (uint32_t)f.at});
}

int add_region(struct regions *r, struct field f, enum region_role role, enum region_kind kind, size_t count)
{
	return add_region_from(r, f, role, kind, 0, count);
}

int add_member(struct regions *r, struct field f, enum region_role role, enum region_kind kind)
{
	return append(r, (struct region){.name = f.name,
					 .base = (unsigned char *)(uintptr_t)f.pointer,
					 .size = size_of_kind(kind),
					 .role = role,
					 .kind = kind,
					 .parent = (signed char)f.parent,
					 .is_inside = true,
					 .at = (uint32_t)f.at});
}

/* ---- By kernel --------------------------------------------------------------------------------------------------- */

struct finder {
	size_t args_size;
	void (*find)(const void *args, struct regions *r);
};

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                         \
	static void find_any_##name(const void *a, struct regions *r) \
	{                                                             \
		regions_##name(a, r);                                 \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args) {sizeof(struct tenon_##name##_args), find_any_##name},
static const struct finder finders[KERNEL_COUNT] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

static void begin_list(int kernel, const void *args, struct regions *r)
{
	r->kernel = kernel;
	r->count = 0;
	r->has_failed = false;
	r->at_rest = NULL;
	append(r, (struct region){.name = "args",
				  .base = (unsigned char *)(uintptr_t)args,
				  .size = finders[kernel].args_size,
				  .role = REGION_IN,
				  .kind = REGION_STRUCT,
				  .parent = -1});
}

void find_regions(int kernel, const void *args, struct regions *r)
{
	r->expected = NULL;
	begin_list(kernel, args, r);
	finders[kernel].find(args, r);
}

bool expect_regions(int kernel, const void *args, const struct region *expected, int count, struct regions *r)
{
	r->expected = expected;
	r->expected_count = count;
	begin_list(kernel, args, r);
	if (!r->has_failed)
		finders[kernel].find(args, r);
	r->expected = NULL;
	return !r->has_failed && r->count == count;
}

static bool overlap(const struct region *a, const struct region *b)
{
	return a->base < b->base + b->size && b->base < a->base + a->size;
}

/* A part of a struct overlaps that, as it should. */
bool are_tangled(const struct regions *r)
{
	for (int i = 0; i < r->count; i++)
		for (int j = 0; j < r->count; j++) {
			const struct region *a = &r->list[i], *b = &r->list[j];
			bool apart = i == j || a->alias >= 0 || b->alias >= 0 || a->is_inside || b->is_inside;
			if (!apart && a->role != REGION_IN && overlap(a, b))
				return true;
		}
	return false;
}

/* Itself, or a member of it. */
static bool is_written(const struct regions *r, int i)
{
	bool written = r->list[i].role != REGION_IN;
	for (int k = i + 1; k < r->count && !written; k++)
		written = r->list[k].is_inside && r->list[k].parent == i && r->list[k].role != REGION_IN;
	return written;
}

/* The arguments are nobody else's memory. */
static bool is_well_placed(const struct regions *r, int i)
{
	const struct region *region = &r->list[i];
	int alias = region->alias;
	if (alias <= 0 || alias == region->in_place)
		return alias != 0;
	return region->kind == r->list[alias].kind && !is_written(r, i) && !is_written(r, alias);
}

int find_misplaced(const struct regions *r)
{
	for (int i = 1; i < r->count; i++)
		if (!is_well_placed(r, i))
			return i;
	return 0;
}

/* ---- Saving ------------------------------------------------------------------------------------------------------ */

static bool has_role(const struct region *region, unsigned roles)
{
	return region->alias < 0 && region->role & roles;
}

size_t measure_regions(const struct regions *r, unsigned roles)
{
	size_t size = 0;
	for (int i = 0; i < r->count; i++)
		size += has_role(&r->list[i], roles) ? r->list[i].size : 0;
	return size;
}

void save_regions(const struct regions *r, unsigned roles, void *to)
{
	unsigned char *at = to;
	for (int i = 0; i < r->count; i++) {
		if (!has_role(&r->list[i], roles) || !r->list[i].size)
			continue;
		memcpy(at, r->list[i].base, r->list[i].size);
		at += r->list[i].size;
	}
}

void restore_regions(const struct regions *r, unsigned roles, const void *from)
{
	const unsigned char *at = from;
	for (int i = 0; i < r->count; i++) {
		if (!has_role(&r->list[i], roles) || !r->list[i].size)
			continue;
		memcpy(r->list[i].base, at, r->list[i].size);
		at += r->list[i].size;
	}
}

/* ---- Copying ----------------------------------------------------------------------------------------------------- */

/* Marks i and all that must be copied with it: what holds its pointer, and other pointers to the same memory. */
static bool mark(const struct regions *r, bool *taken, int i)
{
	int parent = resolve_region(r, r->list[i].parent), alias = r->list[i].alias;
	bool is_new = alias >= 0 && taken[alias] && !taken[i];
	taken[i] |= is_new;
	if (taken[i] && parent >= 0 && !taken[parent])
		is_new = taken[parent] = true;
	return is_new;
}

static void choose_regions(const struct regions *r, unsigned roles, bool taken[REGIONS_MAX])
{
	bool again = true;
	for (int i = 0; i < r->count; i++)
		taken[i] = i == 0 || (has_role(&r->list[i], roles) && r->list[i].size);
	while (again) {
		again = false;
		for (int i = r->count - 1; i >= 0; i--)
			again |= mark(r, taken, i);
	}
}

size_t measure_copy(const struct regions *r, unsigned roles)
{
	bool taken[REGIONS_MAX];
	size_t size = ALIGNMENT;
	choose_regions(r, roles, taken);
	for (int i = 0; i < r->count; i++)
		if (taken[i] && has_own_memory(&r->list[i]))
			size += (r->list[i].size + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return size;
}

static unsigned char *round_up(unsigned char *at)
{
	return at + (ALIGNMENT - (uintptr_t)at % ALIGNMENT) % ALIGNMENT;
}

/* Where region i of the copy is, unless it is where another one says; at is what is left of the memory. */
static void place_copy(const struct region *from, struct region *to, unsigned char **at)
{
	to->base = round_up(*at) + (uintptr_t)from->base % ALIGNMENT;
	*at = to->base + from->size;
	if (from->role != REGION_OUT && from->size)
		memcpy(to->base, from->base, from->size);
}

/* Aliases, and what is inside of another region, moved with that. */
static void follow(struct regions *moved, int i)
{
	struct region *region = &moved->list[i];
	if (region->alias >= 0)
		region->base = moved->list[region->alias].base;
	else if (region->is_inside)
		region->base = moved->list[region->parent].base + region->at;
}

static void point_to(struct regions *moved, int i)
{
	const struct region *region = &moved->list[i];
	uintptr_t pointer = region->base ? (uintptr_t)region->base - region->lead : 0;
	if (i && !region->is_inside)
		memcpy(moved->list[region->parent].base + region->at, &pointer, sizeof pointer);
}

/* The flag is the only member of a STATE. */
static void find_flag(struct regions *moved)
{
	for (int i = 0; i < moved->count && moved->at_rest; i++)
		if (moved->list[i].is_inside && moved->list[i].role == REGION_STATE)
			moved->at_rest = (uint32_t *)(void *)moved->list[i].base;
}

void *copy_regions(const struct regions *r, unsigned roles, void *memory, struct regions *copy)
{
	bool taken[REGIONS_MAX];
	unsigned char *at = memory;
	choose_regions(r, roles, taken);
	*copy = *r;
	for (int i = 0; i < r->count; i++)
		if (taken[i] && has_own_memory(&r->list[i]))
			place_copy(&r->list[i], &copy->list[i], &at);
	for (int i = 0; i < r->count; i++)
		follow(copy, i);
	for (int i = 0; i < r->count; i++)
		if (taken[i])
			point_to(copy, i);
	find_flag(copy);
	return copy->list[0].base;
}

void relocate_regions(struct regions *moved)
{
	for (int i = 0; i < moved->count; i++) {
		if (!moved->list[i].size && moved->list[i].base)
			moved->list[i].base = moved->list[0].base;
		follow(moved, i);
	}
	for (int i = 0; i < moved->count; i++)
		point_to(moved, i);
	find_flag(moved);
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

#define QUIET_NAN 0x7fc00000

uint64_t read_element(enum region_kind kind, const void *memory, size_t index)
{
	const unsigned char *at = (const unsigned char *)memory + index * size_of_kind(kind);
	uint64_t element = 0; /* little-endian, as records are */
	memcpy(&element, at, size_of_kind(kind));
	return kind == REGION_F32 && (element & 0x7fffffff) > 0x7f800000 ? QUIET_NAN : element;
}

/* The first element that differs, or how many there are. */
static size_t find_difference(enum region_kind kind, const void *got, const void *want, size_t size)
{
	size_t count = size / size_of_kind(kind);
	if (memcmp(got, want, size) == 0)
		return count;
	for (size_t i = 0; i < count; i++)
		if (read_element(kind, got, i) != read_element(kind, want, i))
			return i;
	return count;
}

bool compare_answers(const struct regions *got, const struct regions *want, struct region_difference *difference)
{
	for (int i = 0; i < got->count; i++) {
		const struct region *g = &got->list[i], *w = &want->list[i];
		if (!has_role(g, REGION_ANSWERS) || !g->size)
			continue;
		size_t index = find_difference(g->kind, g->base, w->base, g->size);
		if (index < g->size / size_of_kind(g->kind)) {
			*difference = (struct region_difference){i, index};
			return false;
		}
	}
	return true;
}

void give_answers(const struct regions *from, const struct regions *to)
{
	for (int i = 0; i < from->count; i++)
		if (has_role(&from->list[i], REGION_ANSWERS) && from->list[i].size)
			memcpy(to->list[i].base, from->list[i].base, from->list[i].size);
}
