/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking the laws of a trial, and what laws share; law.h says what they are. No state.
 */
#include "tests/conform/law.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/share.h"
#include "tests/conform/trial.h"

enum { POISON = 0xb7, LAW_STREAM = BUFFERS_MAX + 40 };

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

int call_again(struct inquiry *q, const void *args)
{
	uint64_t scratch = get_scratch_size(q->kernel, args);
	void *room = scratch ? take_room(q->trial, scratch) : NULL;
	atomic_store(q->is_calling, true);
	int status = q->function(args, room);
	atomic_store(q->is_calling, false);
	return status;
}

/* Fresh buffers for a whole call, its arguments bound to them. */
static void *bind_again(struct inquiry *q, struct placed *p)
{
	struct trial *t = q->trial;
	for (size_t b = 0; b < t->buffers; b++) {
		const struct buffer *buffer = &t->buffer[b];
		size_t size = size_of_buffer(buffer);
		p->ours[b] = p->seen[b] = take_room(t, size);
		if (buffer->content)
			memcpy(p->ours[b], buffer->content, size);
		else
			memset(p->ours[b], POISON, size);
	}
	void *args = take_room(t, get_args_size(q->kernel));
	t->spec->bind(t, p, args);
	return args;
}

/* ---- Division ---------------------------------------------------------------------------------------------------- */

static size_t count_elements(const struct inquiry *q, size_t b)
{
	const struct trial *t = q->trial;
	return t->spec->trim ? t->spec->trim(t, &q->placed, b) : t->buffer[b].count;
}

static bool same_outputs(struct inquiry *q, const struct placed *p, size_t parts)
{
	for (size_t b = 0; b < q->trial->buffers; b++) {
		const struct buffer *buffer = &q->trial->buffer[b];
		size_t count = buffer->role == ROLE_IN ? 0 : count_elements(q, b);
		for (size_t i = 0; i < count; i++)
			if (load_element(buffer->element, p->ours[b], i) !=
			    load_element(buffer->element, q->placed.ours[b], i))
				return break_law(q, "%s[%zu] has other bits when the call is divided in %zu",
						 buffer->name, i, parts);
	}
	return true;
}

/* The last part first: none may need what another wrote. */
static bool shares_make_the_call(struct inquiry *q)
{
	struct placed p;
	const void *args = bind_again(q, &p);
	size_t parts = 2 + draw_choice(q, 4);
	int status = TENON_OK;
	for (size_t part = parts; part-- > 0;) {
		static struct share share;
		if (divide_call(q->kernel, args, part, parts, &share) == 0) {
			int code = call_again(q, &share.args);
			status = code ? code : status;
		}
	}
	if (status != q->status)
		return break_law(q, "returned %d divided in %zu, %d undivided", status, parts, q->status);
	return same_outputs(q, &p, parts);
}

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

static bool ask_law(struct inquiry *q, const struct law *law)
{
	if (q->trial->any_order && !law->any_order)
		return true;
	q->check = law->check;
	return law->holds(q);
}

bool obeys_laws(struct inquiry *q)
{
	static const struct law division = {CHECK_LAW_DIVISION, true, shares_make_the_call};
	const struct law *law = q->trial->spec->laws;
	int64_t number = q->trial->point.at[AXIS_DATA];
	bool is_bound = false;
	for (int64_t i = 0; i == 0 || (law && law[i - 1].holds); i++) {
		const struct law *next = i ? &law[i - 1] : &division;
		if (number < q->first || (number + i) % q->interval)
			continue;
		if (!is_bound) {
			q->args = bind_again(q, &q->placed);
			q->status = call_again(q, q->args);
			is_bound = true;
		}
		if (!ask_law(q, next))
			return false;
	}
	return true;
}

/* ---- For laws ---------------------------------------------------------------------------------------------------- */

bool break_law(struct inquiry *q, const char *format, ...)
{
	char text[200];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return find(q->finding, q->check, "%s", text);
}

static void show_lanes(struct finding *finding, const char *what, const float *got, const float *want, size_t bad,
		       size_t count)
{
	size_t first = bad < 2 ? 0 : bad - 2;
	snprintf(finding->buffer, sizeof finding->buffer, "%s", what);
	for (size_t i = first; i < count && finding->lanes < LANES_MAX; i++)
		finding->lane[finding->lanes++] = (struct lane){
			i, ELEMENT_F32, load_element(ELEMENT_F32, got, i), load_element(ELEMENT_F32, want, i),
			0, false};
}

bool expect_floats(struct inquiry *q, const char *what, const float *got, const float *want, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (load_element(ELEMENT_F32, got, i) == load_element(ELEMENT_F32, want, i))
			continue;
		show_lanes(q->finding, what, got, want, i, count);
		return break_law(q, "%s[%zu] is %a, %a follows from the first call", what, i, (double)got[i],
				 (double)want[i]);
	}
	return true;
}

bool expect_bytes(struct inquiry *q, const char *what, const void *got, const void *want, size_t count)
{
	const unsigned char *x = got, *y = want;
	for (size_t i = 0; i < count; i++)
		if (x[i] != y[i])
			return break_law(q, "byte %zu of %s is %#x, %#x is due", i, what, (unsigned)x[i],
					 (unsigned)y[i]);
	return true;
}

void *copy_room(struct inquiry *q, const void *from, size_t bytes)
{
	void *room = take_room(q->trial, bytes);
	if (bytes)
		memcpy(room, from, bytes);
	return room;
}

float *room_for_floats(struct inquiry *q, size_t count)
{
	return take_room(q->trial, count * sizeof(float));
}

bool are_tame(const float *v, size_t count, float least, float most)
{
	for (size_t i = 0; i < count; i++)
		if (v[i] != 0 && !(fabsf(v[i]) >= least && fabsf(v[i]) <= most))
			return false;
	return true;
}

void scale_by_power(float *out, const float *in, size_t count, int exponent)
{
	for (size_t i = 0; i < count; i++)
		out[i] = ldexpf(in[i], exponent);
}

size_t draw_choice(const struct inquiry *q, size_t limit)
{
	return (size_t)(draw_bits(stream_of(q->trial, LAW_STREAM), 0) >> 32) % limit;
}
