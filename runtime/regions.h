/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which memory a call reads and writes: what shadowing, guarding and flight records need to know of it. Each kernel's spec
 * provides regions_<name>(). The list is bounded and lives where the caller has it; nothing here allocates, locks or keeps
 * state, and all of it is async-signal-safe. Calls are legal ones (check_<name>), but for expect_regions().
 */
#ifndef RUNTIME_REGIONS_H
#define RUNTIME_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels.h"

/*
 * IN: bytes before the call matter. OUT: bytes after it are the answer, and all are written. INOUT is both. STATE: the
 * memory of a workspace, read and written but no answer; after its flag at_rest was cleared it may hold anything.
 */
enum region_role { REGION_IN = 1, REGION_OUT = 2, REGION_INOUT = 4, REGION_STATE = 8 };

/* Sets of roles: what a caller gets; what a call reads and changes, to be kept if it may have to be called again. */
#define REGION_ANSWERS (REGION_OUT | REGION_INOUT)
#define REGION_CHANGED (REGION_INOUT | REGION_STATE)
#define REGION_EVERY (REGION_IN | REGION_ANSWERS | REGION_STATE)

/* What a region's elements are. STRUCT: one object, with pointers. Flight records have these numbers. */
enum region_kind { REGION_STRUCT, REGION_U8, REGION_U32, REGION_U64, REGION_F32, REGION_U16, REGION_KINDS };

/*
 * Region 0 is the argument struct. The pointer to any other is in the region `parent` at byte `at`, and says base - lead.
 * is_inside: there is no pointer; the region is those bytes of its parent. alias: it is memory of an earlier region,
 * whose role is that of both; else -1. in_place: the only region whose memory it may be where either is written; 0 for none.
 * An empty region stands for a pointer that a call may not follow.
 */
struct region {
	const char *name; /* "scores", "delta->mask" */
	unsigned char *base;
	size_t size, lead;
	unsigned char role, kind;
	signed char parent, alias, in_place;
	bool is_inside;
	uint32_t at;
};

enum { REGIONS_MAX = 24 };

struct regions {
	int kernel; /* index */
	int count;
	bool has_failed;   /* the list is not complete: full, or not what was expected */
	uint32_t *at_rest; /* the workspace's flag; NULL: no workspace */
	const struct region *expected;
	int expected_count;
	struct region list[REGIONS_MAX];
};

/* Fills regions for a legal call of the kernel with that index. */
void find_regions(int kernel, const void *args, struct regions *regions);

/*
 * The same for a call out of nowhere, whose memory is as `expected` says: nothing behind a region is read unless size,
 * kind and place are as expected. False if they are not: the list then ends before the first that differs.
 */
bool expect_regions(int kernel, const void *args, const struct region *expected, int count, struct regions *regions);

/* The region that i is memory of: i itself, or what it is an alias of. */
static inline int resolve_region(const struct regions *regions, int i)
{
	return i >= 0 && regions->list[i].alias >= 0 ? regions->list[i].alias : i;
}

/* False for what is memory of another region. */
static inline bool has_own_memory(const struct region *region)
{
	return region->alias < 0 && !region->is_inside;
}

/* Does memory that the call writes overlap other memory of it in a way that no list can tell? Leave such calls alone. */
bool are_tangled(const struct regions *regions);

/*
 * The first region that is memory of another one although kernels.def does not allow it: one of both is written, or their
 * elements are not of one kind. 0: there is none.
 */
int find_misplaced(const struct regions *regions);

/* ---- Keeping what is there before a call ------------------------------------------------------------------------- */

/* The bytes of all regions whose role is one of these: what save and restore copy, in the order of the list. */
size_t measure_regions(const struct regions *regions, unsigned roles);
void save_regions(const struct regions *regions, unsigned roles, void *to);
void restore_regions(const struct regions *regions, unsigned roles, const void *from);

/*
 * Copies the call: its arguments with all regions whose role is one of these, at the same distance from a 64-byte boundary,
 * with what they hold (OUT: nothing); the others are shared. REGION_ANSWERS makes outputs private, so that another body
 * can be called beside. memory: measure_copy() bytes. Returns the new arguments; copy is their list. Where the workspace
 * stays shared, clear *regions->at_rest before the other body runs.
 */
size_t measure_copy(const struct regions *regions, unsigned roles);
void *copy_regions(const struct regions *regions, unsigned roles, void *memory, struct regions *copy);

/*
 * For a list whose memory was moved, all of it: writes every pointer anew. An empty region that has an address gets that of the
 * arguments, which leads nowhere else. */
void relocate_regions(struct regions *moved);

/* ---- Looking at answers ------------------------------------------------------------------------------------------ */

/* The first element of an answer that is not the same; every NaN is the same NaN. */
struct region_difference {
	int region;
	size_t index; /* in elements */
};

/* True if all answers agree. Both are lists of the same call, one of them perhaps a copy. */
bool compare_answers(const struct regions *got, const struct regions *want, struct region_difference *difference);

/* Puts from's answers where to has its own. */
void give_answers(const struct regions *from, const struct regions *to);

/* An element as bits, NaNs made one; its size in bytes. */
uint64_t read_element(enum region_kind kind, const void *memory, size_t index);
size_t size_of_kind(enum region_kind kind);

/* ---- For runtime/specs/ ------------------------------------------------------------------------------------------ */

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) \
	void regions_##name(const struct tenon_##name##_args *a, struct regions *r);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* A pointer and where it is kept. */
struct field {
	const char *name;
	int parent;
	size_t at;
	const void *pointer;
};
#define REGION_OFFSET(object, member) (size_t)((const char *)&(object)->member - (const char *)(object))
#define REGION_ARG(a, member) ((struct field){#member, 0, REGION_OFFSET(a, member), (a)->member})
#define REGION_FIELD(parent, object, member) \
	((struct field){#object "->" #member, parent, REGION_OFFSET(object, member), (object)->member})

/* Adds the count elements that a pointer leads to; returns the index. -1: nothing behind that pointer may be read. */
int add_region(struct regions *r, struct field field, enum region_role role, enum region_kind kind, size_t count);

/* The same from element `first` on, for a pointer whose first elements are not this call's. */
int add_region_from(struct regions *r, struct field field, enum region_role role, enum region_kind kind, size_t first,
		    size_t count);

/* Adds bytes of a struct that is there already. */
int add_member(struct regions *r, struct field field, enum region_role role, enum region_kind kind);
#define REGION_MEMBER(parent, object, member) \
	((struct field){#object "->" #member, parent, REGION_OFFSET(object, member), &(object)->member})

/* Products that do not wrap: SIZE_MAX instead, which no memory has. */
size_t multiply_sizes(size_t a, size_t b);

/* Floats from the first of count rows of dim to the last one's end. */
size_t measure_rows(size_t count, size_t dim, size_t stride);

#endif
