/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the text files of WordNet 3.0, wndb(5WN), into a store. One struct parser a run, on one thread. Every error
 * names file, line and what stands there.
 */
#include "build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/buffer.h"
#include "tools/demo/wordnet.h"

enum part { NOUN, VERB, ADJECTIVE, ADVERB, PARTS };
static const char *const part_name[PARTS] = {"noun", "verb", "adj", "adv"};

struct edge {
	uint32_t destination, source;
	float weight;
};

/* A line of an index file names a lemma and its synsets: one meaning each. */
struct meaning {
	const char *lemma; /* in the text of the index file */
	uint32_t synset, rank;
	uint32_t tagged; /* how many meanings of the lemma as this part of speech a corpus had */
	enum part part;
};

struct parser {
	const char *folder;
	char file[16]; /* being read, for errors */
	unsigned line;
	char *why;
	size_t why_size;
	char *data[PARTS], *index[PARTS];
	struct buffer offsets[PARTS]; /* uint32_t: where each synset's line says it stands, ascending */
	uint32_t first[PARTS + 1];    /* number of the first synset of each part */
	struct buffer meanings, edges;
	struct buffer section[WORDNET_SECTIONS];
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *parser, const char *format, ...)
{
	va_list arguments;
	int length = snprintf(parser->why, parser->why_size, "%s/%s:%u: ", parser->folder, parser->file, parser->line);
	va_start(arguments, format);
	if (length > 0 && (size_t)length < parser->why_size)
		vsnprintf(parser->why + length, parser->why_size - (size_t)length, format, arguments);
	va_end(arguments);
	return -1;
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* Ends the current line of *text and moves to the next; NULL at the end. */
static char *next_line(struct parser *parser, char **text)
{
	char *line = *text;
	if (*line == '\0')
		return NULL;
	char *end = strchrnul(line, '\n');
	*text = *end == '\0' ? end : end + 1;
	*end = '\0';
	parser->line++;
	return line;
}

/* The next synset or lemma; the lines of the licence at the top start with two spaces. */
static char *next_entry(struct parser *parser, char **text)
{
	char *line;
	do
		line = next_line(parser, text);
	while (line && (line[0] == ' ' || line[0] == '\0'));
	return line;
}

static char *next_field(char **line)
{
	char *field = *line;
	char *end = strchrnul(field, ' ');
	*line = *end == '\0' ? end : end + 1;
	*end = '\0';
	return field;
}

static int read_number(struct parser *parser, char **line, int base, uint32_t most, uint32_t *number)
{
	const char *field = next_field(line);
	char *end;
	errno = 0;
	*number = 0;
	unsigned long value = strtoul(field, &end, base);
	if (*field < '0' || *end != '\0' || errno != 0 || value > most)
		return refuse(parser, "\"%s\" where a number up to %u belongs", field, most);
	*number = (uint32_t)value;
	return 0;
}

static void begin_file(struct parser *parser, const char *what, enum part part)
{
	snprintf(parser->file, sizeof parser->file, "%s.%s", what, part_name[part]);
	parser->line = 0;
}

static char *read_file(struct parser *parser)
{
	char path[4096];
	struct buffer content = {0};
	char block[65536];
	snprintf(path, sizeof path, "%s/%s", parser->folder, parser->file);
	FILE *file = fopen(path, "re");
	for (size_t got = 1; file && got > 0;) {
		got = fread(block, 1, sizeof block, file);
		append(&content, block, got);
	}
	bool bad = !file || ferror(file);
	append(&content, "", 1);
	if (bad || content.failed)
		refuse(parser, "cannot read: %s", bad ? strerror(errno) : "out of memory");
	if (file)
		fclose(file);
	if (!bad && !content.failed)
		return content.data;
	free(content.data);
	return NULL;
}

/* ---- Synsets and lemmas ------------------------------------------------------------------------------------------ */

/* Other lines refer to a synset by its part of speech and this number. */
static int number_synsets(struct parser *parser, enum part part)
{
	uint32_t previous = 0, offset;
	struct buffer *offsets = &parser->offsets[part];
	for (const char *line = parser->data[part]; *line != '\0'; line += *line == '\n') {
		parser->line++;
		if (*line >= '0' && *line <= '9') {
			offset = (uint32_t)strtoul(line, NULL, 10);
			if (offsets->size > 0 && offset <= previous)
				return refuse(parser, "synset %08u after %08u, must ascend", offset, previous);
			append(offsets, &offset, sizeof offset);
			previous = offset;
		}
		line = strchrnul(line, '\n');
	}
	parser->first[part + 1] = parser->first[part] + (uint32_t)(offsets->size / sizeof offset);
	return 0;
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

static int find_synset(struct parser *parser, enum part part, uint32_t offset, uint32_t *synset)
{
	const uint32_t *all = (const void *)parser->offsets[part].data;
	size_t count = parser->offsets[part].size / sizeof *all;
	const uint32_t *found = count == 0 ? NULL : bsearch(&offset, all, count, sizeof *all, compare_numbers);
	if (!found)
		return refuse(parser, "refers to %s %08u, which data.%s does not have", part_name[part], offset,
			      part_name[part]);
	*synset = parser->first[part] + (uint32_t)(found - all);
	return 0;
}

static void lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '_')
			*text = ' ';
		else if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	}
}

/* lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset... */
static int read_lemma(struct parser *parser, char *line, enum part part)
{
	struct meaning meaning = {.lemma = next_field(&line), .part = part};
	uint32_t count, pointers, repeated, offset;
	lower((char *)(uintptr_t)meaning.lemma);
	next_field(&line);
	if (read_number(parser, &line, 10, 1000, &count) != 0 || read_number(parser, &line, 10, 1000, &pointers) != 0)
		return -1;
	while (pointers-- > 0)
		next_field(&line);
	if (read_number(parser, &line, 10, 1000, &repeated) != 0 ||
	    read_number(parser, &line, 10, 1000, &meaning.tagged) != 0)
		return -1;
	for (meaning.rank = 1; meaning.rank <= count; meaning.rank++) {
		if (read_number(parser, &line, 10, UINT32_MAX, &offset) != 0 ||
		    find_synset(parser, part, offset, &meaning.synset) != 0)
			return -1;
		append(&parser->meanings, &meaning, sizeof meaning);
	}
	return 0;
}

static int compare_meanings(const void *left, const void *right)
{
	const struct meaning *a = left, *b = right;
	int order = strcmp(a->lemma, b->lemma);
	if (order == 0)
		order = (a->rank > b->rank) - (a->rank < b->rank);
	if (order == 0)
		order = (a->tagged < b->tagged) - (a->tagged > b->tagged);
	return order != 0 ? order : (int)a->part - (int)b->part;
}

static uint32_t append_text(struct parser *parser, const char *text)
{
	struct buffer *all = &parser->section[WORDNET_TEXT];
	uint32_t at = (uint32_t)all->size;
	append(all, text, strlen(text) + 1);
	return at;
}

static void append_number(struct parser *parser, enum wordnet_section section, uint32_t number)
{
	append(&parser->section[section], &number, sizeof number);
}

static void make_lemmas(struct parser *parser)
{
	struct meaning *all = (void *)parser->meanings.data;
	size_t count = parser->meanings.size / sizeof *all;
	if (count > 0)
		qsort(all, count, sizeof *all, compare_meanings);
	for (size_t i = 0; i < count; i++) {
		struct sense sense = {all[i].synset, all[i].rank};
		if (i == 0 || strcmp(all[i - 1].lemma, all[i].lemma) != 0) {
			append_number(parser, WORDNET_LEMMA, append_text(parser, all[i].lemma));
			append_number(parser, WORDNET_SENSE_FIRST, (uint32_t)i);
		}
		append(&parser->section[WORDNET_SENSE], &sense, sizeof sense);
	}
	append_number(parser, WORDNET_SENSE_FIRST, (uint32_t)count);
}

static int number_lemma(struct parser *parser, const char *text, uint32_t *lemma)
{
	const struct buffer *lemmas = &parser->section[WORDNET_LEMMA];
	struct wordnet view = {.text = parser->section[WORDNET_TEXT].data,
			       .lemma = (const void *)lemmas->data,
			       .lemmas = (uint32_t)(lemmas->size / sizeof *lemma)};
	*lemma = find_lemma(&view, text);
	return *lemma == NO_LEMMA ? refuse(parser, "the word \"%s\" is in no index file", text) : 0;
}

/* ---- Data files -------------------------------------------------------------------------------------------------- */

/* How much of a concept's activation a relation passes on: close kin most, topics and usage notes least. */
static float weigh(const char *symbol)
{
	switch (symbol[0]) {
	case '~': /* a kind or an instance of it */
	case '@': /* what it is a kind or an instance of */
	case '&': /* similar */
	case '$': /* verbs of one group */ return 1.0f;
	case '%': /* its members, substance and parts */
	case '#': /* what it is a member, the substance or a part of */
	case '*': /* entails */
	case '>': /* causes */
	case '=': /* attribute */
	case '^': /* see also */ return 0.75f;
	default: /* topic, region, usage and their members; derived from */ return 0.25f;
	}
}

static int read_part(struct parser *parser, const char *letter, enum part *part)
{
	const char *letters = "nvar";
	const char *at = *letter == 's' ? letters + ADJECTIVE : strchr(letters, *letter);
	if (*letter == '\0' || letter[1] != '\0' || !at)
		return refuse(parser, "\"%s\" where a part of speech (n, v, a, s, r) belongs", letter);
	*part = (enum part)(at - letters);
	return 0;
}

/* Adjectives may carry where they stand: "galore(ip)". */
static void strip_marker(char *word)
{
	char *open = strrchr(word, '(');
	if (open && (strcmp(open, "(a)") == 0 || strcmp(open, "(p)") == 0 || strcmp(open, "(ip)") == 0))
		*open = '\0';
}

static int read_words(struct parser *parser, char **line)
{
	uint32_t count, lemma, ignored;
	if (read_number(parser, line, 16, 255, &count) != 0)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		char *word = next_field(line);
		strip_marker(word);
		for (char *at = word; (at = strchr(at, '_')) != NULL;)
			*at = ' ';
		uint32_t text = append_text(parser, word);
		lower(word);
		if (read_number(parser, line, 16, 255, &ignored) != 0 || number_lemma(parser, word, &lemma) != 0)
			return -1;
		/* Most words are their lemma; the text need not be there twice. */
		if (strcmp(parser->section[WORDNET_TEXT].data + text, word) == 0) {
			parser->section[WORDNET_TEXT].size = text;
			memcpy(&text, parser->section[WORDNET_LEMMA].data + lemma * sizeof text, sizeof text);
		}
		append_number(parser, WORDNET_WORD, text);
		append_number(parser, WORDNET_WORD_LEMMA, lemma);
	}
	return 0;
}

/* symbol offset pos source/target; words and not concepts are related unless source/target is 0000. */
static int read_pointers(struct parser *parser, char **line, uint32_t synset)
{
	uint32_t count, offset;
	enum part part = NOUN;
	if (read_number(parser, line, 10, 999, &count) != 0)
		return -1;
	while (count-- > 0) {
		const char *symbol = next_field(line);
		struct edge edge = {.source = synset, .weight = weigh(symbol)};
		if (read_number(parser, line, 10, UINT32_MAX, &offset) != 0 ||
		    read_part(parser, next_field(line), &part) != 0 ||
		    find_synset(parser, part, offset, &edge.destination) != 0)
			return -1;
		if (strcmp(next_field(line), "0000") == 0)
			append(&parser->edges, &edge, sizeof edge);
	}
	return 0;
}

/* offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] p_cnt [ptr...] [frames...] | gloss */
static int read_synset(struct parser *parser, char *line, uint32_t synset)
{
	enum part part;
	char *gloss = strstr(line, " | ");
	if (!gloss)
		return refuse(parser, "no gloss (\" | \")");
	*gloss = '\0';
	gloss += 3;
	for (char *end = gloss + strlen(gloss); end > gloss && end[-1] == ' ';)
		*--end = '\0';
	append_number(parser, WORDNET_GLOSS, append_text(parser, gloss));
	append_number(parser, WORDNET_WORD_FIRST, (uint32_t)(parser->section[WORDNET_WORD].size / sizeof(uint32_t)));
	next_field(&line);
	next_field(&line);
	const char *kind = next_field(&line);
	append(&parser->section[WORDNET_KIND], kind, 1);
	if (read_part(parser, kind, &part) != 0 || read_words(parser, &line) != 0)
		return -1;
	return read_pointers(parser, &line, synset);
}

static int compare_edges(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;
	if (a->destination != b->destination)
		return a->destination < b->destination ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return (a->weight < b->weight) - (a->weight > b->weight);
}

/* Several relations between two concepts make one edge, as strong as the strongest. */
static void make_edges(struct parser *parser)
{
	const struct edge *all = (const void *)parser->edges.data;
	size_t count = parser->edges.size / sizeof *all;
	if (count > 0)
		qsort(parser->edges.data, count, sizeof *all, compare_edges);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && all[i - 1].destination == all[i].destination && all[i - 1].source == all[i].source)
			continue;
		append_number(parser, WORDNET_EDGE_SOURCE, all[i].source);
		append_number(parser, WORDNET_EDGE_DESTINATION, all[i].destination);
		append(&parser->section[WORDNET_EDGE_WEIGHT], &all[i].weight, sizeof all[i].weight);
	}
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static int read_files(struct parser *parser)
{
	for (enum part part = NOUN; part < PARTS; part++) {
		begin_file(parser, "index", part);
		parser->index[part] = read_file(parser);
		if (parser->index[part] == NULL)
			return -1;
		begin_file(parser, "data", part);
		parser->data[part] = read_file(parser);
		if (parser->data[part] == NULL || number_synsets(parser, part) != 0)
			return -1;
	}
	return 0;
}

static int read_indexes(struct parser *parser)
{
	for (enum part part = NOUN; part < PARTS; part++) {
		char *text = parser->index[part];
		begin_file(parser, "index", part);
		for (char *line; (line = next_entry(parser, &text)) != NULL;)
			if (read_lemma(parser, line, part) != 0)
				return -1;
	}
	make_lemmas(parser);
	return 0;
}

static int read_data(struct parser *parser)
{
	uint32_t synset = 0;
	for (enum part part = NOUN; part < PARTS; part++) {
		char *text = parser->data[part];
		begin_file(parser, "data", part);
		for (char *line; (line = next_entry(parser, &text)) != NULL; synset++) {
			if (*line < '0' || *line > '9')
				return refuse(parser, "a line that is neither a synset nor part of the licence");
			if (read_synset(parser, line, synset) != 0)
				return -1;
		}
	}
	append_number(parser, WORDNET_WORD_FIRST, (uint32_t)(parser->section[WORDNET_WORD].size / sizeof(uint32_t)));
	make_edges(parser);
	return 0;
}

static int keep(struct parser *parser, struct store *store, const char *path, uint64_t stamp)
{
	struct store_part parts[WORDNET_SECTIONS];
	const struct store_header header = {
		.kind = STORE_WORDNET, .count = parser->first[PARTS], .stamp = stamp, .sections = WORDNET_SECTIONS};
	bool kept;
	for (int i = 0; i < WORDNET_SECTIONS; i++) {
		parts[i] = (struct store_part){parser->section[i].data, parser->section[i].size};
		if (parser->section[i].failed) {
			snprintf(parser->why, parser->why_size, "%s: out of memory", parser->folder);
			return -1;
		}
	}
	return make_store(store, path, &header, parts, &kept, parser->why, parser->why_size);
}

int parse_wordnet(struct store *store, const char *folder, const char *path, uint64_t stamp, char *why, size_t size)
{
	struct parser parser = {.folder = folder, .why = why, .why_size = size};
	int result = -1;
	if (read_files(&parser) == 0 && read_indexes(&parser) == 0 && read_data(&parser) == 0)
		result = keep(&parser, store, path, stamp);
	for (int i = 0; i < PARTS; i++) {
		free(parser.data[i]);
		free(parser.index[i]);
		free(parser.offsets[i].data);
	}
	for (int i = 0; i < WORDNET_SECTIONS; i++)
		free(parser.section[i].data);
	free(parser.meanings.data);
	free(parser.edges.data);
	return result;
}
