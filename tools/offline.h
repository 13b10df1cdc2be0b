/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the offline commands share: this machine under its configuration, and what a backend offers when it is loaded
 * here, into the short-lived tool. No process that serves anybody is involved.
 */
#ifndef TOOLS_OFFLINE_H
#define TOOLS_OFFLINE_H

#include "runtime/config.h"
#include "runtime/find.h"
#include "tools/tool.h"

struct machine {
	struct config config;
	struct cpu cpu; /* capped as configured */
};

/* Reads the configuration (path, or NULL for the system's) and probes; EXIT_DONE, or the code of fail(). */
int open_machine(struct tool *tool, const char *path, struct machine *machine);

/* Which kernels a backend has of its own. */
struct offer {
	bool known; /* false: it could not be loaded here, so nobody asked it */
	bool own[KERNEL_COUNT];
	uint32_t numeric_class[KERNEL_COUNT];
	char lacks[KERNEL_COUNT][96]; /* what its best entry wants that is not here; "" for nothing */
};

/*
 * Loads a usable candidate as the runtime would (stage, map, negotiate, self-test), notes what it offers, unloads it.
 * A failure makes the candidate refused, with the reason; other candidates stay as they are. scalar offers everything.
 */
void ask_backend(const struct machine *machine, struct candidate *candidate, struct offer *offer);

/* What a process with this configuration starts on. */
struct selection {
	struct candidate candidate; /* of [runtime] backend; status says whether it can be had: if not, scalar serves */
	struct why passed_over;     /* text: what auto would have liked better, "" for nothing */
};

/* Resolves [runtime] backend and loads it once, as ask_backend() does. */
void select_backend(const struct machine *machine, struct selection *selection);

/* "[runtime] backend = auto (the default) takes avx512", or why it takes nothing. */
void describe_selection(const struct machine *machine, const struct selection *selection, char *text, size_t size);

/* "usable", "unsupported" (only this CPU or a cap is in the way) or "refused". */
const char *name_state(int status);

/* What a file with these needs wants of the CPU, for people: the needs, or "baseline". */
const char *name_isa(const char *needs);

#ifdef HAVE_JANSSON
/* kernels[{name, class, source}]; class and source are null where nobody knows. */
json_t *offer_as_json(const struct candidate *candidate, const struct offer *offer);
#endif

/* "exact" or "bounded". */
const char *name_class(uint32_t numeric_class);

#endif
