/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon demo: a semantic memory over WordNet and word vectors that keeps answering while its backend changes. Downloads
 * nothing; tools/fetch-data does that.
 */
#include "build.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/demo/progress.h"
#include "tools/demo/show.h"
#include "tools/demo/tell.h"

const char help_demo[] =
	"Usage: tenon demo [--seconds N] [--threads T] [--data DIR]\n"
	"       tenon demo --query WORD [--data DIR]\n\n"
	"A semantic memory on real data: ask it for a word, and it recalls what comes to mind. Prints a few recalls,\n"
	"then lets threads recall without a pause while it steps through every backend that this CPU has, tries a\n"
	"broken one, and rolls back. Every answer is compared, bit for bit, with the one that scalar gave.\n\n"
	"  --seconds N   how long the steps take together (default 20)\n"
	"  --threads T   threads that recall (default: one a CPU)\n"
	"  --query WORD  print one recall, and how each concept came to mind; change no backend\n"
	"  --data DIR    the data (default $TENON_DATA, else $XDG_CACHE_HOME/tenon, else $HOME/.cache/tenon)\n\n"
	"Example: tenon demo --query river\n\n"
	"Exit codes: 0 done; 1 a bit changed, a call failed, or the broken backend was let in; 2 usage, or no data\n"
	"(it says how to get it)\n";

/* What the crowd thinks about, and what is told first. */
static const char *const words[] = {
	"river",    "coffee",   "violin",    "storm",   "justice", "memory", "doctor", "mountain", "ocean",  "forest",
	"winter",   "garden",   "bread",     "wine",    "kitchen", "castle", "bridge", "train",    "ship",   "airplane",
	"engine",   "computer", "telescope", "planet",  "star",    "moon",   "sun",    "rain",     "desert", "island",
	"city",     "village",  "school",    "teacher", "student", "book",   "poem",   "painting", "music",  "dance",
	"theater",  "film",     "king",      "soldier", "war",     "peace",  "law",    "judge",    "prison", "hospital",
	"medicine", "disease",  "heart",     "brain",   "child",   "mother", "horse",  "dog",      "eagle",  "whale",
	"tree",     "flower",   "gold",      "fire",
};
enum { WORDS = sizeof words / sizeof words[0], TOLD = 3 };
static const uint32_t told_concepts[TOLD] = {14, 6, 6};

struct demo {
	struct tool *tool;
	struct memory memory;
	struct crowd crowd;
	struct show show;
	uint32_t queries[WORDS];
	struct answer expected[WORDS];
};

/* ---- Data -------------------------------------------------------------------------------------------------------- */

/* Where the data is; the same rule as in tools/fetch-data. */
static int find_data(struct tool *tool, const char *option, char *path, size_t size)
{
	const char *home = getenv("HOME"), *cache = getenv("XDG_CACHE_HOME"), *data = getenv("TENON_DATA");
	int length = -1;
	if (!option && data && *data)
		option = data;
	if (option)
		length = snprintf(path, size, "%s", option);
	else if (cache && *cache)
		length = snprintf(path, size, "%s/tenon", cache);
	else if (home && *home)
		length = snprintf(path, size, "%s/.cache/tenon", home);
	else
		return fail(tool, EXIT_USAGE, "no folder for the data: give --data DIR, or set TENON_DATA or HOME");
	if (length < 0 || (size_t)length >= size)
		return fail(tool, EXIT_USAGE, "the name of the data folder is too long");
	return EXIT_DONE;
}

static int open_data(struct demo *demo, const char *option)
{
	char path[3072], why[3600];
	int code = find_data(demo->tool, option, path, sizeof path);
	if (code)
		return code;
	begin_progress("opening WordNet and word vectors");
	int status = open_memory(&demo->memory, path, why, sizeof why);
	end_progress();
	if (status == 0)
		return EXIT_DONE;
	bool installed = access(TENON_FETCH_DATA, X_OK) == 0;
	return fail(demo->tool, EXIT_USAGE, "%s; to get the data run: %s --dir '%s'", why,
		    installed ? TENON_FETCH_DATA : "tools/fetch-data", path);
}

/* ---- One recall -------------------------------------------------------------------------------------------------- */

static int tell_one(struct demo *demo, uint32_t query, uint32_t most, bool traced)
{
	struct tool *tool = demo->tool;
	struct answer answer;
	struct mind mind;
	if (open_mind(&mind, &demo->memory) != 0)
		return fail(tool, EXIT_REFUSED, "out of memory");
	int status = recall(&mind, &query, 1, &answer), code = EXIT_DONE;
	if (status)
		code = fail(tool, EXIT_DIFFERS, "recall failed: %s; %s", tenon_strerror(status), tenon_error_detail());
	else if (!tool->json)
		tell_answer(tool->out, &mind, query, &answer, most, traced);
#ifdef HAVE_JANSSON
	else {
		json_t *object = answer_as_json(&mind, query, &answer);
		json_object_set_new(object, "dataset", memory_as_json(&demo->memory));
		code = emit_json(tool, object);
	}
#endif
	close_mind(&mind);
	return code;
}

static int run_query(struct demo *demo, const char *word)
{
	char lower[256];
	size_t length = strlen(word);
	if (length >= sizeof lower)
		return fail(demo->tool, EXIT_USAGE, "--query takes one word, this has %zu letters", length);
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)word[i]);
	uint32_t query = find_row(&demo->memory.vectors, lower);
	if (query == NO_ROW)
		return fail(demo->tool, EXIT_USAGE, "\"%s\" is none of the %u words that have a vector; try \"river\"",
			    lower, demo->memory.vectors.count);
	if (tenon_open(NULL) != TENON_OK)
		return fail(demo->tool, EXIT_USAGE, "%s", tenon_error_detail());
	int code = tell_one(demo, query, RECALLED, true);
	tenon_close();
	return code;
}

/* ---- The show ---------------------------------------------------------------------------------------------------- */

/* Where the data lacks a word (a small test set) the most frequent words with a meaning stand in. */
static int choose_queries(struct demo *demo)
{
	const struct memory *memory = &demo->memory;
	uint32_t next = 0, kept = NO_ROW;
	for (size_t i = 0; i < WORDS; i++) {
		uint32_t row = find_row(&memory->vectors, words[i]);
		for (uint32_t tried = 0; row == NO_ROW && tried < memory->vectors.count; tried++) {
			if (memory->row_lemma[next] != NO_LEMMA)
				row = next;
			next = (next + 1) % memory->vectors.count;
		}
		if (row == NO_ROW)
			return fail(demo->tool, EXIT_USAGE,
				    "no word of the vectors is in WordNet; fetch the data again");
		demo->queries[i] = kept = row;
	}
	return kept == NO_ROW;
}

/*
 * Adds a control socket to the configuration of this machine, unless the user chose one, so that a newcomer can run
 * `tenon status` on the demo. The file is in memory; the runtime reads it while it opens.
 */
static void offer_socket(void)
{
	static const char config[] = "[runtime]\nlabel = demo\n[control]\nsocket = on\n";
	char path[64];
	int fd = getenv("TENON_CONFIG") ? -1 : memfd_create("tenon-demo.ini", MFD_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, config, sizeof config - 1) != (ssize_t)sizeof config - 1) {
		close(fd);
		return;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	setenv("TENON_CONFIG", path, 1);
}

static unsigned count_cpus(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return count < 1 ? 1 : count > CROWD_MOST ? CROWD_MOST : (unsigned)count;
}

static int play(struct demo *demo, unsigned threads)
{
	struct tool *tool = demo->tool;
	char why[1024];
	if (gather_crowd(&demo->crowd, threads, why, sizeof why) != 0)
		return fail(tool, EXIT_REFUSED, "%s", why);
	int status = run_show(&demo->show, why, sizeof why);
	unsigned count = demo->crowd.count;
	dismiss_crowd(&demo->crowd);
	demo->crowd.count = count;
	if (status != 0)
		return fail(tool, EXIT_USAGE, "%s", why);
	if (!tool->json)
		tell_verdict(&demo->show);
	int code = atomic_load(&demo->crowd.changed) || atomic_load(&demo->crowd.failed) || demo->show.wrong_accepted
			   ? EXIT_DIFFERS
			   : EXIT_DONE;
#ifdef HAVE_JANSSON
	if (tool->json) {
		int emitted = emit_json(tool, show_as_json(&demo->show));
		return emitted ? emitted : code;
	}
#endif
	return code;
}

static int open_runtime(struct demo *demo, unsigned threads)
{
	struct tool *tool = demo->tool;
	struct tenon_status_info info;
	offer_socket();
	if (tenon_open(NULL) != TENON_OK)
		return fail(tool, EXIT_USAGE, "%s", tenon_error_detail());
	tenon_status_get(&info);
	if (tool->json)
		return EXIT_DONE;
	fprintf(tool->out,
		"Now %u thread%s recall%s without a pause, %d questions in one pass (p50 and p99 say how\n"
		"long a pass takes), while the backend under them changes.\n",
		threads, threads == 1 ? "" : "s", threads == 1 ? "s" : "", TOGETHER);
	if (info.degraded)
		fprintf(tool->out, "(%s)\n\n", info.degraded_reason);
	else
		fprintf(tool->out, "Look at it from another shell: tenon status %ld\n\n", (long)getpid());
	fflush(tool->out);
	return EXIT_DONE;
}

static int run_whole_show(struct demo *demo, uint64_t seconds, unsigned threads)
{
	struct tool *tool = demo->tool;
	int code = choose_queries(demo);
	if (code)
		return code;
	if (!tool->json)
		tell_memory(tool->out, &demo->memory);
	for (size_t i = 0; i < TOLD && !tool->json && !code; i++)
		code = tell_one(demo, demo->queries[i], told_concepts[i], false);
	if (code)
		return code;
	/* Until the runtime is open scalar serves: these are the bits that every backend has to give. */
	begin_progress("asking scalar every question");
	int status = ask_all(&demo->memory, demo->queries, WORDS, demo->expected);
	end_progress();
	if (status)
		return fail(tool, EXIT_DIFFERS, "recall failed: %s; %s", tenon_strerror(status), tenon_error_detail());
	code = open_runtime(demo, threads);
	if (code)
		return code;
	demo->crowd.memory = &demo->memory;
	demo->crowd.queries = demo->queries;
	demo->crowd.expected = demo->expected;
	demo->crowd.query_count = WORDS;
	demo->show.tool = tool;
	demo->show.crowd = &demo->crowd;
	demo->show.seconds = (double)seconds;
	demo->show.terminal = !tool->json && isatty(fileno(tool->out));
	code = play(demo, threads);
	tenon_close();
	return code;
}

int run_demo(struct tool *tool, int argc, char **argv)
{
	const char *data = NULL, *word = NULL;
	uint64_t seconds = 20, threads = count_cpus();
	const struct tool_option options[] = {{"--seconds", OPTION_NUMBER, &seconds, 1, 86400},
					      {"--threads", OPTION_NUMBER, &threads, 1, CROWD_MOST},
					      {"--query", OPTION_TEXT, &word, 0, 0},
					      {"--data", OPTION_TEXT, &data, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	struct demo *demo = code ? NULL : calloc(1, sizeof *demo);
	if (code)
		return code;
	if (!demo)
		return fail(tool, EXIT_REFUSED, "out of memory");
	demo->tool = tool;
	code = open_data(demo, data);
	if (!code)
		code = word ? run_query(demo, word) : run_whole_show(demo, seconds, (unsigned)threads);
	close_memory(&demo->memory);
	free(demo);
	return code;
}
