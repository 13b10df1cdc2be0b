/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Word vectors, most frequent word first: those that tools/fetch-data converted, or, without them, vectors made from
 * the glosses of WordNet (glosses.c), the same on every machine. Immutable once open; any thread may read them.
 */
#ifndef TOOLS_DEMO_VECTORS_H
#define TOOLS_DEMO_VECTORS_H

#include "tools/demo/wordnet.h"

#define NO_ROW UINT32_MAX

struct vectors {
	struct store store;
	uint32_t count, dim;
	const float *rows;    /* [count][dim] */
	const uint32_t *word; /* [count] offsets into text */
	const char *text;
	bool from_glosses;
};

/* The sections of a vector store; WORD holds count + 1 offsets, the last one the size of TEXT. */
enum vector_section { VECTORS_ROWS, VECTORS_WORD, VECTORS_TEXT, VECTOR_SECTIONS };

/*
 * Opens DATA/vectors.bin; if there is none, DATA/glosses.bin; if there is none, makes that. A damaged vectors.bin is an
 * error, not a reason to go on with the glosses. Returns 0, or -1 with the reason in why.
 */
int open_vectors(struct vectors *vectors, const char *data, const struct wordnet *wordnet, char *why, size_t size);

/* Makes vectors from the glosses into a store at path. */
int make_gloss_vectors(struct store *store, const struct wordnet *wordnet, const char *path, char *why, size_t size);

void close_vectors(struct vectors *vectors);

/* The row of a word, or NO_ROW. */
uint32_t find_row(const struct vectors *vectors, const char *word);

static inline const char *word_of_row(const struct vectors *vectors, uint32_t row)
{
	return vectors->text + vectors->word[row];
}

#endif
