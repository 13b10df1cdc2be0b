/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The semantic memory of the demo: vectors from glosses, inflected words, what comes to mind, and that the same
 * question gets the same bits alone, in company, and on a second mind.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/world.h"
#include "tools/demo/crowd.h"
#include "tools/demo/memory.h"

static struct memory memory;

static int open_all(void **state)
{
	open_world(state);
	struct world *world = *state;
	if (open_memory(&memory, world->data, world->why, sizeof world->why) != 0)
		fail_msg("%s", world->why);
	return 0;
}

static int close_all(void **state)
{
	close_memory(&memory);
	return close_world(state);
}

static uint32_t row(const char *word)
{
	uint32_t found = find_row(&memory.vectors, word);
	assert_int_not_equal(found, NO_ROW);
	return found;
}

/* Where in the answer the first meaning of a lemma stands; RECALLED if it does not. */
static uint32_t place_of(const struct answer *answer, const char *text)
{
	uint32_t lemma = find_lemma(&memory.wordnet, text), place = 0;
	assert_int_not_equal(lemma, NO_LEMMA);
	uint32_t synset = memory.wordnet.sense[memory.wordnet.sense_first[lemma]].synset;
	while (place < answer->concepts && answer->concept[place] != synset)
		place++;
	return place < answer->concepts ? place : RECALLED;
}

static void ask(struct mind *mind, const char *word, struct answer *answer)
{
	uint32_t query = row(word);
	assert_int_equal(recall(mind, &query, 1, answer), 0);
}

static void river_brings_stream_and_bank_not_bread(void **state)
{
	struct mind mind;
	struct answer answer;
	(void)state;
	assert_int_equal(open_mind(&mind, &memory), 0);
	ask(&mind, "river", &answer);
	assert_int_equal(answer.word[0], row("river"));
	assert_true(answer.similarity[0] > 0.9999f);
	assert_int_equal(place_of(&answer, "river"), 0);
	assert_true(place_of(&answer, "stream") < 6);
	assert_true(place_of(&answer, "bank") < 6);
	assert_true(place_of(&answer, "bread") > 9);
	for (uint32_t i = 1; i < answer.concepts; i++)
		assert_true(answer.strength[i - 1] >= answer.strength[i]);
	close_mind(&mind);
}

static void company_changes_no_bit(void **state)
{
	struct mind alone, together;
	struct answer expected, answers[TOGETHER];
	uint32_t queries[TOGETHER];
	(void)state;
	assert_int_equal(open_mind(&alone, &memory), 0);
	assert_int_equal(open_mind(&together, &memory), 0);
	for (uint32_t i = 0; i < TOGETHER; i++)
		queries[i] = i * 5 % memory.vectors.count;
	assert_int_equal(recall(&together, queries, TOGETHER, answers), 0);
	for (uint32_t i = 0; i < TOGETHER; i++) {
		assert_int_equal(recall(&alone, &queries[i], 1, &expected), 0);
		assert_true(same_answer(&expected, &answers[i]));
	}
	assert_false(same_answer(&answers[0], &answers[1]));
	close_mind(&alone);
	close_mind(&together);
}

/* The crowd's alarm: one changed bit in an expected answer is one changed answer a round. */
static void a_changed_bit_is_counted(void **state)
{
	static struct crowd crowd;
	static struct answer expected[TOGETHER];
	uint32_t queries[TOGETHER];
	char why[256];
	(void)state;
	for (uint32_t i = 0; i < TOGETHER; i++)
		queries[i] = i;
	assert_int_equal(ask_all(&memory, queries, TOGETHER, expected), 0);
	expected[3].digest ^= 1;
	crowd = (struct crowd){.memory = &memory, .queries = queries, .expected = expected, .query_count = TOGETHER};
	assert_int_equal(gather_crowd(&crowd, 2, why, sizeof why), 0);
	while (atomic_load(&crowd.answered) < 100 * TOGETHER)
		usleep(1000);
	dismiss_crowd(&crowd);
	assert_int_equal(atomic_load(&crowd.failed), 0);
	assert_int_equal(atomic_load(&crowd.changed) * TOGETHER, atomic_load(&crowd.answered));
	assert_true(latency_quantile(&crowd.phases[0], 0.99) >= latency_quantile(&crowd.phases[0], 0.5));
	assert_true(latency_quantile(&crowd.phases[0], 0.5) > 0);
}

static void latencies_keep_their_size(void **state)
{
	(void)state;
	for (double seconds = 1e-6; seconds < 1000; seconds *= 1.7) {
		double middle = middle_of_bucket(bucket_of(seconds));
		assert_true(middle > seconds / 1.1 && middle < seconds * 1.1);
	}
	assert_int_equal(bucket_of(0), 0);
	assert_int_equal(bucket_of(INFINITY), LATENCIES - 1);
}

static void inflected_words_find_their_lemma(void **state)
{
	static const struct {
		const char *word, *lemma;
	} cases[] = {{"rivers", "river"},   {"flows", "flow"},  {"flowing", "flow"}, {"dining", "dine"},
		     {"valleys", "valley"}, {"wettest", NULL},  {"loaf", "loaf"},    {"s", NULL},
		     {"es", NULL},          {"unknowns", NULL}, {"", NULL},          {"fishes", "fish"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t want = cases[i].lemma ? find_lemma(&memory.wordnet, cases[i].lemma) : NO_LEMMA;
		if (find_inflected(&memory.wordnet, cases[i].word) != want)
			fail_msg("\"%s\" did not lead to %s", cases[i].word,
				 cases[i].lemma ? cases[i].lemma : "nothing");
	}
}

static void names_mention_nothing(void **state)
{
	const struct mentions *mentions = &memory.mentions;
	uint32_t river = find_lemma(&memory.wordnet, "river");
	bool by_mouth = false;
	(void)state;
	assert_true(mentions->first[river + 1] > mentions->first[river]);
	for (uint32_t i = mentions->first[river]; i < mentions->first[river + 1]; i++) {
		uint32_t synset = mentions->mention[i].synset;
		const char *gloss = memory.wordnet.text + memory.wordnet.gloss[synset];
		assert_non_null(strstr(gloss, "river"));
		assert_null(strstr(gloss, "Africa"));
		by_mouth |= strstr(gloss, "ends in the sea") != NULL;
	}
	assert_true(by_mouth);
}

/* Made of integers: the same bytes on every machine. */
static void vectors_from_glosses_are_golden(void **state)
{
	size_t numbers = (size_t)memory.vectors.count * memory.vectors.dim;
	uint32_t sum = sum_words(0, memory.vectors.rows, numbers * sizeof(float));
	(void)state;
	assert_true(memory.vectors.from_glosses);
	assert_int_equal(memory.vectors.count, memory.wordnet.lemmas);
	assert_int_equal(memory.vectors.dim, 100);
	assert_int_equal(sum, 0xf08cb0d0u);
}

static void traces_say_why(void **state)
{
	struct mind mind;
	struct answer answer;
	struct trace trace;
	(void)state;
	assert_int_equal(open_mind(&mind, &memory), 0);
	ask(&mind, "river", &answer);
	uint32_t bank = answer.concept[place_of(&answer, "bank")];
	trace_concept(&mind, &answer, bank, &trace);
	assert_int_equal(trace.mentioned[0], row("river"));
	assert_int_not_equal(trace.neighbour, bank);
	close_mind(&mind);
}

static void damaged_vectors_are_an_error(void **state)
{
	struct world *world = *state;
	struct vectors vectors = {0};
	char path[512];
	snprintf(path, sizeof path, "%s/vectors.bin", world->data);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(open_vectors(&vectors, world->data, &memory.wordnet, world->why, sizeof world->why), -1);
	assert_non_null(strstr(world->why, "vectors.bin: not a store; remove it and fetch the data again"));
}

static void no_data_is_an_error(void **state)
{
	struct memory none;
	char why[512];
	(void)state;
	if (access("/usr/share/wordnet/data.noun", R_OK) == 0)
		skip(); /* this machine has WordNet installed, so there is data everywhere */
	assert_int_equal(open_memory(&none, "/proc/nowhere", why, sizeof why), -1);
	assert_non_null(strstr(why, "no WordNet in /proc/nowhere/wordnet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(river_brings_stream_and_bank_not_bread, open_all, close_all),
		cmocka_unit_test_setup_teardown(company_changes_no_bit, open_all, close_all),
		cmocka_unit_test_setup_teardown(a_changed_bit_is_counted, open_all, close_all),
		cmocka_unit_test(latencies_keep_their_size),
		cmocka_unit_test_setup_teardown(inflected_words_find_their_lemma, open_all, close_all),
		cmocka_unit_test_setup_teardown(names_mention_nothing, open_all, close_all),
		cmocka_unit_test_setup_teardown(vectors_from_glosses_are_golden, open_all, close_all),
		cmocka_unit_test_setup_teardown(traces_say_why, open_all, close_all),
		cmocka_unit_test_setup_teardown(damaged_vectors_are_an_error, open_all, close_all),
		cmocka_unit_test(no_data_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
