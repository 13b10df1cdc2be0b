/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The WordNet database: concepts (synsets), the words for them, and the semantic relations between them as a graph.
 * parse.c reads Princeton's text files (wndb(5WN)) once, wordnet.c maps the store that comes of it. Immutable once
 * open; any thread may read it.
 */
#ifndef TOOLS_DEMO_WORDNET_H
#define TOOLS_DEMO_WORDNET_H

#include "tools/demo/store.h"

#define NO_LEMMA UINT32_MAX

/* One meaning of a lemma. rank: 1 for the most frequent meaning within its part of speech. */
struct sense {
	uint32_t synset, rank;
};

struct wordnet {
	struct store store;
	uint32_t synsets, lemmas;
	size_t words, senses, edges;
	const char *text;           /* all strings, each with its NUL; the members below are offsets into it */
	const char *kind;           /* [synsets] n, v, a, s (satellite adjective) or r (adverb) */
	const uint32_t *gloss;      /* [synsets] definition and examples */
	const uint32_t *word_first; /* [synsets + 1] into word and word_lemma */
	const uint32_t *word;       /* as written: "Rhine River" */
	const uint32_t *word_lemma;
	const uint32_t *lemma;       /* [lemmas] lower case, spaces for underscores, ascending */
	const uint32_t *sense_first; /* [lemmas + 1] into sense */
	const struct sense *sense;   /* of a lemma: by rank, then the commonest part of speech first */
	const uint32_t *edge_source; /* [edges] by destination, then source; each pair once */
	const uint32_t *edge_destination;
	const float *edge_weight; /* how much of an activation the relation passes on */
};

/* Finds the folder with data.noun etc.: DATA/wordnet or /usr/share/wordnet. Returns 0, or -1 with the reason in why. */
int find_wordnet(const char *data, char *folder, size_t folder_size, char *why, size_t size);

/*
 * Opens the parsed database DATA/wordnet.bin, or parses the text files in folder and keeps the result there. *parsed
 * tells which. Returns 0, or -1 with the reason in why.
 */
int open_wordnet(struct wordnet *wordnet, const char *data, const char *folder, bool *parsed, char *why, size_t size);

/* Parses the text files in folder into a store at path: open_wordnet() without a look at what is kept. */
int parse_wordnet(struct store *store, const char *folder, const char *path, uint64_t stamp, char *why, size_t size);

void close_wordnet(struct wordnet *wordnet);

/* The lemma with that (lower case) text, or NO_LEMMA. */
uint32_t find_lemma(const struct wordnet *wordnet, const char *text);

/* The sections of a WordNet store. */
enum wordnet_section {
	WORDNET_TEXT,
	WORDNET_KIND,
	WORDNET_GLOSS,
	WORDNET_WORD_FIRST,
	WORDNET_WORD,
	WORDNET_WORD_LEMMA,
	WORDNET_LEMMA,
	WORDNET_SENSE_FIRST,
	WORDNET_SENSE,
	WORDNET_EDGE_SOURCE,
	WORDNET_EDGE_DESTINATION,
	WORDNET_EDGE_WEIGHT,
	WORDNET_SECTIONS
};

#endif
