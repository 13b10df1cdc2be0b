/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The configuration: every key with good and bad values. Files are written to a folder of this test's own. What is
 * wrong with a line as such is inifile.c's, which file wins is layers.c's.
 */
#include "build.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/config.h"
#include "tests/unit/folder.h"

static struct config config;

static int load_text(const char *text)
{
	write_text("c.ini", text);
	memset(&why, 0, sizeof why);
	return load_config_from(&config, "/nonexistent", "", in_home("c.ini"), &why);
}

/* The text is refused, at that line, saying that; and nothing of it is applied. */
static void assert_refused(const char *text, int line, const char *part)
{
	char place[300];
	memset(&config, 0x5a, sizeof config);
	struct config before = config;
	int status = load_text(text);
	if (status != TENON_ECONFIG)
		fail_msg("'%s' gave %d (%s)", text, status, why.text);
	snprintf(place, sizeof place, "%s:%d:", in_home("c.ini"), line);
	assert_says(place);
	assert_says(part);
	assert_memory_equal(&config, &before, sizeof config);
	/* A longer path may cut the end of a remedy, but never so in this test's folder. */
	assert_true(strlen(why.text) < sizeof why.text - 1);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

struct value_case {
	const char *section, *key, *good, *bad;
};

#define SIX "/23456"
#define FIFTY "12345678901234567890123456789012345678901234567890"

/* NULL: no such value is good (or bad) beyond those of the other rows of the key. */
static const struct value_case values[] = {
	{"runtime", "backend", "auto", ""},
	{"runtime", "backend", "avx512", "av x"},
	{"runtime", "backend", "/opt/acme/acme.so", "./acme.so"},
	{"runtime", "backend", "Acme-2.1_x", "-acme"},
	{"runtime", "backend", "1234567890123456789012345678901", "12345678901234567890123456789012"},
	{"runtime", "backend_path", "/a", "a"},
	{"runtime", "backend_path", "/a:/b c:/d", "/a:b"},
	{"runtime", "backend_path", "", "/a:"},
	{"runtime", "backend_path", NULL, ":/a"},
	{"runtime", "backend_path", NULL, "/a::/b"},
	{"runtime", "allow", "acme", "a b"},
	{"runtime", "allow", "acme, beta,gamma", "acme,"},
	{"runtime", "allow", "", ",acme"},
	{"runtime", "allow", NULL, "a,,b"},
	{"runtime", "allow", NULL, "/opt/acme.so"},
	{"runtime", "max_isa", "scalar", "avx3"},
	{"runtime", "max_isa", "avx2", "AVX2"},
	{"runtime", "max_isa", "avx512", "avx51"},
	{"runtime", "max_isa", "neon", "avx2, avx512"},
	{"runtime", "max_isa", "", ","},
	{"runtime", "numerics", "exact", "Exact"},
	{"runtime", "numerics", "bounded", "1"},
	{"runtime", "fallback", "scalar", "none"},
	{"runtime", "fallback", "fail", ""},
	{"runtime", "fork", "inherit", "parent"},
	{"runtime", "fork", "scalar", "true"},
	{"runtime", "stage", "auto", "tmp"},
	{"runtime", "stage", "directory", "dir"},
	{"runtime", "stage", "memfd", "memfd_create"},
	{"runtime", "stage", "none", ""},
	{"runtime", "trusted_owners", "root, 1000", "nobody-of-this-name"},
	{"runtime", "trusted_owners", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
	 "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"},
	{"runtime", "trusted_owners", "", "1,,2"},
	{"runtime", "trusted_owners", "4294967294", "4294967295"},
	{"runtime", "label", "web-1", "two words"},
	{"runtime", "label", "", "caf\xc3\xa9"},
	{"runtime", "label", "a@b/c:d+e.f_g", "1234567890123456789012345678901234567890123456789012345678901234"},
	{"runtime", "trust", "owner", "both"},
	{"runtime", "trust", "signature", ""},
	{"runtime", "trusted_keys", "/etc/keys", "keys"},
	{"runtime", "trusted_keys", "", "./keys"},
	{"runtime", "state_dir", "/var/lib/x", "var"},
	{"runtime", "state_dir", "", "~/x"},
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) \
	{"kernels", #name, "avx2", "/opt/acme.so"}, {"kernels", #name, "auto", ""},
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	{"arena", "size", "65536", "65535"},
	{"arena", "size", "64KiB", "63KiB"},
	{"arena", "size", "1 MiB", "1MB"},
	{"arena", "size", "1GiB", "2GiB"},
	{"arena", "size", "1073741824", "1073741825"},
	{"arena", "size", NULL, "1048576B"},
	{"arena", "size", NULL, "1M"},
	{"arena", "size", NULL, "-1MiB"},
	{"arena", "size", NULL, "+65536"},
	{"arena", "size", NULL, "0x100000"},
	{"arena", "size", NULL, "1.5MiB"},
	{"arena", "size", NULL, "1  MiB"},
	{"arena", "size", NULL, "MiB"},
	{"arena", "size", NULL, ""},
	{"arena", "size", NULL, "18446744073709551616"}, /* 2^64 */
	{"arena", "size", NULL, "18014398509481985KiB"}, /* wraps to 1 KiB */
	{"arena", "overflow", "error", "Error"},
	{"arena", "overflow", "fallback", "heap"},
	{"arena", "overflow", "abort", "error,"},
	{"rollout", "steps", "5,25,50,100", "25,5,100"},
	{"rollout", "steps", "off", "5,25"},
	{"rollout", "steps", "100", "101"},
	{"rollout", "steps", "5%, 100%", "0,100"},
	{"rollout", "steps", "1,2,3,4,5,6,7,100", "1,2,3,4,5,6,7,8,100"},
	{"rollout", "steps", NULL, "5,,100"},
	{"rollout", "steps", NULL, "100,"},
	{"rollout", "steps", NULL, ""},
	{"rollout", "hold", "30s", "30"},
	{"rollout", "hold", "0ms", "s"},
	{"rollout", "hold", "720h", "721h"},
	{"rollout", "hold", "5m", "-5m"},
	{"rollout", "hold", NULL, "1.5s"},
	{"rollout", "hold", NULL, "18446744073709551617ms"},
	{"rollout", "shadow", "1/1024", "1024"},
	{"rollout", "shadow", "off", "1/0"},
	{"rollout", "shadow", "1/4294967295", "1/4294967296"},
	{"rollout", "shadow", NULL, "2/3"},
	{"rollout", "shadow", NULL, "1/"},
	{"rollout", "guard", "on", "yes"},
	{"rollout", "guard", "off", ""},
	{"rollout", "max_p99_increase", "25%", "25"},
	{"rollout", "max_p99_increase", "10000%", "10001%"},
	{"control", "group", "root", "no-such-group-here"},
	{"control", "group", "0", "4294967295"},
	{"control", "group", "", "-1"},
	{"control", "watch", "on", "true"},
	{"control", "watch", "off", ""},
	{"control", "socket", "off", "no"},
	{"control", "socket", "on", ""},
	{"control", "socket", "/run/x.sock", "x.sock"},
	/* 107 bytes fit into a socket's address, 108 do not. */
	{"control", "socket", SIX "/" FIFTY FIFTY, SIX "/" FIFTY FIFTY "x"},
	{"metrics", "http", "off", "on"},
	{"metrics", "http", "9464", "94640"},
	{"metrics", "http", "0", ""},
	{"metrics", "http", "0.0.0.0:9464", "localhost:9464"},
	{"metrics", "http", "[::1]:9464", "::1:9464"},
	{"metrics", "http", "127.0.0.1:0", "127.0.0.1:"},
	{"metrics", "http", NULL, "[127.0.0.1]:80"},
	{"metrics", "http", NULL, "127.0.0.1:80x"},
	{"metrics", "calls", "auto", "yes"},
	{"metrics", "calls", "on", ""},
	{"metrics", "calls", "off", "1/64"},
	{"log", "level", "error", "fatal"},
	{"log", "level", "warn", "warning"},
	{"log", "level", "info", "2"},
	{"log", "level", "debug", ""},
	{"log", "target", "callback", "stdout"},
	{"log", "target", "stderr", "/var/log/x"},
	{"log", "target", "syslog", "journal"},
	{"log", "target", "none", ""},
	{"log", "format", "auto", "xml"},
	{"log", "format", "text", "plain"},
	{"log", "format", "logfmt", ""},
	{"log", "format", "json", "JSON"},
};
#define VALUE_COUNT (sizeof values / sizeof values[0])

static void takes_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		char text[400];
		if (!values[i].good)
			continue;
		snprintf(text, sizeof text, "[%s]\n%s = %s\n", values[i].section, values[i].key, values[i].good);
		if (load_text(text) != 0)
			fail_msg("%s: %s", text, why.text);
		snprintf(text, sizeof text, "%s:2", in_home("c.ini"));
		assert_string_equal(config_origin(&config, values[i].section, values[i].key), text);
	}
}

static void refuses_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		char text[400], part[128];
		snprintf(text, sizeof text, "# one\n[%s]\n%s = %s\n", values[i].section, values[i].key, values[i].bad);
		snprintf(part, sizeof part, "[%s] %s = %.40s", values[i].section, values[i].key,
			 *values[i].bad ? values[i].bad : "(empty): expected ");
		assert_refused(text, 3, part);
		assert_says(": expected ");
	}
}

static void tests_every_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_config_keys(); i++) {
		unsigned good = 0, bad = 0;
		for (size_t j = 0; j < VALUE_COUNT; j++) {
			if (strcmp(values[j].section, config_keys[i].section) ||
			    strcmp(values[j].key, config_keys[i].name))
				continue;
			good += values[j].good != NULL;
			bad += values[j].bad != NULL;
		}
		if (!good || !bad)
			fail_msg("[%s] %s has %u good and %u bad values here", config_keys[i].section,
				 config_keys[i].name, good, bad);
		assert_true(strlen(config_keys[i].meaning) > 0);
	}
}

static void has_defaults(void **state)
{
	(void)state;
	memset(&config, 0x5a, sizeof config);
	default_config(&config);
	assert_string_equal(config.backend, "auto");
	assert_string_equal(config.backend_path, "");
	assert_string_equal(config.allow, "");
	assert_string_equal(config.max_isa, "");
	assert_false(config.bounded);
	assert_false(config.fallback_fail);
	assert_false(config.fork_scalar);
	assert_string_equal(config.stage, "auto");
	assert_string_equal(config.label, "");
	assert_int_equal(config.arena_size, 1 << 20);
	assert_int_equal(config.arena_overflow, ARENA_ERROR);
	assert_string_equal(config.socket, "off");
	assert_int_equal(config.group, -1);
	assert_false(config.watch);
	assert_false(config.trust_signature);
	assert_string_equal(config.state_dir, "");
	assert_int_equal(config.steps.count, 0);
	assert_int_equal(config.hold_ms, 30000);
	assert_int_equal(config.shadow, 0);
	assert_true(config.guard);
	assert_int_equal(config.max_p99_increase, 25);
	assert_string_equal(config.http, "off");
	assert_int_equal(config.metrics_calls, CALLS_AUTO);
	assert_int_equal(config.log_level, TENON_LOG_INFO);
	assert_string_equal(config.log_target, "callback");
	for (int i = 0; i < KERNEL_COUNT; i++)
		assert_string_equal(config.kernel_backend[i], "");
	assert_string_equal(config_origin(&config, "runtime", "backend"), "the default");
	/* A default is a value that one could have written. */
	for (size_t i = 0; i < count_config_keys(); i++) {
		struct config other;
		if (config_keys[i].initial)
			assert_true(config_keys[i].kind->parse(&config_keys[i], (char *)&other + config_keys[i].offset,
							       config_keys[i].initial));
	}
}

static void puts_values_where_they_belong(void **state)
{
	(void)state;
	assert_int_equal(load_text("[runtime]\nbackend = avx2\nbackend_path = /a:/b\nallow = x , y\nmax_isa = avx2\n"
				   "numerics = bounded\nfallback = fail\nfork = scalar\nstage = memfd\nlabel = web\n"
				   "[kernels]\ninner_product = acme\n[arena]\nsize = 2 MiB\noverflow = abort\n"
				   "[rollout]\nsteps = 5, 25,100%\nhold = 1500ms\nshadow = 1/64\nguard = off\n"
				   "max_p99_increase = 7%\n[control]\nsocket = on\nwatch = on\ngroup = 7\n"
				   "[metrics]\nhttp = [::1]:9464\ncalls = off\n"
				   "[log]\nlevel = debug\ntarget = syslog\n"),
			 0);
	assert_string_equal(config.backend, "avx2");
	assert_string_equal(config.backend_path, "/a:/b");
	assert_string_equal(config.allow, "x,y");
	assert_string_equal(config.max_isa, "avx2");
	assert_true(config.bounded);
	assert_true(config.fallback_fail);
	assert_true(config.fork_scalar);
	assert_string_equal(config.stage, "memfd");
	assert_string_equal(config.label, "web");
	assert_string_equal(config.kernel_backend[KERNEL_inner_product], "acme");
	assert_int_equal(config.arena_size, 2 << 20);
	assert_int_equal(config.arena_overflow, ARENA_ABORT);
	assert_int_equal(config.steps.count, 3);
	assert_memory_equal(config.steps.percent, "\005\031\144", 3);
	assert_int_equal(config.hold_ms, 1500);
	assert_int_equal(config.shadow, 64);
	assert_false(config.guard);
	assert_int_equal(config.max_p99_increase, 7);
	assert_int_equal(config.group, 7);
	assert_string_equal(config.http, "[::1]:9464");
	assert_int_equal(config.metrics_calls, CALLS_OFF);
	assert_true(config.watch);
	assert_string_equal(config.socket, "on");
	assert_int_equal(config.log_level, TENON_LOG_DEBUG);
	assert_string_equal(config.log_target, "syslog");
}

/* A value as text means the same value again. */
static void reads_back_what_it_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		char text[400], printed[300];
		struct config first;
		if (!values[i].good)
			continue;
		snprintf(text, sizeof text, "[%s]\n%s = %s\n", values[i].section, values[i].key, values[i].good);
		assert_int_equal(load_text(text), 0);
		first = config;
		for (size_t j = 0; j < count_config_keys(); j++) {
			const struct config_key *key = &config_keys[j];
			if (strcmp(key->section, values[i].section) || strcmp(key->name, values[i].key))
				continue;
			format_config_value(&config, key, printed, sizeof printed);
			assert_true(key->kind->parse(key, (char *)&config + key->offset, printed));
			assert_memory_equal((char *)&config + key->offset, (char *)&first + key->offset, key->size);
		}
	}
}

static void parses_in_any_locale(void **state)
{
	(void)state;
	static const char *const locales[] = {"de_DE.UTF-8", "tr_TR.UTF-8", "C.UTF-8"};
	unsigned tried = 0;
	for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
		if (!setlocale(LC_ALL, locales[i]))
			continue;
		tried++;
		assert_int_equal(load_text("[arena]\nsize = 2MiB\n[runtime]\nbackend = AVX512i\n"), 0);
		assert_int_equal(config.arena_size, 2 << 20);
		assert_refused("[arena]\nsize = 1.048.576\n", 2, "size");
	}
	setlocale(LC_ALL, "C");
	assert_true(tried > 0);
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	assert_refused("[rutime]\n", 1, "[runtime], [kernels], [arena], [rollout], [control], [metrics], [log]");
	assert_refused("[]\n", 1, "there is no section []");
	assert_refused("[Runtime]\n", 1, "there is no section [Runtime]");
	assert_refused("[arena]\nsizes = 1MiB\n", 2, "[arena] has no key 'sizes'; it has size, overflow");
	assert_refused("[log]\nlevels = x\n", 2, "it has level, target, format");
	assert_refused("[runtime]\nsize = 1MiB\n", 2, "[runtime] has no key 'size'");
	assert_refused("[kernels]\nfrobnicate = avx2\n", 2, "inner_product");
	assert_refused("[runtime]\nBackend = avx2\n", 2, "has no key 'Backend'");
	assert_refused("backend = avx2\n", 1, "stands before any section");
	assert_refused("[runtime]\nbackend = avx2\n\n[log]\n[runtime]\nbackend = avx512\n", 6, "after line 2");
	assert_refused("[runtime]\nbackend = avx2\n  max_isa = avx2\n", 3,
		       "is indented"); /* and what inifile.c refuses */
}

static void leaks_no_descriptor(void **state)
{
	(void)state;
	int before = open("/dev/null", O_RDONLY);
	close(before);
	load_text("[runtime]\nbackend = avx2\n");
	load_text("[nonsense]\n");
	load_config_from(&config, "/nonexistent", "", home, &why);
	int after = open("/dev/null", O_RDONLY);
	close(after);
	assert_int_equal(before, after);
}

#define TEST(function) cmocka_unit_test_setup(function, empty_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_good_values),
		TEST(refuses_bad_values),
		TEST(tests_every_key),
		TEST(has_defaults),
		TEST(puts_values_where_they_belong),
		TEST(reads_back_what_it_prints),
		TEST(parses_in_any_locale),
		TEST(refuses_what_it_does_not_know),
		TEST(leaks_no_descriptor),
	};
	return cmocka_run_group_tests_name("config", tests, make_home, remove_home);
}
