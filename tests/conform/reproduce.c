/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing reproducers. A case is bound twice, at different addresses: the words that differ are its pointers, whatever
 * structs they stand in, so no kernel needs code of its own here. State: the trial in progress.
 */
#include "tests/conform/reproduce.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "tests/conform/compare.h"
#include "tests/conform/report.h"
#include "tests/conform/trial.h"

extern const char reproducer_template[];

enum { BINDINGS = 2, ARGS = -1 };

struct reproduction {
	FILE *out;
	int kernel;
	const struct finding *finding;
	bool by_oracle;
	struct trial trial;
	struct placed placed[BINDINGS];
	void *args[BINDINGS];
	void *content[BUFFERS_MAX]; /* what a call finds, pointers aside */
	uint64_t scratch;
	int status;
	struct why *why;
};

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

struct member {
	const char *type, *name; /* NULL ends a list */
	size_t offset;
};

#define TENON_ARG(type, member) {#type, #member, offsetof(__typeof__(*a), member)},
#define TENON_KERNEL(id, name, scratch, args)                                      \
	static const struct member *list_##name(void)                              \
	{                                                                          \
		const struct tenon_##name##_args *a;                               \
		static const struct member list[] = {args{NULL, NULL, sizeof *a}}; \
		return list;                                                       \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

static const struct member *(*const lists[KERNEL_COUNT])(void) = {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) list_##name,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
};

/* ---- The case ---------------------------------------------------------------------------------------------------- */

static void bind_case(struct reproduction *r, int which)
{
	struct trial *t = &r->trial;
	struct placed *p = &r->placed[which];
	for (size_t b = 0; b < t->buffers; b++) {
		size_t size = size_of_buffer(&t->buffer[b]);
		p->ours[b] = p->seen[b] = take_room(t, size);
		memset(p->ours[b], 0, size);
		if (t->buffer[b].content)
			memcpy(p->ours[b], t->buffer[b].content, size);
	}
	r->args[which] = take_room(t, get_args_size(r->kernel));
	memset(r->args[which], 0, get_args_size(r->kernel));
	t->spec->bind(t, p, r->args[which]);
}

/* The buffer and byte that word i of two bindings leads to; false if it is no pointer. */
static bool find_pointer(const struct reproduction *r, const void *first, const void *second, size_t i, size_t *target,
			 size_t *at)
{
	uintptr_t a = ((const uintptr_t *)first)[i], b = ((const uintptr_t *)second)[i];
	if (a == b)
		return false;
	for (*target = 0; *target < r->trial.buffers; ++*target) {
		*at = a - (uintptr_t)r->placed[0].ours[*target];
		if (*at == b - (uintptr_t)r->placed[1].ours[*target] &&
		    *at <= size_of_buffer(&r->trial.buffer[*target]))
			return true;
	}
	return false;
}

static bool has_words(const struct buffer *buffer)
{
	return buffer->role != ROLE_OUT && buffer->element == ELEMENT_U64;
}

/* A copy of what a call finds, with 0 for every pointer. */
static void keep_content(struct reproduction *r, size_t b)
{
	const struct buffer *buffer = &r->trial.buffer[b];
	size_t size = size_of_buffer(buffer), target, at;
	r->content[b] = take_room(&r->trial, size);
	memcpy(r->content[b], r->placed[0].ours[b], size);
	for (size_t i = 0; has_words(buffer) && i < buffer->count; i++)
		if (find_pointer(r, r->placed[0].ours[b], r->placed[1].ours[b], i, &target, &at))
			((uint64_t *)r->content[b])[i] = 0;
}

static void build_case(struct reproduction *r, bool any_order)
{
	r->trial.any_order = any_order;
	build_trial(&r->trial, specs[r->kernel], r->finding->seed, &r->finding->point);
	bind_case(r, 0);
	bind_case(r, 1);
	for (size_t b = 0; b < r->trial.buffers; b++)
		keep_content(r, b);
	r->scratch = get_scratch_size(r->kernel, r->args[0]);
	r->status = kernels[r->kernel].scalar(r->args[0], r->scratch ? take_room(&r->trial, r->scratch) : NULL);
}

/* ---- Words ------------------------------------------------------------------------------------------------------- */

static void write_float(FILE *out, float x)
{
	if (isnan(x) || isinf(x))
		fprintf(out, isnan(x) ? "NAN" : x > 0 ? "INFINITY" : "-INFINITY");
	else
		fprintf(out, "%af", (double)x);
}

static void write_double(FILE *out, double x)
{
	if (isnan(x) || isinf(x))
		fprintf(out, isnan(x) ? "NAN" : x > 0 ? "INFINITY" : "-INFINITY");
	else
		fprintf(out, "%a", x);
}

static uint64_t get_bits(enum element element, const void *memory, size_t i)
{
	uint64_t bits = 0;
	memcpy(&bits, (const unsigned char *)memory + i * size_of_element(element), size_of_element(element));
	return bits;
}

static bool has_nan(const float *x, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (isnan(x[i]))
			return true;
	return false;
}

/* "first->mask" is first_mask. */
static void write_identifier(FILE *out, const char *name, const char *suffix)
{
	for (; *name; name++)
		if (*name != '>')
			fputc((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') ? *name : '_', out);
	fprintf(out, "_%s", suffix);
}

/* Zeros at its end are the compiler's to fill in. Floats with a NaN among them are bits, since a NaN has many. */
static void write_array(FILE *out, const char *name, const char *suffix, enum element element, const void *memory,
			size_t count)
{
	static const char *const types[] = {"float", "uint8_t", "uint32_t", "uint64_t"};
	bool as_float = element == ELEMENT_F32 && !has_nan(memory, count);
	size_t last = count;
	while (last > 1 && !get_bits(element, memory, last - 1))
		last--;
	fprintf(out, "static const %s ", element == ELEMENT_F32 && !as_float ? "uint32_t" : types[element]);
	write_identifier(out, name, suffix);
	fprintf(out, "[%zu] = {", count);
	for (size_t i = 0; i < last; i++) {
		fputs(i % 8 ? " " : "\n\t", out);
		if (as_float)
			write_float(out, ((const float *)memory)[i]);
		else
			fprintf(out, "0x%" PRIx64, get_bits(element, memory, i));
		fputc(',', out);
	}
	fprintf(out, "\n};\n");
}

/* ---- What is due ------------------------------------------------------------------------------------------------- */

static size_t count_due(const struct reproduction *r, size_t b)
{
	const struct trial *t = &r->trial;
	if (t->buffer[b].role == ROLE_IN)
		return 0;
	return t->spec->trim ? t->spec->trim(t, &r->placed[0], b) : t->buffer[b].count;
}

static bool is_bounded(const struct reproduction *r, size_t b)
{
	return r->by_oracle && r->trial.buffer[b].element == ELEMENT_F32;
}

/* The gates of compare.c, as one number. */
static void write_bound(FILE *out, const struct answer *answer, bool any_order)
{
	double value = answer->value, bound = answer->bound;
	if (answer->alarm > 0 && answer->alarm < bound)
		bound = answer->alarm;
	if (answer->has_canonical && !any_order)
		value = (double)answer->canonical, bound = 0;
	fputs("\n\t{", out);
	write_double(out, value);
	fputs(", ", out);
	write_double(out, bound);
	fputs("},", out);
}

/* Scalar's answer, or the oracle's where that is the judge. */
static void write_due(struct reproduction *r, size_t b, size_t count)
{
	const struct buffer *buffer = &r->trial.buffer[b];
	uint64_t *bits = take_room(&r->trial, 8 * count);
	if (is_bounded(r, b)) {
		fputs("static const struct bound ", r->out);
		write_identifier(r->out, buffer->name, "due");
		fprintf(r->out, "[%zu] = {", count);
	}
	for (size_t i = 0; r->by_oracle && i < count; i++) {
		struct answer answer = {0};
		r->trial.spec->judge(&r->trial, &r->placed[0], b, i, &answer);
		if (is_bounded(r, b))
			write_bound(r->out, &answer, r->trial.any_order);
		else
			memcpy((char *)bits + i * size_of_element(buffer->element), &answer.bits,
			       size_of_element(buffer->element));
	}
	if (is_bounded(r, b))
		fputs("\n};\n", r->out);
	else
		write_array(r->out, buffer->name, "want", buffer->element, r->by_oracle ? bits : r->placed[0].ours[b],
			    count);
}

/* ---- The parts --------------------------------------------------------------------------------------------------- */

static void write_member(struct reproduction *r, const struct member *m)
{
	const char *at = (const char *)r->args[0] + m->offset;
	if (strcmp(m->type, "float") == 0) {
		float x;
		memcpy(&x, at, sizeof x);
		fprintf(r->out, "\t.%s = ", m->name);
		write_float(r->out, x);
		fputs(",\n", r->out);
	} else if (strcmp(m->type, "uint32_t") == 0) {
		fprintf(r->out, "\t.%s = %#" PRIx64 ",\n", m->name, get_bits(ELEMENT_U32, at, 0));
	} else if (!strchr(m->type, '*')) {
		fprintf(r->out, "\t.%s = %" PRIu64 ",\n", m->name, get_bits(ELEMENT_U64, at, 0));
	}
}

static void write_arguments(struct reproduction *r)
{
	const struct member *list = lists[r->kernel]();
	fputs("static const struct {\n", r->out);
	for (const struct member *m = list; m->name; m++)
		fprintf(r->out, "\t%s%s%s;\n", m->type, strchr(m->type, '*') ? "" : " ", m->name);
	fputs("} arguments = {\n", r->out);
	for (const struct member *m = list; m->name; m++)
		write_member(r, m);
	fputs("};\n\n", r->out);
}

static void write_buffer(struct reproduction *r, size_t b)
{
	static const char *const roles[] = {"IN", "OUT", "INOUT"}, *const elements[] = {"F32", "U8", "U32", "U64"};
	const struct buffer *buffer = &r->trial.buffer[b];
	size_t offset = ((size_t)r->trial.point.at[AXIS_OFFSET] * (2 * b + 1)) % 16, count = count_due(r, b);
	fprintf(r->out, "\t{\"%s\", %s, %s, %zu, %zu, %zu, ", buffer->name, roles[buffer->role],
		elements[buffer->element], buffer->count, buffer->align, offset);
	if (buffer->role == ROLE_OUT || !buffer->count)
		fputs("NULL", r->out);
	else
		write_identifier(r->out, buffer->name, "in");
	fprintf(r->out, ", %zu, ", count);
	if (count && !is_bounded(r, b))
		write_identifier(r->out, buffer->name, "want");
	else
		fputs("NULL", r->out);
	fputs(", ", r->out);
	if (count && is_bounded(r, b))
		write_identifier(r->out, buffer->name, "due");
	else
		fputs("NULL", r->out);
	fputs("},\n", r->out);
}

static void write_pointers(struct reproduction *r, int in, const void *first, const void *second, size_t words)
{
	size_t target, at;
	for (size_t i = 0; i < words; i++)
		if (find_pointer(r, first, second, i, &target, &at))
			fprintf(r->out, "\t{%d, %zu, %zu, %zu}, /* %s leads to %s */\n", in, i, target, at,
				in == ARGS ? "ARGS" : r->trial.buffer[in].name, r->trial.buffer[target].name);
}

static void write_data(struct reproduction *r, const struct proof_entry *entry)
{
	const struct trial *t = &r->trial;
	fprintf(r->out, "static const char found[] = \"%s\"; /* the check that failed */\n",
		name_check(r->finding->check));
	fprintf(r->out, "enum { KERNEL = %u, STATUS = %d, STATUS_COUNTS = %d, ANY_ORDER = %d };\n",
		kernels[r->kernel].id, r->status, !r->by_oracle || r->finding->check == CHECK_STATUS, t->any_order);
	fprintf(r->out, "#define NEEDS \"%s\"\n#define SCRATCH ((size_t)%" PRIu64 ")\n", entry->needs, r->scratch);
	fprintf(r->out, "%s\n", r->finding->check == CHECK_HEAP ? "#define WATCH_HEAP\n" : "");
	write_arguments(r);
	for (size_t b = 0; b < t->buffers; b++) {
		if (t->buffer[b].role != ROLE_OUT && t->buffer[b].count)
			write_array(r->out, t->buffer[b].name, "in", t->buffer[b].element, r->content[b],
				    t->buffer[b].count);
		if (count_due(r, b))
			write_due(r, b, count_due(r, b));
	}
	fputs("\nstatic const struct buffer buffers[] = {\n", r->out);
	for (size_t b = 0; b < t->buffers; b++)
		write_buffer(r, b);
	fputs("};\n\nstatic const struct pointer pointers[] = {\n", r->out);
	write_pointers(r, ARGS, r->args[0], r->args[1], get_args_size(r->kernel) / 8);
	for (size_t b = 0; b < t->buffers; b++)
		if (has_words(&t->buffer[b]))
			write_pointers(r, (int)b, r->placed[0].ours[b], r->placed[1].ours[b], t->buffer[b].count);
	fputs("};\nenum { POINTERS = sizeof pointers / sizeof *pointers };\n\n", r->out);
}

static void write_head(struct reproduction *r, const struct proof *proof, const char *name)
{
	char text[1024], token[400];
	const char *file = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	describe_finding(r->finding, text, sizeof text);
	write_token(specs[r->kernel], r->finding->seed, &r->finding->point, token, sizeof token);
	fprintf(r->out, "/*\n * %s\n *\n", text);
	fprintf(r->out, " *     gcc -Wall -Wextra -o reproduce %s -ldl && ./reproduce PLUGIN.so\n *\n", file);
	fprintf(r->out,
		" * exits with 1 where the plugin is wrong, 0 where it is right. Found in %s %s by the check `%s` of "
		"tenon\n"
		" * verify, which replays it with\n *\n *     tenon verify PLUGIN.so --replay %s\n */\n",
		proof->candidate.vetted.name, proof->candidate.vetted.version, name_check(r->finding->check), token);
}

/* ---- What can be reproduced -------------------------------------------------------------------------------------- */

/* Why one call does not show it, or NULL. */
static const char *why_no_call(enum check check)
{
	if (check >= CHECK_LAW && check < CHECK_READ)
		return "it is a law, which compares several calls";
	if (check == CHECK_LOAD || check == CHECK_OPCODE || check == CHECK_VACUITY || check == CHECK_NONE)
		return "no call failed";
	return NULL;
}

static bool is_small(struct reproduction *r)
{
	size_t elements = 0;
	for (size_t b = 0; b < r->trial.buffers; b++)
		elements += r->trial.buffer[b].count + count_due(r, b);
	if (elements <= REPRODUCER_MAX)
		return true;
	explain(r->why, TENON_EINVAL, "the case has %zu elements, a reproducer at most %d; replay it instead", elements,
		REPRODUCER_MAX);
	return false;
}

bool write_reproducer(FILE *out, const struct proof *proof, const struct proof_entry *entry, const char *name,
		      struct why *why)
{
	static struct reproduction r;
	static const char mark[] = "/*@DATA@*/\n";
	const char *data = strstr(reproducer_template, mark), *wrong = why_no_call(entry->finding.check);
	bool is_scalar = !*proof->candidate.path, any_order = entry->numeric_class == TENON_BOUNDED;
	if (wrong || !make_room())
		return explain(why, TENON_EINVAL, "%s; replay it instead", wrong ? wrong : "out of memory"), false;
	r = (struct reproduction){.out = out,
				  .kernel = entry->kernel,
				  .finding = &entry->finding,
				  .by_oracle = is_scalar || any_order,
				  .why = why};
	build_case(&r, any_order);
	if (!is_small(&r))
		return false;
	write_head(&r, proof, name);
	fwrite(reproducer_template, 1, (size_t)(data - reproducer_template), out);
	write_data(&r, entry);
	fputs(data + strlen(mark), out);
	return true;
}
