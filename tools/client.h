/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One question to one process over its control socket, with a deadline. What comes back is another process's word: it is
 * bounded, and its control characters never reach a terminal. No state; the caller frees the answer.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <tenon/backend.h>

#include "runtime/socket.h"
#include "tools/tool.h"

struct process {
	pid_t pid; /* 0: whoever listens at the socket */
	char socket[SOCKET_PATH_SIZE];
};

struct pair {
	const char *key, *value;
	bool first; /* of its line */
};

struct answer {
	int status; /* enum tenon_status, as the process gave it */
	pid_t pid;  /* who listens at the socket, by the kernel's word; 0 for a process that we cannot see */
	const char *text;
	struct pair *pairs;
	size_t count;
	char *bytes;
	int problem; /* errno, where nobody answered; see is_mute() */
};

/*
 * Sends request (a verb and its words) and reads the whole answer. EXIT_DONE means that the process answered, with
 * whatever status. EXIT_NO_PROCESS: nobody answered, or another process than the one meant listens there; error[size]
 * says why and what to do.
 */
int ask_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		char *error, size_t size);

/* The same for what changes something: where there is no answer, error says that it may still happen. */
int order_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		  char *error, size_t size);

/* Did nobody say anything in time? Where the pid is known, that process took the call. */
bool is_mute(const struct answer *answer);

void free_answer(struct answer *answer);

/* The value of the first pair with this key; "" without one. */
const char *find_value(const struct answer *answer, const char *key);

/* The exit code that a status stands for. */
int exit_of_status(int status);

#ifdef HAVE_JANSSON
/* A value as JSON: text (anything that is not UTF-8 becomes '?'), a number, true or false. */
json_t *json_value_text(const struct answer *answer, const char *key);
json_t *json_value_number(const struct answer *answer, const char *key);
json_t *json_value_flag(const struct answer *answer, const char *key);
json_t *json_text(const char *text);

/* The youngest rollout of a process, from its state; null if there was none. */
json_t *rollout_as_json(const struct answer *state);
#endif

/* Iterates over the lines that start with key: the next one from pair i on, or answer->count. */
size_t next_line(const struct answer *answer, size_t i, const char *key);

/* The value of key in the line that starts at pair i; "" without one. */
const char *in_line(const struct answer *answer, size_t i, const char *key);

#endif
