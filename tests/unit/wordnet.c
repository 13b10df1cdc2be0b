/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * WordNet of the demo: what is read from the text files, what is kept, and that bad input is refused where it stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/world.h"
#include "tools/demo/wordnet.h"

static bool open_parsed(struct world *world, struct wordnet *wordnet)
{
	bool parsed;
	*wordnet = (struct wordnet){0};
	int status = open_wordnet(wordnet, world->data, world->wordnet, &parsed, world->why, sizeof world->why);
	if (status != 0)
		fail_msg("%s", world->why);
	return parsed;
}

static const struct sense *senses_of(const struct wordnet *wordnet, const char *text, uint32_t *count)
{
	uint32_t lemma = find_lemma(wordnet, text);
	assert_int_not_equal(lemma, NO_LEMMA);
	*count = wordnet->sense_first[lemma + 1] - wordnet->sense_first[lemma];
	return &wordnet->sense[wordnet->sense_first[lemma]];
}

static uint32_t concept_of(const struct wordnet *wordnet, const char *text)
{
	uint32_t count;
	return senses_of(wordnet, text, &count)->synset;
}

/* The weight of the edge, 0 if there is none; there must not be two. */
static float find_edge(const struct wordnet *wordnet, uint32_t source, uint32_t destination)
{
	float weight = 0;
	for (size_t i = 0; i < wordnet->edges; i++)
		if (wordnet->edge_source[i] == source && wordnet->edge_destination[i] == destination) {
			assert_true(weight == 0);
			weight = wordnet->edge_weight[i];
		}
	return weight;
}

static void everything_is_counted(void **state)
{
	struct wordnet wordnet;
	assert_true(open_parsed(*state, &wordnet));
	assert_int_equal(wordnet.synsets, 32);
	assert_int_equal(wordnet.edges, 57);
	assert_int_equal(wordnet.senses, wordnet.words);
	close_wordnet(&wordnet);
}

static void meanings_keep_their_order(void **state)
{
	struct wordnet wordnet;
	uint32_t count;
	open_parsed(*state, &wordnet);
	const struct sense *bank = senses_of(&wordnet, "bank", &count);
	assert_int_equal(count, 2);
	assert_int_equal(bank[0].rank, 1);
	assert_string_equal(wordnet.text + wordnet.gloss[bank[0].synset], "sloping land beside a river or lake");
	assert_int_equal(bank[1].rank, 2);
	assert_string_equal(wordnet.text + wordnet.gloss[bank[1].synset], "a house that keeps money");
	close_wordnet(&wordnet);
}

/* "flow" is the first meaning of a noun and of a verb; its index lines say that the verb is the commoner. */
static void the_commoner_part_of_speech_is_first(void **state)
{
	struct wordnet wordnet;
	uint32_t count;
	open_parsed(*state, &wordnet);
	const struct sense *flow = senses_of(&wordnet, "flow", &count);
	assert_int_equal(count, 2);
	assert_int_equal(wordnet.kind[flow[0].synset], 'v');
	assert_int_equal(wordnet.kind[flow[1].synset], 'n');
	close_wordnet(&wordnet);
}

static void words_are_shown_as_written(void **state)
{
	struct wordnet wordnet;
	open_parsed(*state, &wordnet);
	uint32_t nile = concept_of(&wordnet, "river nile"), damp = concept_of(&wordnet, "damp");
	assert_string_equal(wordnet.text + wordnet.word[wordnet.word_first[nile] + 1], "River Nile");
	assert_int_equal(wordnet.kind[damp], 's');
	assert_string_equal(wordnet.text + wordnet.word[wordnet.word_first[damp] + 1], "moist");
	assert_int_equal(find_lemma(&wordnet, "River Nile"), NO_LEMMA);
	assert_int_equal(find_lemma(&wordnet, ""), NO_LEMMA);
	close_wordnet(&wordnet);
}

static void relations_are_edges_between_concepts(void **state)
{
	struct wordnet wordnet;
	open_parsed(*state, &wordnet);
	uint32_t river = concept_of(&wordnet, "river"), stream = concept_of(&wordnet, "stream");
	uint32_t bank = concept_of(&wordnet, "bank"), wet = concept_of(&wordnet, "wet");
	uint32_t dry = concept_of(&wordnet, "dry");
	assert_true(find_edge(&wordnet, river, stream) > 0);
	assert_true(find_edge(&wordnet, stream, river) > 0);
	assert_true(find_edge(&wordnet, bank, stream) > 0); /* stands there twice */
	assert_true(find_edge(&wordnet, river, bank) == 0);
	assert_true(find_edge(&wordnet, wet, dry) == 0); /* of words, not of concepts */
	for (size_t i = 1; i < wordnet.edges; i++)
		assert_true(wordnet.edge_destination[i - 1] < wordnet.edge_destination[i] ||
			    (wordnet.edge_destination[i - 1] == wordnet.edge_destination[i] &&
			     wordnet.edge_source[i - 1] < wordnet.edge_source[i]));
	close_wordnet(&wordnet);
}

static void the_second_time_nothing_is_parsed(void **state)
{
	struct wordnet first, second;
	assert_true(open_parsed(*state, &first));
	assert_false(open_parsed(*state, &second));
	assert_int_equal(first.store.header->size, second.store.header->size);
	assert_memory_equal(first.store.header, second.store.header, first.store.header->size);
	close_wordnet(&first);
	close_wordnet(&second);
}

static void a_changed_source_is_parsed_again(void **state)
{
	struct wordnet wordnet;
	open_parsed(*state, &wordnet);
	close_wordnet(&wordnet);
	change_world(*state, "data.noun", "a house that keeps money", "a house for money");
	assert_true(open_parsed(*state, &wordnet));
	uint32_t count;
	const struct sense *bank = senses_of(&wordnet, "bank", &count);
	assert_string_equal(wordnet.text + wordnet.gloss[bank[1].synset], "a house for money");
	close_wordnet(&wordnet);
}

static void a_damaged_store_is_made_again(void **state)
{
	struct wordnet wordnet;
	struct world *world = *state;
	char path[512];
	open_parsed(world, &wordnet);
	close_wordnet(&wordnet);
	snprintf(path, sizeof path, "%s/wordnet.bin", world->data);
	assert_int_equal(truncate(path, 1000), 0);
	assert_true(open_parsed(world, &wordnet));
	assert_int_equal(wordnet.edges, 57);
	close_wordnet(&wordnet);
}

static void a_folder_that_cannot_be_written_serves(void **state)
{
	struct world *world = *state;
	struct wordnet wordnet = {0};
	bool parsed;
	int status = open_wordnet(&wordnet, "/proc/nowhere", world->wordnet, &parsed, world->why, sizeof world->why);
	assert_int_equal(status, 0);
	assert_true(parsed);
	assert_int_equal(wordnet.synsets, 32);
	close_wordnet(&wordnet);
}

static void bad_lines_are_refused_where_they_stand(void **state)
{
	static const struct {
		const char *file, *from, *to, *says;
	} cases[] = {
		{"data.noun", "00001500 00 n", "00001400 00 n", "data.noun:8: synset 00001400 after 00001400"},
		{"data.noun", " | whatever", " whatever", "data.noun:3: no gloss"},
		{"data.noun", "00001000 00 n 01", "00001000 00 n 0x", "data.noun:3: \"0x\" where a number"},
		{"data.noun", "00001000 00 n", "00001000 00 q", "data.noun:3: \"q\" where a part of speech"},
		{"data.noun", "~ 00001100 n", "~ 00001101 n", "data.noun:3: refers to noun 00001101"},
		{"data.noun", "thing 0 004", "thong 0 004", "data.noun:3: the word \"thong\" is in no index file"},
		{"data.noun", "thing 0 004", "thing 0 005", "data.noun:3: "},
		{"data.adv", "  1 A", "1 A", "data.adv:1: no gloss"},
		{"data.adv", "  1 A", "A", "data.adv:1: a line that is neither a synset nor part of the licence"},
		{"index.verb", "flow v 1", "flow v one", "index.verb:6: \"one\" where a number"},
		{"index.verb", "flow v 1", "flow v 2", "index.verb:6: \"\" where a number"},
		{"index.verb", "00001000", "00001001", "index.verb:6: refers to verb 00001001"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world *world;
		struct wordnet wordnet = {0};
		bool parsed;
		open_world((void **)&world);
		change_world(world, cases[i].file, cases[i].from, cases[i].to);
		int status =
			open_wordnet(&wordnet, world->data, world->wordnet, &parsed, world->why, sizeof world->why);
		if (status == 0 || strstr(world->why, cases[i].says) == NULL)
			fail_msg("case %zu: \"%s\", expected \"%s\"", i, world->why, cases[i].says);
		close_world((void **)&world);
	}
}

static void a_missing_file_is_named(void **state)
{
	struct world *world = *state;
	struct wordnet wordnet = {0};
	char path[512];
	bool parsed;
	snprintf(path, sizeof path, "%s/index.adj", world->wordnet);
	assert_int_equal(unlink(path), 0);
	int status = open_wordnet(&wordnet, world->data, world->wordnet, &parsed, world->why, sizeof world->why);
	assert_int_equal(status, -1);
	assert_non_null(strstr(world->why, "index.adj is missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_is_counted, open_world, close_world),
		cmocka_unit_test_setup_teardown(meanings_keep_their_order, open_world, close_world),
		cmocka_unit_test_setup_teardown(the_commoner_part_of_speech_is_first, open_world, close_world),
		cmocka_unit_test_setup_teardown(words_are_shown_as_written, open_world, close_world),
		cmocka_unit_test_setup_teardown(relations_are_edges_between_concepts, open_world, close_world),
		cmocka_unit_test_setup_teardown(the_second_time_nothing_is_parsed, open_world, close_world),
		cmocka_unit_test_setup_teardown(a_changed_source_is_parsed_again, open_world, close_world),
		cmocka_unit_test_setup_teardown(a_damaged_store_is_made_again, open_world, close_world),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_serves, open_world, close_world),
		cmocka_unit_test(bad_lines_are_refused_where_they_stand),
		cmocka_unit_test_setup_teardown(a_missing_file_is_named, open_world, close_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
