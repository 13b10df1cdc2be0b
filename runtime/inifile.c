/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line discipline of INI files. inih takes an indented key for more of the value above, cuts long lines and names,
 * skips what follows a section header, and reports the line only at the end; and its behaviour hangs on globals that
 * the host may have changed. So the reader below judges each line before inih sees it. The caller owns everything.
 */
#include "runtime/inifile.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/file.h"

#define FILE_MAX (1 << 20)
#define LINE_MAX_LENGTH 199 /* inih cuts longer lines, */
#define NAME_MAX_LENGTH 49  /* and longer names of sections and keys */

struct reader {
	const char *next, *end;
	struct ini_line line;
	char section[NAME_MAX_LENGTH + 1];
	ini_line_fn *callback;
	void *user;
	struct why *why;
	bool pending; /* a key was handed to inih and has not come back */
	int status;   /* of the first failure, which ends the reading */
};

/* ---- A line ------------------------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *judge_section(const char *line)
{
	const char *close = strchr(line, ']');
	if (!close)
		return "has no ']'; write [section] alone on the line";
	if (close - line - 1 > NAME_MAX_LENGTH)
		return "names a section with more than 49 bytes, which would be cut";
	const char *rest = close + 1 + strspn(close + 1, " \t");
	if (*rest && *rest != ';' && *rest != '#')
		return "has text after the section, which would be ignored; put it on a line of its own";
	return NULL;
}

static const char *judge_value(const char *value)
{
	value += strspn(value, " \t");
	if (*value == '"' || *value == '\'')
		return "has a quoted value; write it without quotes";
	for (const char *hash = strchr(value, '#'); hash; hash = strchr(hash + 1, '#'))
		if (is_blank(hash[-1]))
			return "has a '#' comment after the value, which would become part of it; start it with ' ;' "
			       "or put it on a line of its own";
	return NULL;
}

static const char *judge_key(const char *line)
{
	size_t length = strcspn(line, "=");
	if (!line[length])
		return "has no '='; write key = value, or start a comment with '#' or ';'";
	if (memchr(line, ':', length))
		return "has a ':' before the '='; write key = value";
	if (memchr(line, ';', length))
		return "has a ';' before the '='; write key = value, then the comment";
	while (length && is_blank(line[length - 1]))
		length--;
	if (length == 0)
		return "has no key before the '='";
	if (length > NAME_MAX_LENGTH)
		return "names a key with more than 49 bytes, which would be cut";
	return judge_value(strchr(line, '=') + 1);
}

/* What is wrong with a line, or NULL. */
static const char *judge_line(const char *line)
{
	for (const char *c = line; *c; c++)
		if ((*c > 0 && *c < ' ' && *c != '\t') || *c == 127)
			return "holds a control character; save the file as plain text";
	const char *first = line + strspn(line, " \t");
	if (!*first || *first == ';' || *first == '#')
		return NULL;
	if (first > line)
		return "is indented, which would make it part of the value above; start it in the first column";
	return *line == '[' ? judge_section(line) : judge_key(line);
}

/* ---- The reader -------------------------------------------------------------------------------------------------- */

static int refuse_line(struct reader *reader, const char *problem)
{
	reader->status = explain(reader->why, TENON_ECONFIG, "%s:%d: this line %s", reader->line.path,
				 reader->line.number, problem);
	return reader->status;
}

static void deliver(struct reader *reader, const char *key, const char *value)
{
	reader->line.key = key;
	reader->line.value = value;
	reader->status = reader->callback(reader->user, &reader->line, reader->why);
}

static void enter_section(struct reader *reader, const char *line)
{
	size_t length = (size_t)(strchr(line, ']') - line - 1);
	memcpy(reader->section, line + 1, length);
	reader->section[length] = '\0';
	deliver(reader, NULL, NULL);
}

/* Copies the next line, without its end, to line[size]; says what is wrong with it, or NULL. */
static const char *copy_line(struct reader *reader, char *line, size_t size)
{
	const char *start = reader->next;
	size_t left = (size_t)(reader->end - start);
	const char *newline = memchr(start, '\n', left);
	size_t length = newline ? (size_t)(newline - start) : left;
	reader->next = newline ? newline + 1 : reader->end;
	reader->line.number++;
	if (length && start[length - 1] == '\r')
		length--;
	if (memchr(start, '\0', length))
		return "holds a NUL byte; save the file as plain text in UTF-8";
	if (length > LINE_MAX_LENGTH || length >= size)
		return "is longer than 199 bytes, which would be cut; shorten it";
	memcpy(line, start, length);
	line[length] = '\0';
	return judge_line(line);
}

/* ini_reader: fgets() of a line that is fit for inih. */
static char *next_line(char *line, int size, void *user)
{
	struct reader *reader = user;
	if (reader->status || reader->pending || reader->next == reader->end)
		return NULL;
	const char *problem = copy_line(reader, line, (size_t)size);
	if (problem)
		return refuse_line(reader, problem), NULL;
	if (*line == '[')
		enter_section(reader, line);
	else
		reader->pending = strchr("#;", line[strspn(line, " \t")]) == NULL;
	return reader->status ? NULL : line;
}

/* ini_handler; the line's number is still that of the line just read. */
static int take_key(void *user, const char *section, const char *key, const char *value)
{
	struct reader *reader = user;
	(void)section;
	reader->pending = false;
	if (!reader->status)
		deliver(reader, key, value ? value : "");
	return !reader->status;
}

int read_ini_file(const char *path, bool required, ini_line_fn *callback, void *user, struct why *why)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct file file;
	int status = read_file(path, FILE_MAX, TENON_ECONFIG, &file, why);
	if (status == TENON_ENOENT)
		return required ? explain(why, TENON_ECONFIG, "%s: there is no such file", path) : 0;
	if (status)
		return status;
	size_t skip = file.size >= 3 && memcmp(file.bytes, bom, 3) == 0 ? 3 : 0;
	struct reader reader = {.next = file.bytes + skip,
				.end = file.bytes + file.size,
				.line.path = path,
				.callback = callback,
				.user = user,
				.why = why};
	reader.line.section = reader.section;
	int failed = ini_parse_stream(next_line, &reader, take_key, &reader);
	if (!reader.status && (failed || reader.pending))
		refuse_line(&reader, "is one that inih does not take for key = value; rewrite it");
	free(file.bytes);
	return reader.status;
}
