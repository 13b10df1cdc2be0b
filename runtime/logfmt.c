/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing and reading the words of the control protocol. Pure functions over the caller's buffers; bounded.
 */
#include "runtime/logfmt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void start_text(struct text *text, char *bytes, size_t size)
{
	*text = (struct text){.bytes = bytes, .size = size};
	bytes[0] = '\0';
}

void start_growing_text(struct text *text, size_t most)
{
	static char nothing[1];
	*text = (struct text){.bytes = malloc(4096), .size = 4096, .most = most};
	if (text->bytes)
		text->bytes[0] = '\0';
	else
		*text = (struct text){.bytes = nothing, .size = 1, .cut = true};
}

void free_text(struct text *text)
{
	if (text->most)
		free(text->bytes);
	text->most = 0;
}

/* Is there room for so many bytes and a NUL? */
static bool make_room(struct text *text, size_t length)
{
	size_t size = text->size;
	while (length >= size - text->length && size < text->most)
		size *= 2;
	char *larger = size > text->size ? realloc(text->bytes, size) : NULL;
	if (larger) {
		text->bytes = larger;
		text->size = size;
	}
	return length < text->size - text->length;
}

static void append(struct text *text, const char *bytes, size_t length)
{
	if (text->cut || !make_room(text, length)) {
		text->cut = true;
		return;
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void add_text(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->length;
	va_list list, again;
	if (text->cut)
		return;
	va_start(list, format);
	va_copy(again, list);
	int length = vsnprintf(text->bytes + text->length, room, format, list);
	va_end(list);
	if (length >= 0 && (size_t)length >= room && make_room(text, (size_t)length))
		vsnprintf(text->bytes + text->length, text->size - text->length, format, again);
	va_end(again);
	if (length < 0 || (size_t)length >= text->size - text->length) {
		text->bytes[text->length] = '\0';
		text->cut = true;
		return;
	}
	text->length += (size_t)length;
}

static bool needs_quotes(const char *word)
{
	if (*word == '\0')
		return true;
	for (; *word; word++)
		if ((unsigned char)*word <= ' ' || *word == '=' || *word == '"' || *word == '\\' || *word == 0x7f)
			return true;
	return false;
}

static void append_quoted(struct text *text, const char *word)
{
	append(text, "\"", 1);
	for (; *word; word++) {
		char escape[5];
		if (*word == '"' || *word == '\\')
			snprintf(escape, sizeof escape, "\\%c", *word);
		else if ((unsigned char)*word < ' ' || *word == 0x7f)
			snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)*word);
		else
			snprintf(escape, sizeof escape, "%c", *word);
		append(text, escape, strlen(escape));
	}
	append(text, "\"", 1);
}

void add_word(struct text *text, const char *word)
{
	size_t start = text->length;
	if (needs_quotes(word))
		append_quoted(text, word);
	else
		append(text, word, strlen(word));
	if (text->cut) {
		text->length = start;
		text->bytes[start] = '\0';
	}
}

void add_pair(struct text *text, const char *key, const char *format, ...)
{
	char value[4352]; /* a path and some words */
	va_list list;
	va_start(list, format);
	vsnprintf(value, sizeof value, format, list);
	va_end(list);
	size_t start = text->length;
	add_text(text, "%s%s=", start == 0 || text->bytes[start - 1] == '\n' ? "" : " ", key);
	add_word(text, value);
	if (text->cut) {
		text->length = start;
		text->bytes[start] = '\0';
	}
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Unquotes from *in, just behind the opening quote, to *out; false without a closing quote or at a bad escape. */
static bool unquote(char **in, char **out)
{
	char *from = *in, *to = *out;
	for (; *from != '"'; from++) {
		if (*from == '\0')
			return false;
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == '"' || *from == '\\') {
			*to++ = *from;
		} else if (*from == 'x' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
			*to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
			from += 2;
		} else {
			return false;
		}
	}
	*in = from + 1;
	*out = to;
	return true;
}

/* Cuts one part, up to a space or (in a key) a '='; *stop is the byte that ended it. */
static bool cut_part(char **cursor, bool key, char **part, char *stop)
{
	char *in = *cursor, *out = in;
	*part = in;
	if (*in == '"') {
		in++;
		if (!unquote(&in, &out))
			return false;
	} else {
		while (*in && *in != ' ' && *in != '"' && !(key && *in == '='))
			in++;
		out = in;
	}
	*stop = *in;
	if (*stop != '\0' && *stop != ' ' && !(key && *stop == '='))
		return false;
	*out = '\0';
	*cursor = *stop ? in + 1 : in;
	return true;
}

bool next_pair(char **cursor, char **key, char **value)
{
	char stop;
	*value = NULL;
	if (!*cursor)
		return false;
	*cursor += strspn(*cursor, " ");
	if (**cursor == '\0')
		return false;
	if (!cut_part(cursor, true, key, &stop) || (stop == '=' && !cut_part(cursor, false, value, &stop))) {
		*cursor = NULL;
		return false;
	}
	return true;
}
