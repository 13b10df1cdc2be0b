/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All mutants in one backend: TENON_MUTANT names the one that it is, alone, when it is loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mutants/mutant.h"

struct mutant {
	const char *name;
	struct tenon_backend_kernel kernel;
};

static const struct mutant mutants[] = {
#define MUTANT(name, kernel, check, defect) {#name, {TENON_ID_##kernel, TENON_EXACT, "", mutant_##name}},
#define BOUNDED(name, kernel, check, defect) {#name, {TENON_ID_##kernel, TENON_BOUNDED, "", mutant_##name}},
#define NEEDY(name, kernel, check, needs, defect) {#name, {TENON_ID_##kernel, TENON_EXACT, needs, mutant_##name}},
#define ALONE(name, kernel, check, defect)
#include "tests/mutants/mutants.def"
#undef ALONE
#undef NEEDY
#undef BOUNDED
#undef MUTANT
};

/* Of NEEDY ones. */
#if defined(__x86_64__)
#define USES "avx2"
#else
#define USES ""
#endif

/* What TENON_BACKEND() writes, by hand, because the entry point is not the usual one. */
__attribute__((used, section(".note.tenon"), aligned(4))) static const struct tenon_note note = {
	sizeof TENON_NOTE_OWNER,
	sizeof(struct tenon_note) - 20,
	TENON_NOTE_TYPE,
	TENON_NOTE_OWNER,
	TENON_ABI_OLDEST,
	TENON_ABI_CURRENT,
	"mutants",
	"1.0",
	"Tenon tests",
	"",
	USES};

__attribute__((visibility("default"))) const struct tenon_backend *
tenon_backend_entry(const struct tenon_services *services);

const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)
{
	static struct tenon_backend backend = {TENON_BACKEND_MAGIC,
					       sizeof backend,
					       TENON_ABI_OLDEST,
					       TENON_ABI_CURRENT,
					       "mutants",
					       "1.0",
					       "Tenon tests",
					       NULL,
					       0,
					       sizeof(struct tenon_backend_kernel)};
	const char *wanted = getenv("TENON_MUTANT");
	(void)services;
	for (size_t i = 0; wanted && i < sizeof mutants / sizeof *mutants; i++)
		if (strcmp(mutants[i].name, wanted) == 0) {
			backend.kernels = &mutants[i].kernel;
			backend.kernel_count = 1;
			return &backend;
		}
	return NULL;
}
