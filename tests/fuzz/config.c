/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes the parser of configuration files: an input is a file. What is refused leaves the configuration alone, and says in
 * which line; what is accepted gives, written out as `tenon config show` does, a file that says the same.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/config.h"

static int file;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* What the environment says would win over the file. */
	for (size_t i = 0; i < count_config_keys(); i++)
		if (config_keys[i].variable)
			unsetenv(config_keys[i].variable);
	file = memfd_create("input", 0);
	MUST(file >= 0, "no memory for a file");
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	return 0;
}

static int load(const void *bytes, size_t size, struct config *config, struct why *why)
{
	MUST(ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size, "the file cannot be written");
	return load_config(config, path, why);
}

/* Without spaces: a line may be as long as the one that it was read from. */
static size_t write_out(const struct config *config, char *text, size_t size)
{
	size_t used = 0;
	char value[PATH_MAX];
	for (size_t i = 0; i < count_config_keys(); i++) {
		const struct config_key *key = &config_keys[i];
		format_config_value(config, key, value, sizeof value);
		if (*value || key->initial)
			used += (size_t)snprintf(text + used, size - used, "[%s]\n%s=%s\n", key->section, key->name,
						 value);
		MUST(used < size, "more than %zu bytes of configuration", size);
	}
	return used;
}

static void must_say_the_same(const struct config *config)
{
	static char text[1 << 16], again[1 << 16];
	static struct config copy;
	struct why why;
	size_t size = write_out(config, text, sizeof text);
	int status = load(text, size, &copy, &why);
	MUST(status == 0, "what it is written out as is refused: %s", why.text);
	write_out(&copy, again, sizeof again);
	MUST(strcmp(text, again) == 0, "written out, it says something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config, untouched;
	struct why why = {0};
	memset(&untouched, 0x5a, sizeof untouched);
	memset(&config, 0x5a, sizeof config);
	int status = load(data, size, &config, &why);
	if (!status)
		must_say_the_same(&config);
	MUST(!status || memcmp(&config, &untouched, sizeof config) == 0,
	     "refused, and yet it changed the configuration");
	MUST(!status || (status == TENON_ECONFIG && why.status == status && strchr(why.text, ':')), "%d: %s", status,
	     why.text);
	return 0;
}
