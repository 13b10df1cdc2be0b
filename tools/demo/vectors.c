/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening word vectors and finding words in them. See vectors.h. No state of its own.
 */
#include "tools/demo/vectors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool view_store(struct vectors *vectors)
{
	size_t numbers, words, text;
	const struct store *store = &vectors->store;
	vectors->count = store->header->count;
	vectors->dim = store->header->dim;
	vectors->rows = store_section(store, VECTORS_ROWS, sizeof(float), &numbers);
	vectors->word = store_section(store, VECTORS_WORD, sizeof(uint32_t), &words);
	vectors->text = store_section(store, VECTORS_TEXT, 1, &text);
	if (vectors->count == 0 || vectors->dim == 0 || numbers != (size_t)vectors->count * vectors->dim ||
	    words != (size_t)vectors->count + 1 || text == 0 || vectors->text[text - 1] != '\0')
		return false;
	for (uint32_t i = 0; i < vectors->count; i++)
		if (vectors->word[i] >= text)
			return false;
	return true;
}

static int open_glosses(struct vectors *vectors, const char *data, const struct wordnet *wordnet, char *why,
			size_t size)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/glosses.bin", data);
	vectors->from_glosses = true;
	if (open_store(&vectors->store, path, STORE_VECTORS, wordnet->store.header->stamp, why, size) == 0) {
		if (view_store(vectors))
			return 0;
		close_vectors(vectors);
	}
	if (make_gloss_vectors(&vectors->store, wordnet, path, why, size) != 0)
		return -1;
	if (view_store(vectors))
		return 0;
	close_vectors(vectors);
	snprintf(why, size, "%s: there is no gloss to make vectors from", data);
	return -1;
}

int open_vectors(struct vectors *vectors, const char *data, const struct wordnet *wordnet, char *why, size_t size)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/vectors.bin", data);
	if (access(path, F_OK) != 0)
		return open_glosses(vectors, data, wordnet, why, size);
	vectors->from_glosses = false;
	if (open_store(&vectors->store, path, STORE_VECTORS, 0, why, size) == 0) {
		if (view_store(vectors))
			return 0;
		close_vectors(vectors);
		snprintf(why, size, "%s: its parts contradict each other", path);
	}
	size_t length = strlen(why);
	snprintf(why + length, size - length, "; remove it and fetch the data again");
	return -1;
}

void close_vectors(struct vectors *vectors)
{
	close_store(&vectors->store);
}

uint32_t find_row(const struct vectors *vectors, const char *word)
{
	for (uint32_t row = 0; row < vectors->count; row++)
		if (strcmp(word_of_row(vectors, row), word) == 0)
			return row;
	return NO_ROW;
}
