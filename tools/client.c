/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client's end of the control protocol (docs/ARCHITECTURE.md). Trusts nothing that it reads. Called from the main
 * thread of the tool.
 */
#include "build.h"

#include "tools/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "runtime/logfmt.h"
#include "runtime/metrics.h"

/* ---- Transport --------------------------------------------------------------------------------------------------- */

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False, with errno EAGAIN as a timed-out call has it, once the deadline is over. */
static bool limit_wait(int fd, int option, uint64_t deadline)
{
	uint64_t now = clock_ms(), left = deadline - now;
	if (now >= deadline) {
		errno = EAGAIN;
		return false;
	}
	struct timeval wait = {.tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000)};
	return setsockopt(fd, SOL_SOCKET, option, &wait, sizeof wait) == 0;
}

static int dial(const char *path, uint64_t deadline)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && limit_wait(fd, SO_SNDTIMEO, deadline) &&
	    connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* An error while sending is not the end: the process may have refused us, and says so in an answer that is there. */
static void send_request(int fd, const char *request)
{
	char line[8192];
	struct text text;
	start_text(&text, line, sizeof line);
	add_text(&text, "TENON/1 %s\n", request);
	size_t sent = 0;
	while (sent < text.length) {
		ssize_t put = send(fd, line + sent, text.length - sent, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR)
			return;
		sent += put > 0 ? (size_t)put : 0;
	}
}

/* Reads to the end of the stream. NULL with errno: EAGAIN at the deadline, ECONNRESET for nothing, EPROTO for no answer. */
static char *read_answer(int fd, uint64_t deadline)
{
	size_t size = 4096, length = 0;
	char *bytes = malloc(size);
	while (bytes && length < ANSWER_MOST && limit_wait(fd, SO_RCVTIMEO, deadline)) {
		ssize_t got = recv(fd, bytes + length, size - length - 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno != ECONNRESET || length == 0))
			break;
		if (got <= 0) {
			bytes[length] = '\0';
			if (length > 0 && strlen(bytes) == length)
				return bytes;
			errno = length > 0 ? EPROTO : ECONNRESET;
			break;
		}
		length += (size_t)got;
		if (size - length < 4096) {
			char *larger = realloc(bytes, size *= 2);
			if (!larger)
				break;
			bytes = larger;
		}
	}
	if (length >= ANSWER_MOST)
		errno = EPROTO;
	free(bytes);
	return NULL;
}

/* ---- Parsing ----------------------------------------------------------------------------------------------------- */

static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static bool add_pairs(struct answer *answer, char *line)
{
	char *key, *value;
	bool first = true;
	while (next_pair(&line, &key, &value)) {
		struct pair *larger = realloc(answer->pairs, (answer->count + 1) * sizeof *larger);
		if (!larger)
			return false;
		make_printable(key);
		if (value)
			make_printable(value);
		answer->pairs = larger;
		answer->pairs[answer->count++] = (struct pair){key, value ? value : "", first};
		first = false;
	}
	return line != NULL;
}

static bool parse_answer(struct answer *answer)
{
	char *line = answer->bytes, *end = strchr(line, '\n');
	int consumed = 0;
	if (!end || sscanf(line, "TENON/1 %d %n", &answer->status, &consumed) != 1 || consumed == 0)
		return false;
	*end = '\0';
	answer->text = line + consumed <= end ? line + consumed : end;
	make_printable(line + (answer->text - line));
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!add_pairs(answer, line))
			return false;
	}
	return *line == '\0';
}

bool is_mute(const struct answer *answer)
{
	return answer->problem == EAGAIN || answer->problem == ETIMEDOUT;
}

static void describe_failure(const struct answer *answer, const char *socket, uint64_t timeout_ms, char *error,
			     size_t size)
{
	int problem = answer->problem;
	if (is_mute(answer))
		snprintf(error, size,
			 "no answer within %.3g s at %s: it hangs, is stopped or overloaded, or needs a longer "
			 "--timeout",
			 (double)timeout_ms / 1000, socket);
	else if (problem == EACCES || problem == EPERM)
		snprintf(error, size, "no permission for %s: run as its user or as root", socket);
	else if (problem == ECONNREFUSED || problem == ENOENT)
		snprintf(error, size, "nobody listens at %s: its process has ended or closed Tenon", socket);
	else if (problem == ESRCH)
		snprintf(error, size, "another process listens at %s: name that path to talk to it", socket);
	else if (problem == ECONNRESET)
		snprintf(error, size, "the process hung up at %s without an answer: it ended or closed Tenon meanwhile",
			 socket);
	else if (problem == EPROTO)
		snprintf(error, size, "what listens at %s does not speak TENON/1", socket);
	else
		snprintf(error, size, "no answer at %s: %s", socket, strerror(problem));
}

static pid_t find_peer(int fd)
{
	struct ucred peer = {0};
	socklen_t length = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

/* 0, or an errno. */
static int converse(const struct process *process, const char *request, uint64_t deadline, struct answer *answer)
{
	int fd = dial(process->socket, deadline);
	if (fd < 0)
		return errno;
	int problem = 0;
	answer->pid = find_peer(fd);
	if (process->pid && answer->pid != process->pid) {
		problem = ESRCH;
	} else {
		send_request(fd, request);
		answer->bytes = read_answer(fd, deadline);
		problem = !answer->bytes ? errno : parse_answer(answer) ? 0 : EPROTO;
	}
	close(fd);
	return problem;
}

int ask_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		char *error, size_t size)
{
	*answer = (struct answer){0};
	int problem = converse(process, request, clock_ms() + timeout_ms, answer);
	if (problem == 0)
		return EXIT_DONE;
	pid_t peer = answer->pid;
	free_answer(answer);
	answer->pid = peer;
	answer->problem = problem;
	describe_failure(answer, process->socket, timeout_ms, error, size);
	return EXIT_NO_PROCESS;
}

int order_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		  char *error, size_t size)
{
	int code = ask_process(process, request, timeout_ms, answer, error, size);
	if (code && is_mute(answer)) {
		size_t length = strlen(error);
		snprintf(error + length, size - length, "; the order may still take effect: look with tenon status");
	}
	return code;
}

void free_answer(struct answer *answer)
{
	free(answer->bytes);
	free(answer->pairs);
	*answer = (struct answer){0};
}

const char *find_value(const struct answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strcmp(answer->pairs[i].key, key) == 0)
			return answer->pairs[i].value;
	return "";
}

const char *in_line(const struct answer *answer, size_t i, const char *key)
{
	for (size_t j = i; j < answer->count && (j == i || !answer->pairs[j].first); j++)
		if (strcmp(answer->pairs[j].key, key) == 0)
			return answer->pairs[j].value;
	return "";
}

size_t next_line(const struct answer *answer, size_t i, const char *key)
{
	while (i < answer->count && !(answer->pairs[i].first && strcmp(answer->pairs[i].key, key) == 0))
		i++;
	return i;
}

int exit_of_status(int status)
{
	switch (status) {
	case TENON_OK: return EXIT_DONE;
	case TENON_EROLLEDBACK: return EXIT_DIFFERS;
	case TENON_EINVAL:
	case TENON_ECONFIG: return EXIT_USAGE;
	default: return EXIT_REFUSED;
	}
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);
	if (!copy)
		return string;
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

json_t *json_value_text(const struct answer *answer, const char *key)
{
	return json_text(find_value(answer, key));
}

json_t *json_value_number(const struct answer *answer, const char *key)
{
	return json_integer(strtoll(find_value(answer, key), NULL, 10));
}

static bool is_zero(const struct answer *answer, const char *key)
{
	return strtoll(find_value(answer, key), NULL, 10) == 0;
}

json_t *json_value_flag(const struct answer *answer, const char *key)
{
	return json_boolean(strcmp(find_value(answer, key), "true") == 0);
}

json_t *rollout_as_json(const struct answer *state)
{
	if (is_zero(state, "rollout_id"))
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
		json_value_number(state, "rollout_id"), "state", json_value_text(state, "rollout"), "backend",
		json_value_text(state, "rollout_backend"), "percent", json_value_number(state, "rollout_percent"),
		"step", json_value_number(state, "rollout_step"), "steps", json_value_number(state, "rollout_steps"),
		"held_ms", json_value_number(state, "rollout_held_ms"), "hold_ms",
		json_value_number(state, "rollout_hold_ms"), "calls", json_value_number(state, "rollout_calls"),
		"checks", json_value_number(state, "rollout_checks"), "divergences",
		json_value_number(state, "rollout_divergences"), "faults", json_value_number(state, "rollout_faults"),
		"reason", json_value_text(state, "rollout_reason"));
}
#endif
