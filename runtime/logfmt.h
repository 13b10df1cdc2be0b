/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the control protocol, logfmt style: key=value, with quotes where a value needs them. Both ends of the
 * socket use this file. Pure functions over the caller's buffers; knows nothing of threads.
 */
#ifndef RUNTIME_LOGFMT_H
#define RUNTIME_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>

/* Text that grows up to size, always terminated; cut is set, and nothing half written kept, once it is full. */
struct text {
	char *bytes;
	size_t size, length;
	bool cut;
	size_t most; /* how far it may grow, on the heap; 0: it may not */
};

/* Starts an empty text over bytes[size]. */
void start_text(struct text *text, char *bytes, size_t size);

/* Starts an empty text on the heap, which grows up to most; cut at once without memory. */
void start_growing_text(struct text *text, size_t most);
void free_text(struct text *text);

/* Appends as it is. */
__attribute__((format(printf, 2, 3))) void add_text(struct text *text, const char *format, ...);

/* Appends one word, quoted if need be: `avx2`, `"/a b.so"`. */
void add_word(struct text *text, const char *word);

/* Appends `key=value`, after a space unless at the start of a line. */
__attribute__((format(printf, 3, 4))) void add_pair(struct text *text, const char *key, const char *format, ...);

/*
 * Cuts the next word off *cursor, unquoting in place: *key, and *value behind a '=' (NULL without one). False at the
 * end of the text, or where it does not parse; then *cursor is NULL.
 */
bool next_pair(char **cursor, char **key, char **value);

#endif
