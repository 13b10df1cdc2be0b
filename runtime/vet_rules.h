/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of vetting share: vet.c has the list of rules, vet_note.c those about what a file says of itself,
 * vet_link.c those about what the dynamic linker would do with it. No state, no threads.
 */
#ifndef RUNTIME_VET_RULES_H
#define RUNTIME_VET_RULES_H

#include <stdbool.h>

#include "runtime/elf.h"
#include "runtime/vet.h"

struct vet {
	struct elf elf;
	const void *bytes;
	size_t size;
	const char *label;
	const struct cpu *cpu;
	struct vetted *out;
	bool noted; /* out holds a whole note */
	struct why *why;
};

/* One line; of a long label the end, so that the problem and the remedy are not cut. Returns status. */
__attribute__((cold, format(printf, 3, 4))) int refuse_as(struct vet *vet, int status, const char *format, ...);

#define refuse(vet, ...) refuse_as(vet, TENON_EREFUSED, __VA_ARGS__)

/* ASCII that a terminal shows as it is. */
bool is_printable(const char *text);

/* The rules; each returns 0, or refuses. */
int vet_note(struct vet *vet);
int vet_name(struct vet *vet);
int vet_abi(struct vet *vet);
int vet_build_id(struct vet *vet);
int vet_exports(struct vet *vet);
int vet_constructors(struct vet *vet);
int vet_libraries(struct vet *vet);
int vet_imports(struct vet *vet);
int vet_ifuncs(struct vet *vet);
int vet_search_path(struct vet *vet);
int vet_text_relocations(struct vet *vet);
int vet_unloading(struct vet *vet);
int vet_tls(struct vet *vet);
int vet_stack(struct vet *vet);
int vet_writable_code(struct vet *vet);

#endif
