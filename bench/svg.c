/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The results as one page of bars, for people who would rather look: one block a race, longer is faster, everybody
 * beside everybody. Plain SVG without scripts or fonts of its own. No state.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "bench/run.h"

enum { PAGE = 1200, MARGIN = 40, COLUMN = 545, GAP = 30, TITLE = 36, BAR = 17, NAME = 150, LENGTH = 275, TOP = 150 };

struct block {
	const struct result *first;
	size_t count;
};

static const struct style {
	const char *fill, *legend;
} styles[] = {{"#b9cbe8", "Tenon, scalar"}, {"#5b8bd0", "Tenon, one ISA"},      {"#1b4f9c", "Tenon, the fastest"},
	      {"#c9c9c9", "plain loop"},    {"#f0f0f0", "the machine's limit"}, {"#e39a3b", "other libraries"}};
enum { STYLES = sizeof styles / sizeof styles[0] };

/* What a kernel is for, in words that need no document. */
static const struct {
	const char *kernel, *words;
} purposes[] = {
	{"vector_similarity", "cosine of a query with each of many vectors"},
	{"inner_product", "inner product of a query with each of many vectors"},
	{"squared_distance", "squared distance of a query from each of many vectors"},
	{"similarity_matrix", "cosine of every query with every centroid"},
	{"pairwise_similarity", "cosine of all pairs of vectors"},
	{"top_k", "the best of many scores"},
	{"spreading_activation", "activation flows along the edges of a graph"},
	{"decay_exponential", "memories fade with age: exp(-age)"},
	{"decay_power_law", "memories fade with age: a power law"},
	{"decay_two_component", "memories fade with age, each by its own stability"},
	{"binding_decay", "bindings weaken, in place"},
	{"fan_effect", "activation shared among the facts that a cue has"},
	{"delta_apply", "write the changed bytes into a page"},
	{"delta_merge", "join two sets of changes to a page"},
	{"delta_diff", "find what changed between two pages"},
	{"delta_encode", "pack the changes of a page"},
	{"delta_decode", "unpack and check the changes of a page"},
	{"crc32c", "checksum"},
};

static const char *purpose_of(const char *kernel)
{
	for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
		if (strcmp(purposes[i].kernel, kernel) == 0)
			return purposes[i].words;
	return "";
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* XML has three characters of its own. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
}

/* attributes: of the text element, beside its place. */
static void write_text(FILE *out, int x, int y, const char *attributes, const char *format, ...)
{
	char text[256];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	fprintf(out, "<text x=\"%d\" y=\"%d\" %s>", x, y, attributes);
	put_text(out, text);
	fputs("</text>\n", out);
}

static void format_time(char *text, size_t size, double ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	int unit = 0;
	while (ns >= 1000 && unit < 3) {
		ns /= 1000;
		unit++;
	}
	snprintf(text, size, ns < 10 ? "%.2f %s" : ns < 100 ? "%.1f %s" : "%.0f %s", ns, units[unit]);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

static bool same_race(const struct result *a, const struct result *b)
{
	return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->shape, b->shape) == 0;
}

/* The next block of results of one race, from *at on; only of races that have somebody to compare with. */
static bool next_block(const struct result *list, size_t count, size_t *at, struct block *block)
{
	while (*at < count) {
		*block = (struct block){&list[*at], 0};
		for (; *at < count && same_race(&list[*at], block->first); (*at)++)
			block->count++;
		if (block->count > 1 && find_kernel_name(block->first->kernel) >= 0)
			return true;
	}
	return false;
}

static int block_height(const struct block *block)
{
	return TITLE + (int)block->count * BAR + 14;
}

static double fastest_of(const struct block *block, bool backends_only)
{
	double best = INFINITY;
	for (size_t i = 0; i < block->count; i++)
		if (!backends_only || block->first[i].role == ROLE_BACKEND)
			best = fmin(best, block->first[i].timing.median);
	return best;
}

static int find_style(const struct block *block, const struct result *r)
{
	if (r->role == ROLE_BACKEND && r->timing.median <= fastest_of(block, true))
		return 2;
	if (r->role == ROLE_BACKEND)
		return strcmp(r->name, "scalar") == 0 ? 0 : 1;
	return r->role == ROLE_LOOP ? 3 : r->role == ROLE_LIMIT ? 4 : 5;
}

static void draw_bar(FILE *out, const struct block *block, const struct result *r, int x, int y)
{
	char time[32], ratio[32] = "";
	double length = fmax(LENGTH * fastest_of(block, false) / r->timing.median, 1);
	int style = find_style(block, r);
	write_text(out, x + NAME - 8, y + 12,
		   style == 2 ? "text-anchor=\"end\" font-weight=\"bold\"" : "text-anchor=\"end\"", "%s", r->name);
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"%s/>\n", x + NAME, y + 2, length,
		BAR - 4, styles[style].fill, style == 4 ? " stroke=\"#808080\" stroke-dasharray=\"3 2\"" : "");
	format_time(time, sizeof time, r->timing.median);
	if (isfinite(r->ratio_scalar) && r->role != ROLE_LOOP)
		snprintf(ratio, sizeof ratio, ", %.1f x", r->ratio_scalar);
	write_text(out, x + NAME + (int)length + 6, y + 12, "fill=\"#404040\"", "%s%s", time, ratio);
}

static void draw_block(FILE *out, const struct block *block, int x, int y)
{
	const char *kernel = block->first->kernel;
	fprintf(out,
		"<text x=\"%d\" y=\"%d\" font-size=\"14\"><tspan font-weight=\"bold\">%s</tspan>  "
		"<tspan font-size=\"12\">%s</tspan></text>\n",
		x, y + 14, kernel, purpose_of(kernel));
	write_text(out, x, y + 29, "fill=\"#606060\"", "%s", block->first->shape);
	for (size_t i = 0; i < block->count; i++)
		draw_bar(out, block, &block->first[i], x, y + TITLE + (int)i * BAR);
}

/* ---- The page ---------------------------------------------------------------------------------------------------- */

/* A block goes where there is more room, so that both columns end at about the same height, which it returns. */
static int lay_out(FILE *out)
{
	size_t count, at = 0;
	const struct result *list = list_results(&count);
	struct block block;
	int height[2] = {TOP, TOP};
	while (next_block(list, count, &at, &block)) {
		int column = height[1] < height[0];
		if (out)
			draw_block(out, &block, MARGIN + column * (COLUMN + GAP), height[column]);
		height[column] += block_height(&block);
	}
	return (height[0] > height[1] ? height[0] : height[1]) + 20;
}

static void draw_head(FILE *out, const struct environment *e)
{
	int x = MARGIN;
	write_text(out, MARGIN, 46, "font-size=\"24\" font-weight=\"bold\"", "How fast Tenon's kernels are");
	write_text(out, MARGIN, 70, "font-size=\"13\"",
		   "One block a kernel and size. Longer is faster. Beside each "
		   "bar: the time of one call, and how many times as fast as the plain loop it is.");
	write_text(out, MARGIN, 90, "fill=\"#606060\"", "%s, %s, %s, %s", e->cpu, e->level, e->compiler, e->kernel);
	for (int i = 0; i < STYLES; i++) {
		fprintf(out, "<rect x=\"%d\" y=\"108\" width=\"14\" height=\"14\" fill=\"%s\"%s/>\n", x, styles[i].fill,
			i == 4 ? " stroke=\"#808080\" stroke-dasharray=\"3 2\"" : "");
		write_text(out, x + 20, 119, "", "%s", styles[i].legend);
		x += 40 + 8 * (int)strlen(styles[i].legend);
	}
}

bool draw_results(FILE *out, const struct environment *environment)
{
	int height = lay_out(NULL);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"font-family=\"Helvetica, Arial, DejaVu Sans, sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		PAGE, height, PAGE, height);
	draw_head(out, environment);
	lay_out(out);
	fputs("</svg>\n", out);
	return !ferror(out);
}
