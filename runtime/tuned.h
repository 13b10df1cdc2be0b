/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The section [tuned] of a configuration file: on which machine, and with which Tenon, what follows it was measured
 * (tenon tune writes it). Elsewhere the file does not count. Pure but for microcode.h; the caller owns the struct.
 */
#ifndef RUNTIME_TUNED_H
#define RUNTIME_TUNED_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/cpu.h"
#include "runtime/why.h"

#define TUNED_SECTION "tuned"
enum { TUNED_VALUE_SIZE = 72 };

/* In the order of the file. The first says what the others mean, so it is judged first. */
enum tuned_key { TUNED_TENON, TUNED_VENDOR, TUNED_MODEL, TUNED_FEATURES, TUNED_MICROCODE, TUNED_MAX_ISA, TUNED_KEYS };

struct tuned {
	char value[TUNED_KEYS][TUNED_VALUE_SIZE];
	char stranger[TUNED_VALUE_SIZE]; /* a key that this Tenon does not know; "" for none */
};

/* This machine (whatever max_isa says: the CPU without a cap), and the cap that the choice is made under. */
void describe_tuned(const char *max_isa, struct tuned *tuned);

/* A key of the section, as it stands in a file. */
void set_tuned(struct tuned *tuned, const char *key, const char *value);

/* What a file says against this machine, but for max_isa: false, and how they differ, if it was measured elsewhere. */
bool is_tuned_for_here(const struct tuned *tuned, char *text, size_t size);

/* The section, as a file has it. */
void print_tuned(const struct tuned *tuned, char *text, size_t size);

#endif
