/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * WordNet as the demo uses it: finding the files, mapping the parsed form. See wordnet.h. No state of its own.
 */
#include "tools/demo/wordnet.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const parts[] = {"data.noun",  "data.verb",  "data.adj",  "data.adv",
				    "index.noun", "index.verb", "index.adj", "index.adv"};

/* Changes when a file of the folder does: over the sizes and modification times. */
static int stamp_folder(const char *folder, uint64_t *stamp, const char **missing)
{
	*stamp = 0;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char path[4096];
		struct stat status;
		int length = snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
		*missing = parts[i];
		if (length < 0 || (size_t)length >= sizeof path || access(path, R_OK) != 0 || stat(path, &status) != 0)
			return -1;
		uint64_t facts[3] = {(uint64_t)status.st_size, (uint64_t)status.st_mtim.tv_sec,
				     (uint64_t)status.st_mtim.tv_nsec};
		uint64_t sums = (uint64_t)sum_words(1, facts, sizeof facts) << 32 | sum_words(2, facts, sizeof facts);
		*stamp = *stamp * 31 + sums;
	}
	return 0;
}

int find_wordnet(const char *data, char *folder, size_t folder_size, char *why, size_t size)
{
	uint64_t stamp;
	const char *missing;
	int length = snprintf(folder, folder_size, "%s/wordnet", data);
	if (length >= 0 && (size_t)length < folder_size && stamp_folder(folder, &stamp, &missing) == 0)
		return 0;
	length = snprintf(folder, folder_size, "/usr/share/wordnet");
	if (length >= 0 && (size_t)length < folder_size && stamp_folder(folder, &stamp, &missing) == 0)
		return 0;
	snprintf(why, size, "no WordNet in %s/wordnet or /usr/share/wordnet", data);
	return -1;
}

/* Offsets into an array of `limit` entries: one more than there are owners, from 0, never falling. */
static bool offsets_hold(const uint32_t *first, size_t count, size_t owners, size_t limit)
{
	if (count != owners + 1 || first[0] != 0 || first[owners] != limit)
		return false;
	for (size_t i = 0; i < owners; i++)
		if (first[i] > first[i + 1])
			return false;
	return true;
}

static bool all_below(const uint32_t *value, size_t count, size_t step, size_t limit)
{
	for (size_t i = 0; i < count; i += step)
		if (value[i] >= limit)
			return false;
	return true;
}

/* The checksum says that the file is what we wrote; this, that using it cannot leave it. */
static bool is_sound(const struct wordnet *w, const size_t *counts)
{
	size_t text = counts[WORDNET_TEXT];
	return text > 0 && w->text[text - 1] == '\0' && counts[WORDNET_KIND] == w->synsets &&
	       counts[WORDNET_GLOSS] == w->synsets && counts[WORDNET_WORD_LEMMA] == w->words &&
	       counts[WORDNET_EDGE_WEIGHT] == w->edges &&
	       offsets_hold(w->word_first, counts[WORDNET_WORD_FIRST], w->synsets, w->words) &&
	       offsets_hold(w->sense_first, counts[WORDNET_SENSE_FIRST], w->lemmas, w->senses) &&
	       counts[WORDNET_EDGE_DESTINATION] == w->edges && all_below(w->gloss, w->synsets, 1, text) &&
	       all_below(w->word, w->words, 1, text) && all_below(w->lemma, w->lemmas, 1, text) &&
	       all_below(w->word_lemma, w->words, 1, w->lemmas) &&
	       all_below(&w->sense->synset, w->senses * 2, 2, w->synsets) &&
	       all_below(w->edge_source, w->edges, 1, w->synsets) &&
	       all_below(w->edge_destination, w->edges, 1, w->synsets);
}

static bool view_store(struct wordnet *wordnet)
{
	struct wordnet *w = wordnet;
	const struct store *store = &w->store;
	size_t counts[WORDNET_SECTIONS];
	w->synsets = store->header->count;
	w->text = store_section(store, WORDNET_TEXT, 1, &counts[WORDNET_TEXT]);
	w->kind = store_section(store, WORDNET_KIND, 1, &counts[WORDNET_KIND]);
	w->gloss = store_section(store, WORDNET_GLOSS, 4, &counts[WORDNET_GLOSS]);
	w->word_first = store_section(store, WORDNET_WORD_FIRST, 4, &counts[WORDNET_WORD_FIRST]);
	w->word = store_section(store, WORDNET_WORD, 4, &w->words);
	w->word_lemma = store_section(store, WORDNET_WORD_LEMMA, 4, &counts[WORDNET_WORD_LEMMA]);
	w->lemma = store_section(store, WORDNET_LEMMA, 4, &counts[WORDNET_LEMMA]);
	w->lemmas = (uint32_t)counts[WORDNET_LEMMA];
	w->sense_first = store_section(store, WORDNET_SENSE_FIRST, 4, &counts[WORDNET_SENSE_FIRST]);
	w->sense = store_section(store, WORDNET_SENSE, sizeof *w->sense, &w->senses);
	w->edge_source = store_section(store, WORDNET_EDGE_SOURCE, 4, &w->edges);
	w->edge_destination = store_section(store, WORDNET_EDGE_DESTINATION, 4, &counts[WORDNET_EDGE_DESTINATION]);
	w->edge_weight = store_section(store, WORDNET_EDGE_WEIGHT, 4, &counts[WORDNET_EDGE_WEIGHT]);
	return store->header->sections == WORDNET_SECTIONS && is_sound(w, counts);
}

int open_wordnet(struct wordnet *wordnet, const char *data, const char *folder, bool *parsed, char *why, size_t size)
{
	char path[4096];
	const char *missing;
	uint64_t stamp;
	*parsed = false;
	if (stamp_folder(folder, &stamp, &missing) != 0) {
		snprintf(why, size, "%s/%s is missing; fetch the data again", folder, missing);
		return -1;
	}
	snprintf(path, sizeof path, "%s/wordnet.bin", data);
	if (open_store(&wordnet->store, path, STORE_WORDNET, stamp, why, size) == 0) {
		if (view_store(wordnet))
			return 0;
		close_store(&wordnet->store);
	}
	*parsed = true;
	if (parse_wordnet(&wordnet->store, folder, path, stamp, why, size) != 0)
		return -1;
	if (view_store(wordnet))
		return 0;
	close_wordnet(wordnet);
	snprintf(why, size, "%s: what was parsed from it contradicts itself", folder);
	return -1;
}

void close_wordnet(struct wordnet *wordnet)
{
	close_store(&wordnet->store);
}

uint32_t find_lemma(const struct wordnet *wordnet, const char *text)
{
	uint32_t low = 0, high = wordnet->lemmas;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(wordnet->text + wordnet->lemma[middle], text);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NO_LEMMA;
}
