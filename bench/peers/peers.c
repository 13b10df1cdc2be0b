/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds, opens and checks peers; see peers.h. Handles stay open until the bench ends.
 */
#define _GNU_SOURCE
#include "bench/peers/peers.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined __x86_64__
#include <cpuid.h>
#endif

#include "runtime/cpu.h"

#define LIBRARY(name) extern const struct library library_##name;
#include "bench/peers/libraries.def"
#undef LIBRARY

static const struct library *const libraries[] = {
#define LIBRARY(name) &library_##name,
#include "bench/peers/libraries.def"
#undef LIBRARY
};
enum { LIBRARY_COUNT = sizeof libraries / sizeof *libraries };

static struct {
	enum { UNKNOWN, OPEN, MISSING } state;
	char message[256]; /* the version, or why it is missing */
} known[LIBRARY_COUNT];

static struct trial trials[CONTENDERS_MAX];
static size_t trial_count;
struct peer_count peer_count;

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static bool find_symbols(void *handle, const struct symbol *symbols, size_t count, char *message, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		*(void **)(void *)symbols[i].function = dlsym(handle, symbols[i].name);
		if (!*symbols[i].function) {
			snprintf(message, size, "it has no %s", symbols[i].name);
			return false;
		}
	}
	return true;
}

static void name_file(any_fn *function, char *message, size_t size)
{
	Dl_info info;
	char path[PATH_MAX];
	if (dladdr(*(void **)(void *)&function, &info) && realpath(info.dli_fname, path))
		snprintf(message, size, "%s", basename(path));
}

void *open_library(const char *const *names, const struct symbol *symbols, size_t count, char *message, size_t size)
{
	void *handle = NULL;
	for (size_t i = 0; !handle && names[i]; i++)
		handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(message, size, "no %s", names[0]);
		return NULL;
	}
	if (!find_symbols(handle, symbols, count, message, size)) {
		dlclose(handle);
		return NULL;
	}
	name_file(*symbols[0].function, message, size);
	return handle;
}

static bool find_folder(char *folder, size_t size)
{
	static const char *const places[][2] = {
		{"TENON_PEERS", ""}, {"XDG_CACHE_HOME", "/tenon/peers"}, {"HOME", "/.cache/tenon/peers"}};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *value = getenv(places[i][0]);
		if (value && *value)
			return (size_t)snprintf(folder, size, "%s%s", value, places[i][1]) < size;
	}
	return false;
}

/* What such a file needs is data in it, so that it is known before any of its code runs. */
void *open_built(const char *file, const struct symbol *symbols, size_t count, char *message, size_t size)
{
	char folder[PATH_MAX / 2], path[PATH_MAX];
	struct cpu cpu;
	struct why why;
	if (!find_folder(folder, sizeof folder))
		return snprintf(message, size, "no folder: TENON_PEERS and HOME are not set"), NULL;
	snprintf(path, sizeof path, "%s/%s.so", folder, file);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const char *needs = handle ? dlsym(handle, "peer_needs") : NULL,
		   *version = handle ? dlsym(handle, "peer_version") : NULL;
	probe_cpu(&cpu);
	if (!handle)
		snprintf(message, size, "no %s", path);
	else if (!needs || !version)
		snprintf(message, size, "%s is not of tools/fetch-peers", path);
	else if (check_needs(&cpu, needs, &why))
		snprintf(message, size, "%.200s", why.text);
	else if (find_symbols(handle, symbols, count, message, size))
		return snprintf(message, size, "%s", version), handle;
	if (handle)
		dlclose(handle);
	return NULL;
}

/* The first use of a library says its version. */
static bool is_open(size_t i)
{
	if (known[i].state == UNKNOWN) {
		known[i].state = libraries[i]->open(known[i].message, sizeof known[i].message) ? OPEN : MISSING;
		if (known[i].state == OPEN)
			say("  with %s: %s\n", libraries[i]->name, known[i].message);
	}
	return known[i].state == OPEN;
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

bool explain_peer(const struct trial *trial, const char *format, ...)
{
	char text[256];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	say("  without %s: it computes something else: %s\n", trial->peer->name, text);
	return false;
}

bool check_floats(const struct trial *trial, const float *got, const float *expected, size_t count)
{
	const struct peer *peer = trial->peer;
	for (size_t i = 0; i < count; i++) {
		double limit = peer->absolute + peer->relative * fabs((double)expected[i]);
		if (!(fabs((double)got[i] - (double)expected[i]) <= limit))
			return explain_peer(trial, "element %zu is %.9g, scalar's %.9g, tolerance %.2g", i,
					    (double)got[i], (double)expected[i], limit);
	}
	return true;
}

bool check_bytes(const struct trial *trial, const void *got, const void *expected, size_t size)
{
	const unsigned char *one = got, *other = expected;
	for (size_t i = 0; i < size; i++)
		if (one[i] != other[i])
			return explain_peer(trial, "byte %zu is 0x%02x, scalar's 0x%02x", i, one[i], other[i]);
	return true;
}

/*
 * A peer that does not end with vzeroupper slows all code without AVX that runs after it, ours too. XGETBV with ECX = 1
 * tells which state is in use: bit 2 the upper halves of ymm, bit 6 those of zmm. True if it was and could be told.
 */
static bool clear_upper_halves(void)
{
	bool used = false;
#if defined __x86_64__
	unsigned a = 0, b, c, d;
	if (!__builtin_cpu_supports("avx"))
		return false;
	if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d) && (a & 1 << 2)) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
		used = a & (1 << 2 | 1 << 6);
	}
	__asm__ volatile("vzeroupper" : : : "memory");
#endif
	return used;
}

static void run_trial(void *context, size_t times)
{
	const struct trial *trial = context;
	trial->peer->run(context, times);
#if defined __x86_64__
	if (trial->unclean)
		__asm__ volatile("vzeroupper" : : : "memory");
#endif
}

static bool agrees(struct trial *trial, const void *expected)
{
	const struct race *race = trial->race;
	if (race->initial)
		memcpy(race->output, race->initial, race->size);
	else
		memset(race->output, 0xa5, race->size);
	clear_upper_halves();
	trial->peer->run(trial, 1);
	trial->unclean = clear_upper_halves();
	if (trial->unclean)
		say("  %s leaves the upper halves of registers in use: cleared after each round\n", trial->peer->name);
	if (trial->peer->check)
		return trial->peer->check(trial, expected);
	return check_floats(trial, race->output, expected, race->size / sizeof(float));
}

static void finish(struct trial *trial)
{
	if (trial->peer->finish)
		trial->peer->finish(trial);
}

/* False: the arguments are not for this peer, or it computes something else. */
static bool try_peer(const struct library *library, const struct peer *peer, const struct race *race,
		     const void *expected)
{
	struct trial *trial = &trials[trial_count];
	*trial = (struct trial){library, peer, race, race->args, peer->function ? *peer->function : NULL, NULL, false};
	if (peer->prepare && !peer->prepare(trial))
		return false;
	peer_count.checked++;
	if (agrees(trial, expected))
		return true;
	peer_count.wrong++;
	finish(trial);
	return false;
}

static bool is_for(const struct peer *peer, const struct race *race)
{
	static struct cpu cpu;
	if (!cpu.source)
		probe_cpu(&cpu);
	return strcmp(peer->kernel, race->kernel) == 0 && (!peer->needs || check_needs(&cpu, peer->needs, NULL) == 0);
}

size_t find_peers(const struct race *race, const void *expected, struct contender *list, size_t room)
{
	while (trial_count > 0)
		finish(&trials[--trial_count]);
	if (room > CONTENDERS_MAX)
		room = CONTENDERS_MAX;
	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		const struct library *library = libraries[i];
		bool wanted = false;
		for (size_t p = 0; p < library->peer_count && trial_count < room; p++) {
			const struct peer *peer = &library->peers[p];
			if (!is_for(peer, race))
				continue;
			wanted = true;
			if (!is_open(i))
				break;
			if (!try_peer(library, peer, race, expected))
				continue;
			list[trial_count] = (struct contender){peer->name, run_trial, &trials[trial_count]};
			trial_count++;
		}
		if (wanted && known[i].state == MISSING) {
			say("  without %s: %s (%s)\n", library->name, known[i].message, library->source);
			peer_count.missing++;
		}
	}
	return trial_count;
}
