/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vetting: judges a backend file without running one instruction of it. Bounded reads through <elf.h> types only. Knows
 * nothing of threads.
 */
#ifndef RUNTIME_VET_H
#define RUNTIME_VET_H

#include <stddef.h>
#include <stdint.h>
#include <tenon/backend.h>

#include "runtime/cpu.h"
#include "runtime/why.h"

/* What the file says of itself: the note, copied and terminated, and its build-id in hexadecimal. */
struct vetted {
	uint32_t abi_min, abi_max;
	char name[32], version[16], vendor[32], needs[128], uses[128];
	char build_id[65];
};

/*
 * Judges bytes[size], the whole file; label names it in messages. 0, or TENON_EREFUSED or TENON_EUNSUPPORTED (only this
 * CPU is in the way) with why. *out is filled as far as the file could be read.
 */
int vet_bytes(const void *bytes, size_t size, const char *label, const struct cpu *cpu, struct vetted *out,
	      struct why *why);

/* The verdict of one rule: 0 passed, a negative status refused, or one of these. */
enum vet_verdict {
	VET_EXEMPT = 1, /* this build of Tenon does not apply the rule, and says so */
	VET_WARNED = 3, /* loading would refuse it */
	VET_OPEN = 2    /* not judged, because a rule that it builds on refused */
};

/* text is what the rule demands, or why it refused. */
typedef void vet_observer(void *user, const char *rule, int verdict, const char *text);

/* vet_bytes(), going on after a refusal: the observer sees the verdict of every rule, in order. */
int vet_every_rule(const void *bytes, size_t size, const char *label, const struct cpu *cpu, struct vetted *out,
		   vet_observer *observer, void *user, struct why *why);

#endif
