/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kinds of configuration values: how each parses (locale-independent, complete or not at all) and what it looks like
 * as text again. keys.c says which key is of which kind. No state, no threads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"

#define SOCKET_PATH_MAX 107 /* sun_path, less its NUL */
#define DURATION_MAX_MS (UINT64_C(30) * 24 * 3600 * 1000)
#define PERCENT_MAX 10000

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

/* The digits at *at, which moves behind them. False if there are none or the number is above max. */
static bool read_number(const char **at, uint64_t max, uint64_t *number)
{
	const char *start = *at;
	for (*number = 0; **at >= '0' && **at <= '9'; ++*at) {
		*number = *number * 10 + (uint64_t)(**at - '0');
		if (*number > max)
			return false;
	}
	return *at != start;
}

static bool is_address(const char *address, bool is_ipv6)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address, bytes) == 1;
}

bool split_http(const char *value, char *address, size_t size, uint16_t *port)
{
	uint64_t number;
	const char *at = strrchr(value, ':');
	bool brackets = *value == '[' && at && at > value && at[-1] == ']';
	if (!at)
		snprintf(address, size, "127.0.0.1");
	else
		snprintf(address, size, "%.*s", (int)(at - value) - 2 * brackets, value + brackets);
	at = at ? at + 1 : value;
	if (!is_address(address, brackets) || !read_number(&at, UINT16_MAX, &number) || *at)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool parse_http(const struct config_key *key, void *field, const char *value)
{
	char address[64];
	uint16_t port;
	return (strcmp(value, "off") == 0 || split_http(value, address, sizeof address, &port)) &&
	       put_text(field, key->size, value);
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
	uint64_t bytes;
	const char *at = value;
	(void)key;
	if (!read_number(&at, ARENA_SIZE_MAX, &bytes) || !scale_size(at + (*at == ' '), &bytes) ||
	    bytes < ARENA_SIZE_MIN || bytes > ARENA_SIZE_MAX)
		return false;
	*(size_t *)field = (size_t)bytes;
	return true;
}

/* Milliseconds from a number with its unit. */
static bool parse_duration(const struct config_key *key, void *field, const char *value)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	uint64_t number;
	const char *at = value;
	(void)key;
	if (!read_number(&at, DURATION_MAX_MS, &number))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(at, units[i].name) != 0 || number > DURATION_MAX_MS / units[i].ms)
			continue;
		*(uint64_t *)field = number * units[i].ms;
		return true;
	}
	return false;
}

/* Each larger than the one before, the last one 100; or "off". */
static bool parse_steps(const struct config_key *key, void *field, const char *value)
{
	struct rollout_steps steps = {.count = 0};
	uint64_t last = 0;
	(void)key;
	for (const char *at = value; strcmp(value, "off") != 0;) {
		uint64_t percent;
		if (steps.count == ROLLOUT_STEPS_MAX || !read_number(&at, 100, &percent) || percent <= last)
			return false;
		steps.percent[steps.count++] = (unsigned char)percent;
		last = percent;
		at += *at == '%';
		if (!*at)
			break;
		if (*at++ != ',')
			return false;
		at += strspn(at, " ");
	}
	if (steps.count && last != 100)
		return false;
	*(struct rollout_steps *)field = steps;
	return true;
}

/* N of "1/N"; 0 for "off". */
static bool parse_interval(const struct config_key *key, void *field, const char *value)
{
	uint64_t interval = 0;
	const char *at = value + 2;
	(void)key;
	if (strcmp(value, "off") != 0 &&
	    (strncmp(value, "1/", 2) != 0 || !read_number(&at, UINT32_MAX, &interval) || *at || !interval))
		return false;
	*(uint32_t *)field = (uint32_t)interval;
	return true;
}

static bool parse_percent(const struct config_key *key, void *field, const char *value)
{
	uint64_t percent;
	const char *at = value;
	(void)key;
	if (!read_number(&at, PERCENT_MAX, &percent) || strcmp(at, "%") != 0)
		return false;
	*(unsigned *)field = (unsigned)percent;
	return true;
}

/* A group id, or a name that the system knows now; -1 for none. */
static bool parse_group(const struct config_key *key, void *field, const char *value)
{
	uint64_t number;
	const char *at = value;
	char buffer[4096];
	struct group entry, *found;
	(void)key;
	if (!*value)
		*(int64_t *)field = -1;
	else if (*value >= '0' && *value <= '9')
		return read_number(&at, UINT32_MAX - 1, &number) && !*at && (*(int64_t *)field = (int64_t)number, true);
	else if (getgrnam_r(value, &entry, buffer, sizeof buffer, &found) || !found)
		return false;
	else
		*(int64_t *)field = entry.gr_gid;
	return true;
}

static bool parse_directory(const struct config_key *key, void *field, const char *value)
{
	return (!*value || *value == '/') && put_text(field, key->size, value);
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

static void format_size(const struct config_key *key, const void *field, char *text, size_t size)
{
	size_t bytes = *(const size_t *)field;
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	unsigned unit = 0;
	(void)key;
	for (; bytes && bytes % 1024 == 0 && unit < 3; unit++)
		bytes /= 1024;
	snprintf(text, size, "%zu%s", bytes, units[unit]);
}

static void format_owners(const struct config_key *key, const void *field, char *text, size_t size)
{
	const struct trusted_owners *owners = field;
	size_t used = 0;
	(void)key;
	*text = '\0';
	for (unsigned i = 0; i < owners->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%ju", used ? "," : "", (uintmax_t)owners->uid[i]);
}

static void format_text(const struct config_key *key, const void *field, char *text, size_t size)
{
	(void)key;
	snprintf(text, size, "%s", (const char *)field);
}

static void format_duration(const struct config_key *key, const void *field, char *text, size_t size)
{
	uint64_t ms = *(const uint64_t *)field;
	(void)key;
	if (ms % 1000)
		snprintf(text, size, "%" PRIu64 "ms", ms);
	else
		snprintf(text, size, "%" PRIu64 "s", ms / 1000);
}

static void format_steps(const struct config_key *key, const void *field, char *text, size_t size)
{
	const struct rollout_steps *steps = field;
	size_t used = (size_t)snprintf(text, size, "%s", steps->count ? "" : "off");
	(void)key;
	for (unsigned i = 0; i < steps->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%u", i ? "," : "", steps->percent[i]);
}

static void format_interval(const struct config_key *key, const void *field, char *text, size_t size)
{
	uint32_t interval = *(const uint32_t *)field;
	(void)key;
	snprintf(text, size, interval ? "1/%" PRIu32 : "off", interval);
}

static void format_percent(const struct config_key *key, const void *field, char *text, size_t size)
{
	(void)key;
	snprintf(text, size, "%u%%", *(const unsigned *)field);
}

static void format_group(const struct config_key *key, const void *field, char *text, size_t size)
{
	int64_t group = *(const int64_t *)field;
	(void)key;
	text[0] = '\0';
	if (group >= 0)
		snprintf(text, size, "%" PRId64, group);
}

/* ---- The kinds --------------------------------------------------------------------------------------------------- */

const struct value_kind word_value = {parse_word, format_text};
const struct value_kind choice_value = {parse_choice, format_choice};
const struct value_kind max_isa_value = {parse_max_isa, format_text};
const struct value_kind backend_value = {parse_backend, format_text};
const struct value_kind name_value = {parse_name, format_text};
const struct value_kind directories_value = {parse_directories, format_text};
const struct value_kind directory_value = {parse_directory, format_text};
const struct value_kind names_value = {parse_names, format_text};
const struct value_kind label_value = {parse_label, format_text};
const struct value_kind socket_value = {parse_socket, format_text};
const struct value_kind owners_value = {parse_owners, format_owners};
const struct value_kind arena_size_value = {parse_arena_size, format_size};
const struct value_kind duration_value = {parse_duration, format_duration};
const struct value_kind steps_value = {parse_steps, format_steps};
const struct value_kind interval_value = {parse_interval, format_interval};
const struct value_kind percent_value = {parse_percent, format_percent};
const struct value_kind http_value = {parse_http, format_text};
const struct value_kind group_value = {parse_group, format_group};
