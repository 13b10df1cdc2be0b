/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of configuration keys, how their values parse (locale-independent, complete or not at all) and what they look
 * like. config.c reads the files. No state, no threads.
 */
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/cpu.h"

#define SOCKET_PATH_MAX 107 /* sun_path, less its NUL */

static bool put_text(void *field, size_t size, const char *value)
{
	size_t length = strlen(value);
	if (length >= size)
		return false;
	memcpy(field, value, length + 1);
	return true;
}

/* The position of value in "one, two, three", or -1. */
static int find_word(const char *words, const char *value)
{
	size_t length = strlen(value);
	for (int i = 0; *words; i++) {
		size_t word = strcspn(words, ",");
		if (word == length && memcmp(words, value, word) == 0)
			return i;
		words += word;
		words += strspn(words, ", ");
	}
	return -1;
}

/* A word, kept as text. */
static bool parse_word(const struct config_key *key, void *field, const char *value)
{
	return find_word(key->expects, value) >= 0 && put_text(field, key->size, value);
}

/* A word, kept as its position: an int or enumeration, or a bool where there are two words. */
static bool parse_choice(const struct config_key *key, void *field, const char *value)
{
	int choice = find_word(key->expects, value);
	if (choice < 0)
		return false;
	if (key->size == sizeof(bool))
		*(bool *)field = choice;
	else
		*(int *)field = choice;
	return true;
}

static bool parse_max_isa(const struct config_key *key, void *field, const char *value)
{
	return !*value ? put_text(field, key->size, value) : parse_word(key, field, value);
}

static bool parse_backend(const struct config_key *key, void *field, const char *value)
{
	return (*value == '/' || is_backend_name(value)) && put_text(field, key->size, value);
}

static bool parse_name(const struct config_key *key, void *field, const char *value)
{
	return is_backend_name(value) && put_text(field, key->size, value);
}

static bool parse_directories(const struct config_key *key, void *field, const char *value)
{
	for (const char *at = value; *at; at += *at == ':') {
		if (*at != '/')
			return false;
		at += strcspn(at, ":");
		if (*at && !at[1])
			return false;
	}
	return put_text(field, key->size, value);
}

static bool parse_names(const struct config_key *key, void *field, const char *value)
{
	char *out = field;
	size_t used = 0;
	*out = '\0';
	for (const char *at = value; *at;) {
		char name[BACKEND_NAME_SIZE + 1];
		size_t length = strcspn(at, ", ");
		snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), at);
		if (!is_backend_name(name) || used + length + 2 > key->size)
			return false;
		used += (size_t)snprintf(out + used, key->size - used, "%s%s", used ? "," : "", name);
		at += length;
		at += strspn(at, " ");
		if (!*at)
			return true;
		if (*at++ != ',')
			return false;
		at += strspn(at, " ");
	}
	return !*value;
}

static bool parse_label(const struct config_key *key, void *field, const char *value)
{
	static const char legal[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-/:@+";
	return !value[strspn(value, legal)] && put_text(field, key->size, value);
}

static bool parse_socket(const struct config_key *key, void *field, const char *value)
{
	bool word = strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
	return (word || (*value == '/' && strlen(value) <= SOCKET_PATH_MAX)) && put_text(field, key->size, value);
}

/* A user id, or a name that the system knows now. */
static bool find_user(const char *name, uid_t *uid)
{
	char *end, buffer[4096];
	struct passwd entry, *found;
	errno = 0;
	unsigned long number = strtoul(name, &end, 10);
	if (*name >= '0' && *name <= '9') {
		*uid = (uid_t)number;
		return !*end && !errno && *uid == number && *uid != (uid_t)-1;
	}
	if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) || !found)
		return false;
	*uid = entry.pw_uid;
	return true;
}

static bool parse_owners(const struct config_key *key, void *field, const char *value)
{
	struct trusted_owners owners = {.count = 0};
	(void)key;
	while (*value) {
		char name[64];
		size_t length = strcspn(value, ", ");
		if (!length || length >= sizeof name || owners.count == TRUSTED_OWNERS_MAX)
			return false;
		snprintf(name, sizeof name, "%.*s", (int)length, value);
		if (!find_user(name, &owners.uid[owners.count++]))
			return false;
		value += length;
		value += strspn(value, " ");
		if (*value && *value++ != ',')
			return false;
		value += strspn(value, " ");
	}
	*(struct trusted_owners *)field = owners;
	return true;
}

static bool scale_size(const char *unit, uint64_t *bytes)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(unit, units[i]) != 0)
			continue;
		*bytes <<= 10 * i;
		return true;
	}
	return false;
}

#define ARENA_SIZE_MIN (UINT64_C(64) << 10)
#define ARENA_SIZE_MAX (UINT64_C(1) << 30)

static bool parse_arena_size(const struct config_key *key, void *field, const char *value)
{
	uint64_t bytes = 0;
	const char *at = value;
	(void)key;
	for (; *at >= '0' && *at <= '9'; at++) {
		bytes = bytes * 10 + (uint64_t)(*at - '0');
		if (bytes > ARENA_SIZE_MAX)
			return false;
	}
	if (at == value || !scale_size(at + (*at == ' '), &bytes) || bytes < ARENA_SIZE_MIN || bytes > ARENA_SIZE_MAX)
		return false;
	*(size_t *)field = (size_t)bytes;
	return true;
}

/* ---- Back to text ------------------------------------------------------------------------------------------------ */

/* The index-th of "one, two, three". */
static void format_choice(const struct config_key *key, const void *field, char *text, size_t size)
{
	int choice = key->size == sizeof(bool) ? *(const bool *)field : *(const int *)field;
	const char *word = key->expects;
	while (choice--) {
		word += strcspn(word, ",");
		word += strspn(word, ", ");
	}
	snprintf(text, size, "%.*s", (int)strcspn(word, ","), word);
}

static void format_size(size_t bytes, char *text, size_t size)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	unsigned unit = 0;
	for (; bytes && bytes % 1024 == 0 && unit < 3; unit++)
		bytes /= 1024;
	snprintf(text, size, "%zu%s", bytes, units[unit]);
}

static void format_owners(const struct trusted_owners *owners, char *text, size_t size)
{
	size_t used = 0;
	*text = '\0';
	for (unsigned i = 0; i < owners->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%ju", used ? "," : "", (uintmax_t)owners->uid[i]);
}

void format_config_value(const struct config *config, const struct config_key *key, char *text, size_t size)
{
	const void *field = (const char *)config + key->offset;
	if (key->parse == parse_choice)
		format_choice(key, field, text, size);
	else if (key->parse == parse_arena_size)
		format_size(*(const size_t *)field, text, size);
	else if (key->parse == parse_owners)
		format_owners(field, text, size);
	else
		snprintf(text, size, "%s", (const char *)field);
}

#define FIELD(member) offsetof(struct config, member), sizeof ((struct config *)0)->member

const struct config_key config_keys[] = {
	{"runtime", "backend", "TENON_BACKEND", parse_backend, FIELD(backend), "auto",
	 "auto, the name of a backend (`tenon list` prints them) or an absolute path",
	 "The backend that serves the kernels; auto takes the best usable one of those shipped or allowed."},
	{"runtime", "backend_path", "TENON_BACKEND_PATH", parse_directories, FIELD(backend_path), "",
	 "absolute directories, separated by ':'",
	 "Where to look for backends before the installed directory."},
	{"runtime", "allow", NULL, parse_names, FIELD(allow), "",
	 "names of backends, separated by commas, each of " BACKEND_NAME_RULE,
	 "Backends that auto may choose beyond those shipped with Tenon."},
	{"runtime", "max_isa", "TENON_MAX_ISA", parse_max_isa, FIELD(max_isa), "",
	 MAX_ISA_VALUES,
	 "The highest instruction set that may be used; empty for no cap."},
	{"runtime", "numerics", NULL, parse_choice, FIELD(bounded), "exact",
	 "exact, bounded",
	 "Whether kernels that promise an error bound, not the exact bits, may serve."},
	{"runtime", "fallback", NULL, parse_choice, FIELD(fallback_fail), "scalar",
	 "scalar, fail",
	 "What tenon_open() does when the backend is refused: run degraded on scalar, or fail."},
	{"runtime", "fork", NULL, parse_choice, FIELD(fork_scalar), "inherit",
	 "inherit, scalar",
	 "What a forked child starts on."},
	{"runtime", "stage", NULL, parse_word, FIELD(stage), "auto",
	 "auto, directory, memfd, none",
	 "Where the private copy of a backend is made before it is judged and loaded."},
	{"runtime", "trusted_owners", NULL, parse_owners, FIELD(trusted_owners), "",
	 "at most 16 users that exist, by name or number, separated by commas",
	 "Users who may own backends and their directories, beside root and the process's own user."},
	{"runtime", "label", NULL, parse_label, FIELD(label), "",
	 "at most 63 letters, digits and any of . _ - / : @ +",
	 "A name for this process, to select it by."},
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, kernel, scratch, args)                                                    \
	{"kernels", #kernel, NULL, parse_name, FIELD(kernel_backend[KERNEL_##kernel]), NULL,       \
	 "the name of a backend (`tenon list` prints them) or auto",                               \
	 "The backend of this kernel, where it is not that of [runtime]."},
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	{"arena", "size", "TENON_ARENA_SIZE", parse_arena_size, FIELD(arena_size), "1MiB",
	 "64KiB to 1GiB, as bytes or with the unit KiB, MiB or GiB",
	 "The size of each thread's arena."},
	{"arena", "overflow", "TENON_ARENA_OVERFLOW", parse_choice, FIELD(arena_overflow), "error",
	 "error, fallback, abort",
	 "What an arena does when it is full: refuse, take heap memory, or end the process."},
	{"control", "socket", NULL, parse_socket, FIELD(socket), "off",
	 "off, on, or an absolute path of at most 107 bytes",
	 "The control socket; on puts it in the default place."},
	{"log", "level", "TENON_LOG", parse_choice, FIELD(log_level), "info",
	 "error, warn, info, debug",
	 "The least important events that are reported."},
	{"log", "target", NULL, parse_word, FIELD(log_target), "callback",
	 "callback, stderr, syslog, none",
	 "Who gets the events: the host's callback, or one of these."},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(COUNT(config_keys) <= CONFIG_KEYS_MAX, "raise CONFIG_KEYS_MAX");
_Static_assert(sizeof(enum arena_overflow) == sizeof(int), "parse_choice() writes an int");

size_t count_config_keys(void)
{
	return COUNT(config_keys);
}
