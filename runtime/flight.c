/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing a flight record; flight.h says what one is. Runs in a caller's kernel call: no allocation, no lock, no system
 * call; what it needs is the room it was given and some KiB of stack.
 */
#include "build.h"

#include "runtime/flight.h"

#include <string.h>

#include "runtime/share.h"

enum { WINDOW = 32, WINDOW_BEFORE = 8, SHARINGS_MAX = 40 }; /* elements around the first difference; halvings */

/* How much of a call is recorded. */
enum detail { DETAIL_ALL, DETAIL_INPUTS, DETAIL_WINDOWS };
enum moment { MOMENT_BEFORE, MOMENT_GOT, MOMENT_WANT, MOMENTS };

/* A call about to be recorded; whole is the list whose bytes were kept. */
struct subject {
	const struct regions *got, *want, *whole;
	unsigned kept_roles;
	const unsigned char *kept;
	bool is_fault, differs;
	struct region_difference difference;
};

/* ---- What there is ----------------------------------------------------------------------------------------------- */

/* Where the region's bytes of before the call are; NULL: nobody kept them. */
static const unsigned char *find_before(const struct subject *s, const struct region *region)
{
	const unsigned char *at = s->kept;
	if (region->role == REGION_IN)
		return region->base;
	for (int i = 0; i < s->whole->count && s->kept; i++) {
		const struct region *kept = &s->whole->list[i];
		if (kept->alias >= 0 || !(kept->role & s->kept_roles))
			continue;
		if (region->base >= kept->base && region->base + region->size <= kept->base + kept->size)
			return at + (region->base - kept->base);
		at += kept->size;
	}
	return NULL;
}

/* Which bytes of it; size 0: none. */
static struct flight_part choose_part(const struct subject *s, int i, enum moment moment, enum detail detail)
{
	const struct region *region = &s->got->list[i];
	size_t element = size_of_kind(region->kind), first = 0;
	bool is_answer = region->role & REGION_ANSWERS;
	if (region->alias >= 0 || (moment == MOMENT_BEFORE ? region->role == REGION_OUT : !is_answer || s->is_fault))
		return (struct flight_part){0, 0, 0};
	if (moment == MOMENT_BEFORE && !find_before(s, region))
		return (struct flight_part){0, 0, 0};
	if (detail == DETAIL_ALL || region->kind == REGION_STRUCT ||
	    (detail == DETAIL_INPUTS && moment == MOMENT_BEFORE))
		return (struct flight_part){0, region->size, 0};
	if (s->differs && s->difference.region == i && s->difference.index > WINDOW_BEFORE)
		first = (s->difference.index - WINDOW_BEFORE) * element;
	size_t left = region->size - first;
	return (struct flight_part){first, left < WINDOW * element ? left : WINDOW * element, 0};
}

static size_t round_size(size_t size)
{
	return (size + 7) / 8 * 8;
}

static size_t measure_flight(const struct subject *s, enum detail detail)
{
	size_t size = sizeof(struct flight_header) + (size_t)s->got->count * sizeof(struct flight_region) + 8;
	for (int i = 0; i < s->got->count; i++) {
		if (detail != DETAIL_WINDOWS && s->got->list[i].size > FLIGHT_REGION_MAX)
			return SIZE_MAX;
		for (int m = 0; m < MOMENTS; m++)
			size += round_size(choose_part(s, i, (enum moment)m, detail).size);
	}
	return size;
}

static enum detail choose_detail(const struct subject *s, size_t room)
{
	enum detail detail = DETAIL_ALL;
	while (detail < DETAIL_WINDOWS && measure_flight(s, detail) > room)
		detail++;
	return detail;
}

/* ---- Shares of a call that is too large -------------------------------------------------------------------------- */

/* A half of the call, on both sides. */
struct half {
	struct share got_share, want_share;
	struct regions got, want;
};

/* The args of a list whose call was copied or divided are written nowhere: divide_<name>() copies them. */
static bool take_half(const struct subject *s, size_t part, struct half *half)
{
	int kernel = s->got->kernel;
	if (dividers[kernel](s->got->list[0].base, part, 2, &half->got_share) ||
	    dividers[kernel](s->want->list[0].base, part, 2, &half->want_share))
		return false;
	find_regions(kernel, &half->got_share.args, &half->got);
	find_regions(kernel, &half->want_share.args, &half->want);
	return true;
}

/* One half in which the answers differ, if it is less than what it is a half of. */
static bool halve(struct subject *s, struct half *half)
{
	size_t size = measure_regions(s->got, REGION_EVERY);
	struct subject smaller = *s;
	for (size_t part = 0; part < 2; part++) {
		if (!take_half(s, part, half))
			continue;
		smaller.got = &half->got;
		smaller.want = &half->want;
		smaller.differs = !compare_answers(&half->got, &half->want, &smaller.difference);
		if (!smaller.differs || measure_regions(smaller.got, REGION_EVERY) >= size)
			continue;
		*s = smaller;
		return true;
	}
	return false;
}

/* True if the subject has become a share of the call. Two halves take turns: one is made of the other. */
static bool share_call(struct subject *s, struct half halves[2], size_t room)
{
	bool is_share = false;
	struct subject whole = *s;
	for (int i = 0; i < SHARINGS_MAX && s->differs && choose_detail(s, room) == DETAIL_WINDOWS; i++) {
		if (!halve(s, &halves[i % 2])) {
			*s = whole;
			return false;
		}
		is_share = true;
	}
	return is_share;
}

/* ---- The bytes --------------------------------------------------------------------------------------------------- */

struct writer {
	unsigned char *to;
	size_t used;
	struct flight_header *header;
	struct flight_region *region;
};

static void put_text(char *to, size_t size, const char *text)
{
	size_t length = text ? strlen(text) : 0;
	length = length < size ? length : size - 1;
	if (length)
		memcpy(to, text, length);
	memset(to + length, 0, size - length);
}

static void put_header(struct writer *w, const struct flight_facts *facts, const struct subject *s)
{
	struct flight_header *h = w->header;
	*h = (struct flight_header){.version = FLIGHT_VERSION,
				    .header_size = sizeof *h,
				    .kernel = kernels[s->got->kernel].id,
				    .regions = (uint32_t)s->got->count,
				    .region_size = sizeof(struct flight_region),
				    .got_status = facts->got_status,
				    .want_status = facts->want_status,
				    .signal = (uint32_t)facts->signal,
				    .first_region =
					    s->differs ? (uint32_t)s->difference.region : (uint32_t)s->got->count,
				    .first_index = s->differs ? s->difference.index : 0,
				    .process = facts->process,
				    .thread = facts->thread,
				    .core = facts->core,
				    .time = facts->time};
	memcpy(h->magic, FLIGHT_MAGIC, sizeof h->magic);
	put_text(h->backend, sizeof h->backend, facts->backend);
	put_text(h->version_text, sizeof h->version_text, facts->version);
	put_text(h->build_id, sizeof h->build_id, facts->build_id);
	put_text(h->path, sizeof h->path, facts->path);
	put_text(h->cpu, sizeof h->cpu, facts->cpu);
	put_text(h->program, sizeof h->program, facts->program);
	put_text(h->tenon, sizeof h->tenon, PACKAGE_VERSION);
}

static void put_part(struct writer *w, struct flight_part *to, struct flight_part part, const unsigned char *from)
{
	if (!part.size || !from)
		return;
	part.at = w->used;
	*to = part;
	memcpy(w->to + w->used, from + part.begin, part.size);
	memset(w->to + w->used + part.size, 0, round_size(part.size) - part.size);
	w->used += round_size(part.size);
}

static void put_region(struct writer *w, const struct subject *s, int i, enum detail detail)
{
	const struct region *region = &s->got->list[i];
	struct flight_region *to = &w->region[i];
	*to = (struct flight_region){.size = region->size,
				     .lead = region->lead,
				     .at = region->at,
				     .role = region->role,
				     .kind = region->kind,
				     .parent = region->parent,
				     .alias = region->alias,
				     .is_inside = region->is_inside,
				     .is_null = !region->base,
				     .misalignment = (uint8_t)((uintptr_t)region->base % 64)};
	put_text(to->name, sizeof to->name, region->name);
	put_part(w, &to->before, choose_part(s, i, MOMENT_BEFORE, detail), find_before(s, region));
	put_part(w, &to->got, choose_part(s, i, MOMENT_GOT, detail), region->base);
	put_part(w, &to->want, choose_part(s, i, MOMENT_WANT, detail), s->want->list[i].base);
}

/* Pointers tell nothing, but where this process keeps its memory. */
static void clear_pointers(struct writer *w, const struct regions *r)
{
	for (int i = 1; i < r->count; i++) {
		int parent = resolve_region(r, r->list[i].parent);
		if (!r->list[i].is_inside)
			memset(w->to + w->region[parent].before.at + r->list[i].at, 0, sizeof(void *));
	}
}

static bool is_missing(const struct flight_region *region)
{
	return region->alias < 0 && region->role != REGION_OUT && region->before.size != region->size;
}

/* Says whether the record can be called again. */
static void judge_whole(struct writer *w, const struct subject *s)
{
	struct flight_header *h = w->header;
	for (uint32_t i = h->regions; i-- > 0;) {
		const struct flight_region *region = &w->region[i];
		if (!is_missing(region))
			continue;
		if (region->role == REGION_STATE && !region->before.size) {
			h->flags |= FLIGHT_NO_STATE;
			continue;
		}
		h->cut = find_before(s, &s->got->list[i]) ? FLIGHT_TOO_LARGE : FLIGHT_NOT_KEPT;
		h->cut_region = i;
	}
}

static size_t seal(struct writer *w)
{
	uint32_t checksum = 0;
	w->header->size = w->used + sizeof checksum;
	struct tenon_crc32c_args a = {w->to, w->used, 0, &checksum};
	scalar_crc32c(&a, NULL);
	memcpy(w->to + w->used, &checksum, sizeof checksum);
	return w->header->size;
}

size_t write_flight(const struct flight_facts *facts, const struct flight_call *call, void *to, size_t room)
{
	struct half halves[2];
	struct subject s = {call->got,  call->want,         call->got, call->kept_roles,
			    call->kept, facts->signal != 0, false,     {0, 0}};
	struct writer w = {to, sizeof *w.header + (size_t)call->got->count * sizeof *w.region, to, NULL};
	s.differs = !s.is_fault && !compare_answers(s.got, s.want, &s.difference);
	bool is_share = share_call(&s, halves, room);
	enum detail detail = choose_detail(&s, room);
	w.region = (struct flight_region *)(void *)(w.to + sizeof *w.header);
	w.used = sizeof *w.header + (size_t)s.got->count * sizeof *w.region;
	put_header(&w, facts, &s);
	for (int i = 0; i < s.got->count; i++)
		put_region(&w, &s, i, detail);
	clear_pointers(&w, s.got);
	judge_whole(&w, &s);
	w.header->flags |= is_share ? FLIGHT_IS_SHARE : 0;
	return seal(&w);
}
