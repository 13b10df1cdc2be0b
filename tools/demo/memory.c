/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a semantic memory: joining words, concepts and relations. See memory.h. One thread opens and closes.
 */
#include "tools/demo/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * When a concept was last on the memory's mind. Nobody lived this memory, so its past is derived from how common
 * words are: vectors come most frequent word first, and by Zipf's law the word of rank r is met once in about r *
 * ln(n) words. Someone who meets 20,000 words a day has thus met it r * 12.7 / 20,000 days ago, and its second
 * meaning half as often.
 */
#define SECONDS_PER_RANK 55u
#define NEVER_MET 1000000u

static uint32_t rank_of_sense(const struct wordnet *wordnet, uint32_t lemma, uint32_t synset)
{
	for (uint32_t i = wordnet->sense_first[lemma]; i < wordnet->sense_first[lemma + 1]; i++)
		if (wordnet->sense[i].synset == synset)
			return wordnet->sense[i].rank;
	return 1;
}

/* The rank of a text is that of its rarest word: "body of water" is as rare as "body". */
static uint32_t rank_of_text(const struct memory *memory, const uint32_t *lemma_row, const char *text)
{
	char word[256];
	uint32_t rarest = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		uint32_t lemma = NO_LEMMA;
		if (length < sizeof word) {
			memcpy(word, text, length);
			word[length] = '\0';
			lemma = find_lemma(&memory->wordnet, word);
		}
		uint32_t row = lemma == NO_LEMMA ? NO_ROW : lemma_row[lemma];
		/* Little words ("of") are no lemmas; they are the most frequent of all. */
		if (row == NO_ROW && length > 3)
			row = NEVER_MET;
		if (row != NO_ROW && row > rarest)
			rarest = row;
		text += length + (text[length] == ' ');
	}
	return rarest;
}

static void date_concepts(struct memory *memory, const uint32_t *lemma_row)
{
	const struct wordnet *wordnet = &memory->wordnet;
	for (uint32_t synset = 0; synset < wordnet->synsets; synset++) {
		uint64_t best = NEVER_MET;
		for (uint32_t i = wordnet->word_first[synset]; i < wordnet->word_first[synset + 1]; i++) {
			uint32_t lemma = wordnet->word_lemma[i], row = lemma_row[lemma];
			if (row == NO_ROW)
				row = rank_of_text(memory, lemma_row, wordnet->text + wordnet->lemma[lemma]);
			uint64_t rank = (uint64_t)row * rank_of_sense(wordnet, lemma, synset);
			if (rank < best)
				best = rank;
		}
		memory->age[synset] = best * SECONDS_PER_RANK;
	}
}

/*
 * An edge passes on what its relation is worth, over the square root of how many edges reach the same concept. With the
 * square root of the fan on the sending side (recall.c) neither a hub that sends nor one that receives drowns the rest.
 */
static int make_graph(struct memory *memory)
{
	const struct wordnet *wordnet = &memory->wordnet;
	uint32_t *reach = calloc((size_t)wordnet->synsets + 1, sizeof *reach);
	float *weight = malloc((wordnet->edges + 1) * sizeof *weight);
	const struct tenon_graph_edges edges = {.nodes = wordnet->synsets,
						.count = wordnet->edges,
						.source = wordnet->edge_source,
						.destination = wordnet->edge_destination,
						.weight = weight};
	int status = TENON_ENOMEM;
	for (size_t i = 0; reach && i < wordnet->edges; i++)
		reach[wordnet->edge_destination[i]]++;
	for (size_t i = 0; reach && weight && i < wordnet->edges; i++)
		weight[i] = wordnet->edge_weight[i] / sqrtf((float)reach[wordnet->edge_destination[i]]);
	if (reach && weight)
		status = tenon_graph_create(&edges, 0, &memory->graph);
	free(reach);
	free(weight);
	return status;
}

/* Finds the lemma behind each word, and the most frequent word for each lemma. */
static void join_words(struct memory *memory, uint32_t *lemma_row)
{
	const struct vectors *vectors = &memory->vectors;
	memset(lemma_row, 0xff, ((size_t)memory->wordnet.lemmas + 1) * sizeof *lemma_row);
	for (uint32_t row = vectors->count; row-- > 0;) {
		uint32_t lemma = find_inflected(&memory->wordnet, word_of_row(vectors, row));
		memory->row_lemma[row] = lemma;
		if (lemma != NO_LEMMA)
			lemma_row[lemma] = row;
	}
}

int join_memory(struct memory *memory, char *why, size_t size)
{
	const struct wordnet *wordnet = &memory->wordnet;
	uint32_t *lemma_row = malloc(((size_t)wordnet->lemmas + 1) * sizeof *lemma_row);
	int status = TENON_ENOMEM;
	memory->row_lemma = malloc((size_t)memory->vectors.count * sizeof *memory->row_lemma);
	memory->age = malloc(((size_t)wordnet->synsets + 1) * sizeof *memory->age);
	if (lemma_row && memory->row_lemma && memory->age) {
		join_words(memory, lemma_row);
		date_concepts(memory, lemma_row);
		if (make_mentions(&memory->mentions, wordnet) == 0)
			status = make_graph(memory);
	}
	free(lemma_row);
	if (status == 0)
		return 0;
	snprintf(why, size, "cannot join words and concepts: %s", tenon_strerror(status));
	return -1;
}

int open_memory(struct memory *memory, const char *data, char *why, size_t size)
{
	char folder[4096];
	bool parsed;
	*memory = (struct memory){0};
	if (find_wordnet(data, folder, sizeof folder, why, size) == 0 &&
	    open_wordnet(&memory->wordnet, data, folder, &parsed, why, size) == 0 &&
	    open_vectors(&memory->vectors, data, &memory->wordnet, why, size) == 0 &&
	    join_memory(memory, why, size) == 0)
		return 0;
	close_memory(memory);
	return -1;
}

void close_memory(struct memory *memory)
{
	tenon_graph_destroy(memory->graph);
	memory->graph = NULL;
	free_mentions(&memory->mentions);
	free(memory->row_lemma);
	memory->row_lemma = NULL;
	free(memory->age);
	memory->age = NULL;
	close_vectors(&memory->vectors);
	close_wordnet(&memory->wordnet);
}
