/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of configuration keys: the single list for parsing, errors and documents. value.c knows what values look like,
 * config.c reads the files. No state, no threads.
 */
#include <stdio.h>

#include "runtime/config.h"
#include "runtime/cpu.h"

#define FIELD(member) offsetof(struct config, member), sizeof((struct config *)0)->member

const struct config_key config_keys[] = {
	{"runtime", "backend", "TENON_BACKEND", &backend_value, FIELD(backend), "auto",
	 "auto, the name of a backend (`tenon list` prints them) or an absolute path",
	 "The backend that serves the kernels; auto takes the best usable one of those shipped or allowed."},
	{"runtime", "backend_path", "TENON_BACKEND_PATH", &directories_value, FIELD(backend_path), "",
	 "absolute directories, separated by ':'", "Where to look for backends before the installed directory."},
	{"runtime", "allow", NULL, &names_value, FIELD(allow), "",
	 "names of backends, separated by commas, each of " BACKEND_NAME_RULE,
	 "Backends that auto may choose beyond those shipped with Tenon."},
	{"runtime", "max_isa", "TENON_MAX_ISA", &max_isa_value, FIELD(max_isa), "", MAX_ISA_VALUES,
	 "The highest instruction set that may be used; empty for no cap."},
	{"runtime", "numerics", NULL, &choice_value, FIELD(bounded), "exact", "exact, bounded",
	 "Whether kernels that promise an error bound, not the exact bits, may serve."},
	{"runtime", "fallback", NULL, &choice_value, FIELD(fallback_fail), "scalar", "scalar, fail",
	 "What tenon_open() does when the backend is refused: run degraded on scalar, or fail."},
	{"runtime", "fork", NULL, &choice_value, FIELD(fork_scalar), "inherit", "inherit, scalar",
	 "What a forked child starts on."},
	{"runtime", "stage", NULL, &word_value, FIELD(stage), "auto", "auto, directory, memfd, none",
	 "Where the private copy of a backend is made before it is judged and loaded."},
	{"runtime", "trusted_owners", NULL, &owners_value, FIELD(trusted_owners), "",
	 "at most 16 users that exist, by name or number, separated by commas",
	 "Users who may own backends and their directories, beside root and the process's own user."},
	{"runtime", "trust", NULL, &choice_value, FIELD(trust_signature), "owner", "owner, signature",
	 "What makes a backend trusted: who owns its file, or that and a signature beside it (FILE.minisig)."},
	{"runtime", "trusted_keys", NULL, &directory_value, FIELD(trusted_keys), "",
	 "an absolute directory, or nothing for the keys folder beside tenon.ini",
	 "Where the minisign public keys (*.pub) are that trust = signature accepts."},
	{"runtime", "label", NULL, &label_value, FIELD(label), "",
	 "at most 63 letters, digits and any of . _ - / : @ +", "A name for this process, to select it by."},
	{"runtime", "state_dir", NULL, &directory_value, FIELD(state_dir), "",
	 "an absolute directory, or nothing for $STATE_DIRECTORY, else /var/lib/tenon, else memory",
	 "Where quarantine, pins and the verdicts of proofs are kept."},
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, kernel, scratch, args)                      \
	{"kernels",                                                  \
	 #kernel,                                                    \
	 NULL,                                                       \
	 &name_value,                                                \
	 FIELD(kernel_backend[KERNEL_##kernel]),                     \
	 NULL,                                                       \
	 "the name of a backend (`tenon list` prints them) or auto", \
	 "The backend of this kernel, where it is not that of [runtime]."},
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	{"arena", "size", "TENON_ARENA_SIZE", &arena_size_value, FIELD(arena_size), "1MiB",
	 "64KiB to 1GiB, as bytes or with the unit KiB, MiB or GiB", "The size of each thread's arena."},
	{"arena", "overflow", "TENON_ARENA_OVERFLOW", &choice_value, FIELD(arena_overflow), "error",
	 "error, fallback, abort", "What an arena does when it is full: refuse, take heap memory, or end the process."},
	{"rollout", "steps", NULL, &steps_value, FIELD(steps), "off",
	 "off, or at most 8 growing percentages that end with 100, such as 5,25,50,100",
	 "The shares of calls that a new backend gets, step by step; off publishes it at once."},
	{"rollout", "hold", NULL, &duration_value, FIELD(hold_ms), "30s",
	 "a time of at most 30 days with its unit: ms, s, m or h", "How long each step must hold."},
	{"rollout", "shadow", NULL, &interval_value, FIELD(shadow), "off", "off, or 1/N with N from 1 to 4294967295",
	 "The share of calls that scalar computes as well, for comparison; a rollout compares 1/1024 where this is "
	 "off."},
	{"rollout", "guard", NULL, &choice_value, FIELD(guard), "on", "off, on",
	 "Whether a fault inside a backend on probation is caught and answered by scalar."},
	{"rollout", "max_p99_increase", NULL, &percent_value, FIELD(max_p99_increase), "25%",
	 "a percentage of at most 10000%",
	 "How much slower than what it replaces a backend on probation may be, at the 99th percentile."},
	{"control", "socket", NULL, &socket_value, FIELD(socket), "off",
	 "off, on, or an absolute path of at most 107 bytes", "The control socket; on puts it in the default place."},
	{"control", "group", NULL, &group_value, FIELD(group), "", "a group that exists, by name or number, or nothing",
	 "A group whose members may use the control socket, beside root and the process's own user."},
	{"control", "watch", NULL, &choice_value, FIELD(watch), "off", "off, on",
	 "Whether a change of the configuration files is applied to the running process."},
	{"metrics", "http", NULL, &http_value, FIELD(http), "off",
	 "off, a port, or address:port with a numeric address ([...] around IPv6); port 0 takes a free one",
	 "Where /metrics, /health and /status are served over HTTP; without an address 127.0.0.1."},
	{"metrics", "calls", NULL, &choice_value, FIELD(metrics_calls), "auto", "auto, on, off",
	 "Whether calls are counted and timed; auto does so where http is set."},
	{"log", "level", "TENON_LOG", &choice_value, FIELD(log_level), "info", "error, warn, info, debug",
	 "The least important events that are reported."},
	{"log", "target", NULL, &word_value, FIELD(log_target), "callback", "callback, stderr, syslog, none",
	 "Who gets the events: the host's callback, or one of these."},
	{"log", "format", NULL, &choice_value, FIELD(log_format), "auto", "auto, text, logfmt, json",
	 "What an event's line looks like: its text alone, or all fields; auto is text to the callback, else logfmt."},
};

void format_config_value(const struct config *config, const struct config_key *key, char *text, size_t size)
{
	key->kind->format(key, (const char *)config + key->offset, text, size);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(COUNT(config_keys) <= CONFIG_KEYS_MAX, "raise CONFIG_KEYS_MAX");
_Static_assert(sizeof(enum arena_overflow) == sizeof(int) && sizeof(enum metrics_calls) == sizeof(int),
	       "choice_value writes an int");

size_t count_config_keys(void)
{
	return COUNT(config_keys);
}
