/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Proving from the host's side: the real helper proves the real backends, under any cap; what was proven is remembered,
 * so that a second load starts nothing; launchers are used; what is too long for a request is refused.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "runtime/prove.h"
#include "tests/live.h"

static struct config config;
static struct cpu cpu;
static char *program, *launcher;

static int prepare(void **state)
{
	(void)state;
	program = getenv("TENON_PROVE") ? strdup(getenv("TENON_PROVE")) : NULL;
	launcher = strdup(getenv("TENON_LAUNCHER") ? getenv("TENON_LAUNCHER") : "");
	default_config(&config);
	probe_cpu(&cpu);
	return 0;
}

static int restore(void **state)
{
	(void)state;
	setenv("TENON_PROVE", program, 1);
	setenv("TENON_LAUNCHER", launcher, 1);
	free(program);
	free(launcher);
	while (tenon_close() == TENON_OK)
		;
	return 0;
}

static void the_helper_greets(void **state)
{
	(void)state;
	struct why why;
	if (greet_helper(&config, &cpu, &why))
		fail_msg("%s", why.text);
}

/* Host and helper apply the same cap; with different ones they would be different CPUs. */
static void it_has_the_hosts_cap(void **state)
{
	(void)state;
	struct why why;
	snprintf(config.max_isa, sizeof config.max_isa, "scalar");
	assert_int_equal(cap_cpu(&cpu, config.max_isa, &why), 0);
	if (greet_helper(&config, &cpu, &why))
		fail_msg("%s", why.text);
	char capped[CPU_LIST_SIZE], list[CPU_LIST_SIZE];
	list_features(&cpu, capped);
	probe_cpu(&cpu);
	list_features(&cpu, list);
	if (strcmp(capped, list) == 0)
		skip();
	assert_int_equal(greet_helper(&config, &cpu, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "runs on another CPU"));
}

static void launchers_launch(void **state)
{
	(void)state;
	struct why why;
	char words[PATH_MAX];
	snprintf(words, sizeof words, "  env   LAUNCHED=1 %s", launcher);
	setenv("TENON_LAUNCHER", words, 1);
	if (greet_helper(&config, &cpu, &why))
		fail_msg("%s", why.text);
	setenv("TENON_LAUNCHER", "/no/such/launcher -x", 1);
	assert_int_equal(greet_helper(&config, &cpu, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "/no/such/launcher"));
}

static void long_requests_are_refused(void **state)
{
	(void)state;
	struct why why;
	static char words[40000];
	memset(words, 'x', sizeof words - 1);
	setenv("TENON_LAUNCHER", words, 1);
	assert_int_equal(greet_helper(&config, &cpu, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "too long"));
	for (size_t i = 1; i < sizeof words; i += 2)
		words[i] = ' ';
	words[sizeof words - 1] = '\0';
	setenv("TENON_LAUNCHER", words, 1);
	assert_int_equal(greet_helper(&config, &cpu, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "too long"));
}

/* The helper is taken away after the first proof. */
static void what_was_proven_is_remembered(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(SCALAR_PLUGIN, 0), TENON_OK);
	setenv("TENON_PROVE", "/no/such/helper", 1);
	assert_int_equal(tenon_swap(SCALAR_PLUGIN, TENON_SWAP_COLD), TENON_OK);
	assert_true(calls_work());
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_EREFUSED);
	assert_non_null(strstr(tenon_error_detail(), "or point TENON_PROVE to it"));
	assert_true(calls_work());
}

/* A changed file is another file. */
static void a_new_file_is_proven_anew(void **state)
{
	(void)state;
	char path[] = "/tmp/tenon-test-XXXXXX.so", command[PATH_MAX];
	close(mkstemps(path, 3));
	snprintf(command, sizeof command, "cp '%s' '%s' && chmod 755 '%s'", SCALAR_PLUGIN, path, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(path, 0), TENON_OK);
	assert_int_equal(system(command), 0);
	setenv("TENON_PROVE", "/no/such/helper", 1);
	assert_int_equal(tenon_swap(path, TENON_SWAP_COLD), TENON_EREFUSED);
	unlink(path);
}

/* The first child would be made by the first proof; in a build tree auto's choice is not the installed one. */
static void what_opens_with_a_name_is_proven(void **state)
{
	(void)state;
	char text[PATH_MAX + 64];
	setenv("TENON_PROVE", "/no/such/helper", 1);
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\n", HOOKED_PLUGIN);
	assert_int_equal(open_with(text), TENON_OK);
	assert_true(serves("scalar"));
	assert_true(get_status().degraded);
	assert_non_null(strstr(get_status().degraded_reason, "cannot be proven"));
}

static void it_is_used_from_memfds(void **state)
{
	(void)state;
	char text[PATH_MAX + 64], state_dir[] = "/tmp/tenon-test-XXXXXX", command[64];
	assert_non_null(mkdtemp(state_dir));
	snprintf(text, sizeof text, "[runtime]\nbackend = scalar\nstage = memfd\nstate_dir = %s\n", state_dir);
	assert_int_equal(open_with(text), TENON_OK);
	if (tenon_swap(HOOKED_PLUGIN, 0))
		fail_msg("%s", tenon_error_detail());
	snprintf(command, sizeof command, "rm -rf %s", state_dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_helper_greets, prepare, restore),
		cmocka_unit_test_setup_teardown(it_has_the_hosts_cap, prepare, restore),
		cmocka_unit_test_setup_teardown(launchers_launch, prepare, restore),
		cmocka_unit_test_setup_teardown(long_requests_are_refused, prepare, restore),
		cmocka_unit_test_setup_teardown(what_was_proven_is_remembered, prepare, restore),
		cmocka_unit_test_setup_teardown(a_new_file_is_proven_anew, prepare, restore),
		cmocka_unit_test_setup_teardown(what_opens_with_a_name_is_proven, prepare, restore),
		cmocka_unit_test_setup_teardown(it_is_used_from_memfds, prepare, restore),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
