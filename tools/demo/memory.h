/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A semantic memory: words with vectors, concepts in a graph, and when each concept was last on its mind. recall() is
 * what a host of Tenon does all day: similarity, top-k, spreading activation, decay. A memory is immutable once open
 * and may be shared; a mind is one thread's.
 */
#ifndef TOOLS_DEMO_MEMORY_H
#define TOOLS_DEMO_MEMORY_H

#include <tenon/tenon.h>

#include "tools/demo/mentions.h"
#include "tools/demo/vectors.h"

enum {
	NEAREST = 32,  /* words near to the query that awaken their concepts */
	RECALLED = 24, /* concepts of an answer */
	TOGETHER = 8   /* queries answered in one pass over the vectors */
};

struct memory {
	struct wordnet wordnet;
	struct vectors vectors;
	uint32_t *row_lemma; /* [vectors.count] the lemma of a word, or NO_LEMMA */
	uint64_t *age;       /* [synsets] seconds since the concept was last on its mind; see memory.c */
	struct mentions mentions;
	struct tenon_graph *graph;
};

/* What one thread needs to recall. */
struct mind {
	const struct memory *memory;
	float *scores; /* [TOGETHER][vectors.count] */
	float *seed;   /* [synsets] */
	float *activation;
	float *recalled;
	struct tenon_workspace *workspace;
};

struct answer {
	uint32_t words;         /* how many of the next two */
	uint32_t word[NEAREST]; /* rows, nearest first */
	float similarity[NEAREST];
	uint32_t concepts;
	uint32_t concept[RECALLED]; /* synsets, strongest first */
	float strength[RECALLED];
	uint64_t digest; /* over every score of every word and every activation of every concept */
};

/* Opens WordNet and the vectors below the folder data and joins them. Returns 0, or -1 with the reason in why. */
int open_memory(struct memory *memory, const char *data, char *why, size_t size);
void close_memory(struct memory *memory);

/* Joins what is open already: the second half of open_memory(). */
int join_memory(struct memory *memory, char *why, size_t size);

/* Returns 0, or -1 when memory is short. */
int open_mind(struct mind *mind, const struct memory *memory);
void close_mind(struct mind *mind);

/* Answers count <= TOGETHER queries (rows of vectors). Returns 0, or the status of the kernel call that failed. */
int recall(struct mind *mind, const uint32_t *queries, size_t count, struct answer *answers);

/* Whether two answers have the same bits. */
bool same_answer(const struct answer *left, const struct answer *right);

/* Why the last answer of a mind has a concept. */
struct trace {
	uint32_t meant_by;               /* row of the nearest word that means it, or NO_ROW */
	uint32_t mentions, mentioned[3]; /* rows of near words that its gloss mentions, nearest first */
	uint32_t neighbour;              /* the concept that passed on most activation to it, or itself */
};
void trace_concept(const struct mind *mind, const struct answer *answer, uint32_t concept, struct trace *trace);

#endif
