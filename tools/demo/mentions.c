/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words in running text. See mentions.h.
 */
#include "tools/demo/mentions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/buffer.h"

enum { LEAST_LETTERS = 3, MOST_PER_GLOSS = 128 };

/* Regular endings, as morphy(7WN) undoes them; the irregular ones are not worth a file of exceptions here. */
static const struct {
	const char *ending, *base;
} endings[] = {
	{"ies", "y"},   {"ches", "ch"}, {"shes", "sh"}, {"sses", "ss"}, {"xes", "x"}, {"zes", "z"},
	{"men", "man"}, {"s", ""},      {"es", ""},     {"ed", "e"},    {"ed", ""},   {"ing", "e"},
	{"ing", ""},    {"er", ""},     {"er", "e"},    {"est", ""},    {"est", "e"},
};

uint32_t find_inflected(const struct wordnet *wordnet, const char *word)
{
	char base[LONGEST_WORD];
	size_t length = strlen(word);
	uint32_t lemma = find_lemma(wordnet, word);
	for (size_t i = 0; lemma == NO_LEMMA && length < sizeof base && i < sizeof endings / sizeof endings[0]; i++) {
		size_t end = strlen(endings[i].ending);
		if (length < end + 3 || strcmp(word + length - end, endings[i].ending) != 0)
			continue;
		memcpy(base, word, length - end);
		strcpy(base + length - end, endings[i].base);
		lemma = find_lemma(wordnet, base);
	}
	return lemma;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool next_word(const char **text, char word[LONGEST_WORD])
{
	const char *at = *text;
	size_t length = 0;
	while (*at != '\0' && !is_letter(*at))
		at++;
	for (; is_letter(*at); at++)
		if (length < LONGEST_WORD - 1)
			word[length++] = (char)(*at | 0x20);
	word[length] = '\0';
	*text = at;
	return length > 0;
}

/* The distinct lemmas that a gloss mentions, in lemmas; how many. */
static uint32_t read_gloss(const struct wordnet *wordnet, const char *gloss, uint32_t lemmas[MOST_PER_GLOSS])
{
	char word[LONGEST_WORD];
	uint32_t count = 0;
	while (count < MOST_PER_GLOSS && next_word(&gloss, word)) {
		uint32_t known = 0, lemma = strlen(word) < LEAST_LETTERS ? NO_LEMMA : find_inflected(wordnet, word);
		while (known < count && lemmas[known] != lemma)
			known++;
		if (lemma != NO_LEMMA && known == count)
			lemmas[count++] = lemma;
	}
	return count;
}

static bool is_name(const struct wordnet *wordnet, uint32_t synset)
{
	uint32_t first = wordnet->word_first[synset];
	char letter = first < wordnet->word_first[synset + 1] ? wordnet->text[wordnet->word[first]] : '\0';
	return letter >= 'A' && letter <= 'Z';
}

/* A mention before it is sorted to its lemma. */
struct find {
	uint32_t lemma;
	struct mention mention;
};

static void collect(const struct wordnet *wordnet, struct buffer *finds)
{
	uint32_t lemmas[MOST_PER_GLOSS];
	for (uint32_t synset = 0; synset < wordnet->synsets; synset++) {
		if (is_name(wordnet, synset))
			continue;
		uint32_t count = read_gloss(wordnet, wordnet->text + wordnet->gloss[synset], lemmas);
		for (uint32_t i = 0; i < count; i++) {
			struct find find = {lemmas[i], {synset, 1 / sqrtf((float)count)}};
			append(finds, &find, sizeof find);
		}
	}
}

int make_mentions(struct mentions *mentions, const struct wordnet *wordnet)
{
	struct buffer finds = {0};
	collect(wordnet, &finds);
	const struct find *find = (const void *)finds.data;
	size_t count = finds.size / sizeof *find;
	mentions->first = calloc((size_t)wordnet->lemmas + 2, sizeof *mentions->first);
	mentions->mention = malloc((count + 1) * sizeof *mentions->mention);
	if (finds.failed || !mentions->first || !mentions->mention) {
		free(finds.data);
		return -1;
	}
	/* A counting sort by lemma: first[l + 1] counts, then is where the next one of lemma l goes. */
	for (size_t i = 0; i < count; i++)
		mentions->first[find[i].lemma + 2]++;
	for (uint32_t i = 0; i < wordnet->lemmas; i++)
		mentions->first[i + 1] += mentions->first[i];
	for (size_t i = 0; i < count; i++)
		mentions->mention[mentions->first[find[i].lemma + 1]++] = find[i].mention;
	free(finds.data);
	return 0;
}

void free_mentions(struct mentions *mentions)
{
	free(mentions->first);
	free(mentions->mention);
	*mentions = (struct mentions){0};
}
