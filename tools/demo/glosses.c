/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Word vectors without a corpus: random indexing of the glosses of WordNet. Each word of a gloss has a fixed pattern
 * of 100 signs, made from a hash of it; a concept is the sum over its gloss, rare words weighing more; a lemma is the
 * sum of its meanings and their neighbours. All in integers, so the vectors are the same on every machine. One run,
 * one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/buffer.h"
#include "tools/demo/mentions.h"
#include "tools/demo/vectors.h"

enum { DIM = 100, SLOTS = 1 << 19, NEIGHBOURS = 12, MOST_MEANINGS = 12 };

/* A word that occurs in glosses, by its hash; 0 is an empty slot. */
struct token {
	uint64_t hash;
	uint32_t glosses;
};

struct maker {
	const struct wordnet *wordnet;
	struct token *tokens; /* [SLOTS] */
	int32_t *concepts;    /* [synsets][DIM] */
	uint32_t *out_first;  /* [synsets + 1] */
	uint32_t *out;
	uint64_t *ratings; /* [lemmas] ascending: the most frequent first, its number in the low half */
	float *rows;       /* [lemmas][DIM] */
	struct buffer words, text;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The hash of the next word of *text, without its plural s; 0 at the end. */
static uint64_t next_token(const char **text)
{
	char word[LONGEST_WORD];
	uint64_t hash = 0xcbf29ce484222325u;
	if (!next_word(text, word))
		return 0;
	size_t length = strlen(word);
	if (length > 3 && word[length - 1] == 's' && word[length - 2] != 's')
		length--;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)word[i]) * 0x100000001b3u;
	return hash | 1;
}

static struct token *find_token(const struct maker *maker, uint64_t hash)
{
	size_t slot = (size_t)(mix(hash) % SLOTS);
	while (maker->tokens[slot].hash != 0 && maker->tokens[slot].hash != hash)
		slot = (slot + 1) % SLOTS;
	return &maker->tokens[slot];
}

/* WordNet has about 90,000; a table that is nearly full would be a table that never ends. */
static int count_tokens(struct maker *maker)
{
	const struct wordnet *wordnet = maker->wordnet;
	size_t used = 0;
	for (uint32_t synset = 0; synset < wordnet->synsets; synset++) {
		const char *text = wordnet->text + wordnet->gloss[synset];
		for (uint64_t hash; (hash = next_token(&text)) != 0;) {
			struct token *token = find_token(maker, hash);
			used += token->hash == 0;
			token->hash = hash;
			token->glosses++;
		}
		if (used > SLOTS / 2)
			return -1;
	}
	return 0;
}

/* Twice the binary logarithm of how rare a word is, rounded down: 0 for one in every gloss. */
static int32_t weigh(const struct maker *maker, const struct token *token)
{
	uint64_t ratio = maker->wordnet->synsets / (token->glosses > 0 ? token->glosses : 1);
	int32_t weight = 0;
	for (ratio *= ratio; ratio > 1; ratio /= 2)
		weight++;
	return weight;
}

static void add_pattern(int32_t *sum, uint64_t hash, int32_t weight)
{
	for (int base = 0; base < DIM; base += 64) {
		uint64_t signs = mix(hash + (uint64_t)base);
		for (int i = base; i < DIM && i < base + 64; i++)
			sum[i] += signs >> (i - base) & 1 ? weight : -weight;
	}
}

static void add_text(const struct maker *maker, int32_t *sum, const char *text, int32_t times)
{
	for (uint64_t hash; (hash = next_token(&text)) != 0;)
		add_pattern(sum, hash, times * weigh(maker, find_token(maker, hash)));
}

static void make_concepts(struct maker *maker)
{
	const struct wordnet *wordnet = maker->wordnet;
	for (uint32_t synset = 0; synset < wordnet->synsets; synset++) {
		int32_t *sum = maker->concepts + (size_t)synset * DIM;
		add_text(maker, sum, wordnet->text + wordnet->gloss[synset], 1);
		for (uint32_t i = wordnet->word_first[synset]; i < wordnet->word_first[synset + 1]; i++)
			add_text(maker, sum, wordnet->text + wordnet->word[i], 2);
	}
}

/* The edges come by destination; here by source. */
static void turn_edges(struct maker *maker)
{
	const struct wordnet *wordnet = maker->wordnet;
	uint32_t *first = maker->out_first;
	for (size_t i = 0; i < wordnet->edges; i++)
		first[wordnet->edge_source[i] + 1]++;
	for (uint32_t i = 0; i < wordnet->synsets; i++)
		first[i + 1] += first[i];
	for (size_t i = wordnet->edges; i-- > 0;)
		maker->out[--first[wordnet->edge_source[i] + 1]] = wordnet->edge_destination[i];
}

static void add_concept(const struct maker *maker, int32_t *sum, uint32_t synset, int32_t times)
{
	for (int i = 0; i < DIM; i++)
		sum[i] += times * maker->concepts[(size_t)synset * DIM + (size_t)i];
}

/* The more frequent a meaning, the more it counts; what it is related to counts for a quarter. */
static void make_row(const struct maker *maker, uint32_t lemma, float *row)
{
	const struct wordnet *wordnet = maker->wordnet;
	int32_t sum[DIM] = {0};
	uint32_t first = wordnet->sense_first[lemma], last = wordnet->sense_first[lemma + 1];
	for (uint32_t i = first; i < last && i < first + MOST_MEANINGS; i++) {
		uint32_t synset = wordnet->sense[i].synset;
		int32_t share = 48 / (int32_t)(wordnet->sense[i].rank < 12 ? wordnet->sense[i].rank : 12);
		add_concept(maker, sum, synset, share);
		for (uint32_t j = maker->out_first[synset]; j < maker->out_first[synset + 1]; j++) {
			if (j - maker->out_first[synset] == NEIGHBOURS)
				break;
			add_concept(maker, sum, maker->out[j], share / 4);
		}
	}
	for (int i = 0; i < DIM; i++)
		row[i] = (float)sum[i];
}

/* Lemmas of several words are in no corpus of single words: they come last. */
static uint64_t rate_lemma(const struct maker *maker, uint32_t lemma)
{
	const char *text = maker->wordnet->text + maker->wordnet->lemma[lemma];
	uint64_t hash = next_token(&text);
	uint64_t glosses = hash != 0 && *text == '\0' ? find_token(maker, hash)->glosses : 0;
	return (UINT32_MAX - glosses) << 32 | lemma;
}

static int compare_ratings(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static void make_rows(struct maker *maker)
{
	const struct wordnet *wordnet = maker->wordnet;
	uint32_t at = 0;
	for (uint32_t i = 0; i < wordnet->lemmas; i++)
		maker->ratings[i] = rate_lemma(maker, i);
	qsort(maker->ratings, wordnet->lemmas, sizeof *maker->ratings, compare_ratings);
	for (uint32_t i = 0; i < wordnet->lemmas; i++) {
		uint32_t lemma = (uint32_t)maker->ratings[i];
		const char *text = wordnet->text + wordnet->lemma[lemma];
		make_row(maker, lemma, maker->rows + (size_t)i * DIM);
		append(&maker->words, &at, sizeof at);
		append(&maker->text, text, strlen(text) + 1);
		at = (uint32_t)maker->text.size;
	}
	append(&maker->words, &at, sizeof at);
}

static bool reserve(struct maker *maker)
{
	size_t synsets = maker->wordnet->synsets, lemmas = maker->wordnet->lemmas;
	maker->tokens = calloc(SLOTS, sizeof *maker->tokens);
	maker->concepts = calloc(synsets * DIM, sizeof *maker->concepts);
	maker->out_first = calloc(synsets + 2, sizeof *maker->out_first);
	maker->out = calloc(maker->wordnet->edges + 1, sizeof *maker->out);
	maker->ratings = calloc(lemmas, sizeof *maker->ratings);
	maker->rows = calloc(lemmas * DIM, sizeof *maker->rows);
	return maker->tokens && maker->concepts && maker->out_first && maker->out && maker->ratings && maker->rows;
}

static void release(struct maker *maker)
{
	free(maker->tokens);
	free(maker->concepts);
	free(maker->out_first);
	free(maker->out);
	free(maker->ratings);
	free(maker->rows);
	free(maker->words.data);
	free(maker->text.data);
}

static int keep(struct maker *maker, struct store *store, const char *path, char *why, size_t size)
{
	const struct wordnet *wordnet = maker->wordnet;
	const struct store_header header = {.kind = STORE_VECTORS,
					    .count = wordnet->lemmas,
					    .dim = DIM,
					    .stamp = wordnet->store.header->stamp,
					    .sections = VECTOR_SECTIONS};
	const struct store_part parts[VECTOR_SECTIONS] = {
		[VECTORS_ROWS] = {maker->rows, (size_t)wordnet->lemmas * DIM * sizeof *maker->rows},
		[VECTORS_WORD] = {maker->words.data, maker->words.size},
		[VECTORS_TEXT] = {maker->text.data, maker->text.size}};
	bool kept;
	return make_store(store, path, &header, parts, &kept, why, size);
}

int make_gloss_vectors(struct store *store, const struct wordnet *wordnet, const char *path, char *why, size_t size)
{
	struct maker maker = {.wordnet = wordnet};
	int result = -1;
	if (!reserve(&maker) || count_tokens(&maker) != 0) {
		snprintf(why, size, "%s: out of memory", path);
	} else {
		make_concepts(&maker);
		turn_edges(&maker);
		make_rows(&maker);
		if (maker.words.failed || maker.text.failed)
			snprintf(why, size, "%s: out of memory", path);
		else
			result = keep(&maker, store, path, why, size);
	}
	release(&maker);
	return result;
}
