/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recalls in words. See tell.h. No state.
 */
#include "tools/demo/tell.h"

#include <string.h>

enum { NAMES_WIDTH = 30, GLOSS_WIDTH = 76, NEAR_WORDS = 10, NAMES = 3 };

/* The first words for a concept, as many as fit: "brook, creek". */
static void name_concept(const struct wordnet *wordnet, uint32_t synset, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (uint32_t i = wordnet->word_first[synset]; i < wordnet->word_first[synset + 1]; i++) {
		const char *word = wordnet->text + wordnet->word[i];
		uint32_t which = i - wordnet->word_first[synset];
		if (which == NAMES || (which > 0 && used + strlen(word) + 2 >= size))
			return;
		used += (size_t)snprintf(text + used, size - used, "%s%s", which ? ", " : "", word);
		if (used >= size)
			used = size - 1;
	}
}

/* The definition without its examples, cut between words. */
static void shorten_gloss(const char *gloss, char *text, size_t size)
{
	const char *example = strstr(gloss, "; \"");
	size_t length = example ? (size_t)(example - gloss) : strlen(gloss);
	if (length >= size) {
		length = size - 5;
		while (length > 0 && gloss[length] != ' ')
			length--;
		snprintf(text, size, "%.*s ...", (int)length, gloss);
		return;
	}
	snprintf(text, size, "%.*s", (int)length, gloss);
}

static void tell_trace(FILE *out, const struct mind *mind, const struct answer *answer, uint32_t synset)
{
	const struct vectors *vectors = &mind->memory->vectors;
	char name[NAMES_WIDTH];
	struct trace trace;
	trace_concept(mind, answer, synset, &trace);
	fprintf(out, "           ");
	if (trace.meant_by != NO_ROW)
		fprintf(out, "\"%s\" means it; ", word_of_row(vectors, trace.meant_by));
	for (uint32_t i = 0; i < trace.mentions; i++)
		fprintf(out, "%s\"%s\"%s", i ? ", " : "its gloss mentions ", word_of_row(vectors, trace.mentioned[i]),
			i + 1 == trace.mentions ? "; " : "");
	if (trace.neighbour != synset) {
		name_concept(&mind->memory->wordnet, trace.neighbour, name, sizeof name);
		fprintf(out, "by way of %s; ", name);
	}
	fprintf(out, "last on the mind %.1f days ago\n", (double)mind->memory->age[synset] / 86400);
}

void tell_answer(FILE *out, const struct mind *mind, uint32_t query, const struct answer *answer, uint32_t most,
		 bool traced)
{
	const struct memory *memory = mind->memory;
	char names[NAMES_WIDTH], gloss[GLOSS_WIDTH];
	fprintf(out, "%s\n  near words:", word_of_row(&memory->vectors, query));
	for (uint32_t i = 0, told = 0; i < answer->words && told < NEAR_WORDS; i++)
		if (answer->word[i] != query)
			fprintf(out, "%s %s", told++ ? "," : "", word_of_row(&memory->vectors, answer->word[i]));
	fprintf(out, "\n  comes to mind:\n");
	for (uint32_t i = 0; i < answer->concepts && i < most && answer->strength[i] > 0; i++) {
		uint32_t synset = answer->concept[i];
		name_concept(&memory->wordnet, synset, names, sizeof names);
		shorten_gloss(memory->wordnet.text + memory->wordnet.gloss[synset], gloss, sizeof gloss);
		fprintf(out, "    %5.2f  %-*s %s\n", (double)answer->strength[i], NAMES_WIDTH, names, gloss);
		if (traced)
			tell_trace(out, mind, answer, synset);
	}
	fprintf(out, "\n");
}

static const char *name_vectors(const struct memory *memory)
{
	return memory->vectors.from_glosses ? "the glosses of WordNet" : "GloVe";
}

void tell_memory(FILE *out, const struct memory *memory)
{
	fprintf(out,
		"A semantic memory: %u concepts and %zu relations of WordNet, and %u word vectors of\n"
		"%u dimensions from %s.\n",
		memory->wordnet.synsets, memory->wordnet.edges, memory->vectors.count, memory->vectors.dim,
		name_vectors(memory));
	fprintf(out, "A word recalls its nearest words, these awaken concepts, activation spreads along\n"
		     "relations, and what was not on the mind for long fades (how long ago is made up from how\n"
		     "common its words are).\n\n");
}

#ifdef HAVE_JANSSON
static json_t *words_as_json(const struct wordnet *wordnet, uint32_t synset)
{
	json_t *words = json_array();
	for (uint32_t i = wordnet->word_first[synset]; i < wordnet->word_first[synset + 1]; i++)
		json_array_append_new(words, json_string(wordnet->text + wordnet->word[i]));
	return words;
}

static json_t *concept_as_json(const struct mind *mind, const struct answer *answer, uint32_t i)
{
	const struct memory *memory = mind->memory;
	uint32_t synset = answer->concept[i];
	struct trace trace;
	json_t *mentioned = json_array();
	trace_concept(mind, answer, synset, &trace);
	for (uint32_t j = 0; j < trace.mentions; j++)
		json_array_append_new(mentioned, json_string(word_of_row(&memory->vectors, trace.mentioned[j])));
	json_t *concept = json_pack("{s:o, s:s, s:o, s:I, s:o}", "words", words_as_json(&memory->wordnet, synset),
				    "gloss", memory->wordnet.text + memory->wordnet.gloss[synset], "strength",
				    json_figure((double)answer->strength[i]), "age_seconds",
				    (json_int_t)memory->age[synset], "mentions", mentioned);
	if (trace.meant_by != NO_ROW)
		json_object_set_new(concept, "meant_by", json_string(word_of_row(&memory->vectors, trace.meant_by)));
	if (trace.neighbour != synset)
		json_object_set_new(concept, "by_way_of", words_as_json(&memory->wordnet, trace.neighbour));
	return concept;
}

json_t *answer_as_json(const struct mind *mind, uint32_t query, const struct answer *answer)
{
	const struct vectors *vectors = &mind->memory->vectors;
	json_t *near = json_array(), *recalled = json_array();
	for (uint32_t i = 0; i < answer->words; i++)
		json_array_append_new(near, json_pack("{s:s, s:o}", "word", word_of_row(vectors, answer->word[i]),
						      "similarity", json_figure((double)answer->similarity[i])));
	for (uint32_t i = 0; i < answer->concepts; i++)
		if (answer->strength[i] > 0)
			json_array_append_new(recalled, concept_as_json(mind, answer, i));
	return json_pack("{s:s, s:o, s:o}", "query", word_of_row(vectors, query), "near_words", near, "recalled",
			 recalled);
}

json_t *memory_as_json(const struct memory *memory)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "name",
			 memory->vectors.from_glosses ? "wordnet, vectors from glosses" : "wordnet, glove", "vectors",
			 (json_int_t)memory->vectors.count, "dim", (json_int_t)memory->vectors.dim, "nodes",
			 (json_int_t)memory->wordnet.synsets, "edges", (json_int_t)memory->wordnet.edges);
}
#endif
