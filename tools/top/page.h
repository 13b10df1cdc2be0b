/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Samples as lines of text of a width, for a screen or for --once. Pure functions; every byte of a line is printable
 * ASCII, whatever processes call themselves.
 */
#ifndef TOOLS_TOP_PAGE_H
#define TOOLS_TOP_PAGE_H

#include "tools/top/sample.h"

enum tone { TONE_PLAIN, TONE_HEAD, TONE_CHOSEN, TONE_GOOD, TONE_BAD, TONE_FAINT };

#define PAGE_WIDTH 200
#define PAGE_LINES 256

struct page {
	size_t width, count;
	size_t tail; /* the events: the lines from here on, of which the first go first where room is short */
	struct page_line {
		enum tone tone;
		bool goes_on; /* from the line above */
		char text[PAGE_WIDTH + 1];
	} line[PAGE_LINES];
};

/* Narrower than that, a process takes two lines. */
enum { PAGE_WIDE = 80 };

void start_page(struct page *page, size_t width);

/* A line, cut to the width; dropped when there are PAGE_LINES. */
__attribute__((format(printf, 3, 4))) void add_page_line(struct page *page, enum tone tone, const char *format, ...);

/* The same, but broken between words into up to PAGE_WRAPS lines, those behind the first indented. */
enum { PAGE_WRAPS = 4 };
__attribute__((format(printf, 3, 4))) void add_page_text(struct page *page, enum tone tone, const char *format, ...);

/* The processes, one or two lines each; the chosen one (or none: count) marked. */
void add_processes(struct page *page, const struct sample *samples, size_t count, size_t chosen);

/* All about one: what is wrong, rollout, arenas, the last events (at most so many). */
void add_details(struct page *page, const struct sample *sample, size_t events);

/* As many processes as leave room for details on a page of that height, the chosen one among them, and its details. */
void add_body(struct page *page, const struct sample *samples, size_t count, size_t chosen, size_t height);

/* Drops the oldest events as far as the page is too high; the last event stays whole, or goes. */
void fit_page(struct page *page, size_t height);

/* "12.3M", "850", "1.21us"; "-" for what is unknown, below 0. At most 7 bytes. */
void format_rate(double per_second, char text[16]);
void format_seconds(double seconds, char text[16]);
void format_bytes(uint64_t bytes, char text[16]);

#endif
