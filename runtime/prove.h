/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Proving a staged backend before any of its code may run here: a helper process (tools/prove) checks its signature where
 * that is wanted, and runs the quick profile on it; a crash, a hang or a wrong bit is a refusal. Remembers what it proved.
 * Callers hold the runtime's lock.
 */
#ifndef RUNTIME_PROVE_H
#define RUNTIME_PROVE_H

#include "runtime/find.h"
#include "runtime/stage.h"

/* The first line of a helper's answer; the number is the second of its arguments. */
#define PROVE_PROTOCOL "1"
#define PROVE_GREETING "TENON-PROVE/" PROVE_PROTOCOL

/* "sse2 avx avx2": what the helper must have as well, by the names of the feature table. */
enum { CPU_LIST_SIZE = CPU_FEATURES_MAX * 20 };
void list_features(const struct cpu *cpu, char list[CPU_LIST_SIZE]);

/*
 * TENON_OK if the staged copy of source, which was read from candidate->path, conforms: proven now, by a kept verdict, or
 * earlier in this process. TENON_EREFUSED otherwise, also when there is no helper, with the remedy.
 */
int prove_staged(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
		 const struct file *source, const struct staged *staged, struct why *why);

/*
 * What prove_staged() would find: the rules "signature", where one is demanded, and "proof", for an observer. Proves nothing,
 * and runs nothing of the file: what is not known is VET_OPEN. A refusal becomes the candidate's.
 */
void explain_proof(const struct config *config, const struct cpu *cpu, struct candidate *candidate,
		   vet_observer *observer, void *user);

/* Forgets what this process proved: for measurements. */
void forget_proofs(void);

/* Starts the helper for nothing but its greeting; what that costs is what every proof costs at least. */
int greet_helper(const struct config *config, const struct cpu *cpu, struct why *why);

#endif
