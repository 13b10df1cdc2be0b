/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words in running text: lemmas behind inflected forms, and which glosses mention a lemma. No state; mentions are
 * immutable once made.
 */
#ifndef TOOLS_DEMO_MENTIONS_H
#define TOOLS_DEMO_MENTIONS_H

#include "tools/demo/wordnet.h"

enum { LONGEST_WORD = 64 };

/* The next word of *text in lower case, cut to fit; false at the end. */
bool next_word(const char **text, char word[LONGEST_WORD]);

/* The lemma of a lower-case word, found as it is or by undoing a regular ending ("rivers", "flowing"), or NO_LEMMA. */
uint32_t find_inflected(const struct wordnet *wordnet, const char *word);

/* A concept whose gloss mentions a lemma. share: 1 over the square root of how many lemmas the gloss mentions. */
struct mention {
	uint32_t synset;
	float share;
};

struct mentions {
	uint32_t *first; /* [lemmas + 1] into mention */
	struct mention *mention;
};

/*
 * Collects what the glosses mention, except those of names ("Danube"), which would drown all else: most rivers are
 * described as rivers. Returns 0, or -1 when memory is short.
 */
int make_mentions(struct mentions *mentions, const struct wordnet *wordnet);
void free_mentions(struct mentions *mentions);

#endif
