/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon verify --reproducer: the file that the harness writes (tests/conform/reproduce.c).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/reproduce.h"
#include "tools/verify.h"

static const struct proof_entry *find_failure(const struct report *report, const struct proof **proof)
{
	for (size_t i = 0; i < report->count; i++)
		for (size_t e = 0; e < report->proofs[i].entries; e++)
			if (report->proofs[i].entry[e].verdict == VERDICT_FAIL)
				return *proof = &report->proofs[i], &report->proofs[i].entry[e];
	return NULL;
}

int reproduce(struct tool *tool, const struct report *report, const char *path)
{
	struct why why;
	const struct proof *proof = NULL;
	const struct proof_entry *entry = find_failure(report, &proof);
	if (!entry) {
		fprintf(stderr, "tenon verify: --reproducer: no case failed, so none is written\n");
		return EXIT_DONE;
	}
	FILE *file = fopen(path, "we");
	if (!file)
		return fail(tool, EXIT_USAGE, "--reproducer: cannot write %s: %s", path, strerror(errno));
	bool written = write_reproducer(file, proof, entry, path, &why);
	bool good = !ferror(file);
	good &= fclose(file) == 0;
	if (written && good)
		return EXIT_DONE;
	unlink(path);
	if (written)
		return fail(tool, EXIT_USAGE, "--reproducer: cannot write %s: %s", path, strerror(errno));
	fprintf(stderr, "tenon verify: --reproducer: %s\n", why.text);
	return EXIT_DONE;
}
