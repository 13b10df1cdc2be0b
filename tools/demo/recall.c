/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recall: from a word to the concepts that come to mind. See memory.h. All arithmetic on floats is in kernels of
 * Tenon or in plain sums here, so an answer has the same bits whichever backend served it. One thread a mind.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/memory.h"

/* Rows that stay in the second-level cache while all queries of a pass visit them. */
#define BLOCK_ROWS 1024u
#define DIGEST_LANES 16u

static const float days = 86400.0f;

int open_mind(struct mind *mind, const struct memory *memory)
{
	size_t words = memory->vectors.count, synsets = memory->wordnet.synsets;
	*mind = (struct mind){.memory = memory};
	mind->scores = malloc(TOGETHER * words * sizeof *mind->scores);
	mind->seed = malloc((synsets + 1) * sizeof *mind->seed);
	mind->activation = malloc((synsets + 1) * sizeof *mind->activation);
	mind->recalled = malloc((synsets + 1) * sizeof *mind->recalled);
	if (mind->scores && mind->seed && mind->activation && mind->recalled &&
	    tenon_workspace_create(memory->graph, &mind->workspace) == 0)
		return 0;
	close_mind(mind);
	return -1;
}

void close_mind(struct mind *mind)
{
	tenon_workspace_destroy(mind->workspace);
	free(mind->scores);
	free(mind->seed);
	free(mind->activation);
	free(mind->recalled);
	*mind = (struct mind){0};
}

/* Every query against a block of words before the next block: the vectors pass through the caches once for all. */
static int compare_words(struct mind *mind, const uint32_t *queries, size_t count)
{
	const struct vectors *vectors = &mind->memory->vectors;
	for (uint32_t row = 0; row < vectors->count; row += BLOCK_ROWS) {
		for (size_t i = 0; i < count; i++) {
			const struct tenon_vector_similarity_args args = {
				.query = vectors->rows + (size_t)queries[i] * vectors->dim,
				.rows = vectors->rows + (size_t)row * vectors->dim,
				.count = vectors->count - row < BLOCK_ROWS ? vectors->count - row : BLOCK_ROWS,
				.dim = vectors->dim,
				.stride = vectors->dim,
				.scores = mind->scores + i * vectors->count + row};
			int status = tenon_vector_similarity(&args);
			if (status != 0)
				return status;
		}
	}
	return 0;
}

static int find_best(const float *scores, size_t n, size_t k, uint32_t *found, uint32_t *indices, float *values)
{
	size_t count = 0;
	const struct tenon_top_k_args args = {
		.scores = scores, .n = n, .k = k, .indices = indices, .values = values, .count = &count};
	int status = tenon_top_k(&args);
	*found = (uint32_t)count;
	return status;
}

/* Thinking of a thing brings things to mind more than deeds: concepts unlike the query's part of speech count less. */
static float likeness(char kind, char query)
{
	if (kind == 's')
		kind = 'a';
	return kind == (query == 's' ? 'a' : query) ? 1.0f : 0.3f;
}

/* A near word awakens its meanings, the more frequent the more ... */
static void awaken_meanings(struct mind *mind, uint32_t lemma, float nearness, char kind)
{
	const struct wordnet *wordnet = &mind->memory->wordnet;
	for (uint32_t i = wordnet->sense_first[lemma]; i < wordnet->sense_first[lemma + 1]; i++) {
		struct sense sense = wordnet->sense[i];
		float rank = (float)sense.rank;
		mind->seed[sense.synset] += nearness / (rank * rank) * likeness(wordnet->kind[sense.synset], kind);
	}
}

/* ... and those that its definition takes part in; a word that is used everywhere says little. */
static void awaken_mentions(struct mind *mind, uint32_t lemma, float nearness, char kind)
{
	const struct wordnet *wordnet = &mind->memory->wordnet;
	const struct mentions *mentions = &mind->memory->mentions;
	uint32_t first = mentions->first[lemma], count = mentions->first[lemma + 1] - first;
	float weight = nearness / (1 + sqrtf((float)count / 100));
	for (uint32_t i = first; i < first + count; i++) {
		struct mention mention = mentions->mention[i];
		mind->seed[mention.synset] += weight * mention.share * likeness(wordnet->kind[mention.synset], kind);
	}
}

static void awaken(struct mind *mind, uint32_t query, const struct answer *answer)
{
	const struct memory *memory = mind->memory;
	const struct wordnet *wordnet = &memory->wordnet;
	uint32_t asked = memory->row_lemma[query];
	char kind = asked == NO_LEMMA ? 'n' : wordnet->kind[wordnet->sense[wordnet->sense_first[asked]].synset];
	memset(mind->seed, 0, wordnet->synsets * sizeof *mind->seed);
	for (uint32_t i = 0; i < answer->words; i++) {
		uint32_t lemma = memory->row_lemma[answer->word[i]];
		float similarity = answer->similarity[i];
		if (lemma == NO_LEMMA || !(similarity > 0))
			continue;
		float nearness = similarity * similarity * (similarity * similarity);
		awaken_meanings(mind, lemma, nearness, kind);
		awaken_mentions(mind, lemma, nearness, kind);
	}
}

/* The square root of the fan keeps hubs ("person", with hundreds of kinds) from drowning everything else. */
static int spread(struct mind *mind)
{
	const struct tenon_spreading_activation_args args = {.graph = mind->memory->graph,
							     .initial = mind->seed,
							     .activation = mind->activation,
							     .workspace = mind->workspace,
							     .mode = TENON_SPREAD_STEP,
							     .layout = TENON_LAYOUT_AUTO,
							     .fan = TENON_FAN_SQRT,
							     .norm = TENON_NORM_NONE,
							     .steps = 2,
							     .threshold = 0.02f,
							     .decay = 0.5f,
							     .retain = 1.0f};

	return tenon_spreading_activation(&args);
}

static int forget(struct mind *mind)
{
	const struct tenon_decay_exponential_args args = {.values = mind->activation,
							  .ages = mind->memory->age,
							  .n = mind->memory->wordnet.synsets,
							  .tau = 30 * days,
							  .floor = -INFINITY,
							  .out = mind->recalled};
	return tenon_decay_exponential(&args);
}

/* Changes if one bit of one value does; in lanes, so that it costs little beside the kernels whose work it watches. */
static uint64_t digest_floats(uint64_t digest, const float *values, size_t count)
{
	uint32_t lane[DIGEST_LANES] = {0}, word[DIGEST_LANES];
	size_t i = 0;
	for (; i + DIGEST_LANES <= count; i += DIGEST_LANES) {
		memcpy(word, values + i, sizeof word);
		for (size_t j = 0; j < DIGEST_LANES; j++)
			lane[j] = (lane[j] << 7 | lane[j] >> 25) + word[j];
	}
	for (; i < count; i++) {
		memcpy(word, values + i, sizeof *word);
		digest = (digest ^ *word) * 0x100000001b3u;
	}
	for (size_t j = 0; j < DIGEST_LANES; j++)
		digest = (digest ^ lane[j]) * 0x100000001b3u;
	return digest;
}

static int finish(struct mind *mind, uint32_t query, const float *scores, struct answer *answer)
{
	size_t words = mind->memory->vectors.count, synsets = mind->memory->wordnet.synsets;
	*answer = (struct answer){0};
	int status = find_best(scores, words, NEAREST, &answer->words, answer->word, answer->similarity);
	if (status != 0)
		return status;
	awaken(mind, query, answer);
	status = spread(mind);
	if (status == 0)
		status = forget(mind);
	if (status == 0)
		status = find_best(mind->recalled, synsets, RECALLED, &answer->concepts, answer->concept,
				   answer->strength);
	answer->digest = digest_floats(digest_floats(0xcbf29ce484222325u, scores, words), mind->recalled, synsets);
	return status;
}

int recall(struct mind *mind, const uint32_t *queries, size_t count, struct answer *answers)
{
	int status = compare_words(mind, queries, count);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = finish(mind, queries[i], mind->scores + i * mind->memory->vectors.count, &answers[i]);
	return status;
}

/* Both were zeroed before they were filled, so that bytes beyond the counts are equal. */
bool same_answer(const struct answer *left, const struct answer *right)
{
	return memcmp(left, right, sizeof *left) == 0;
}

/* ---- Why --------------------------------------------------------------------------------------------------------- */

static uint32_t find_strongest_neighbour(const struct mind *mind, uint32_t concept)
{
	const struct tenon_graph *graph = mind->memory->graph;
	uint32_t strongest = concept;
	float most = 0;
	for (uint32_t i = graph->in_offset[concept]; i < graph->in_offset[concept + 1]; i++) {
		uint32_t source = graph->in[i].node;
		float fan = (float)(graph->out_offset[source + 1] - graph->out_offset[source]);
		float passed = mind->activation[source] / sqrtf(fan) * graph->in[i].weight;
		if (passed > most) {
			most = passed;
			strongest = source;
		}
	}
	return strongest;
}

static bool is_meant(const struct wordnet *wordnet, uint32_t lemma, uint32_t concept)
{
	for (uint32_t i = wordnet->sense_first[lemma]; i < wordnet->sense_first[lemma + 1]; i++)
		if (wordnet->sense[i].synset == concept)
			return true;
	return false;
}

static bool is_traced(const struct memory *memory, const struct trace *trace, uint32_t lemma)
{
	for (uint32_t i = 0; i < trace->mentions; i++)
		if (memory->row_lemma[trace->mentioned[i]] == lemma)
			return true;
	return false;
}

static bool is_mentioned(const struct mentions *mentions, uint32_t lemma, uint32_t concept)
{
	for (uint32_t i = mentions->first[lemma]; i < mentions->first[lemma + 1]; i++)
		if (mentions->mention[i].synset == concept)
			return true;
	return false;
}

void trace_concept(const struct mind *mind, const struct answer *answer, uint32_t concept, struct trace *trace)
{
	const struct memory *memory = mind->memory;
	*trace = (struct trace){.meant_by = NO_ROW, .neighbour = find_strongest_neighbour(mind, concept)};
	for (uint32_t i = 0; i < answer->words; i++) {
		uint32_t lemma = memory->row_lemma[answer->word[i]];
		if (lemma == NO_LEMMA)
			continue;
		if (trace->meant_by == NO_ROW && is_meant(&memory->wordnet, lemma, concept))
			trace->meant_by = answer->word[i];
		if (trace->mentions < 3 && !is_traced(memory, trace, lemma) &&
		    is_mentioned(&memory->mentions, lemma, concept))
			trace->mentioned[trace->mentions++] = answer->word[i];
	}
}
