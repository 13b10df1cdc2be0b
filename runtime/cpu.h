/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this CPU and this operating system can run: CPUID confirmed by OSXSAVE and XGETBV on x86-64, HWCAP on aarch64.
 * Built at baseline ISA. Pure functions over a struct that the caller owns; knows nothing of threads or files.
 */
#ifndef RUNTIME_CPU_H
#define RUNTIME_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/why.h"

#define CPU_FEATURES_MAX 96

/* One row of the feature table (runtime/features.def): the single list for detection, override and messages. */
struct cpu_feature {
	const char *name;
};

struct cpu {
	char arch[16];   /* "x86_64", "aarch64" */
	char vendor[32];
	char model[64];
	char level[16];  /* the best ISA level: "x86-64-v4", "asimd", ... */
	bool has[CPU_FEATURES_MAX];                /* by row of the feature table */
	const char *masked[CPU_FEATURES_MAX];      /* why the hardware has it and we may not use it; NULL if not so */
};

size_t count_cpu_features(void);
const char *name_cpu_feature(size_t row);

void probe_cpu(struct cpu *cpu);

/* Masks what lies above max_isa ("scalar", "avx2", "avx512", "neon", "" for no cap). TENON_ECONFIG lists the values. */
int cap_cpu(struct cpu *cpu, const char *max_isa, struct why *why);

/*
 * Does the CPU meet a needs string (see struct tenon_backend_kernel)? 0; TENON_EUNSUPPORTED naming the first missing
 * feature, where it is reported (leaf, register, bit) and why it is masked; TENON_EREFUSED for what does not parse or
 * a name that nobody knows.
 */
int check_needs(const struct cpu *cpu, const char *needs, struct why *why);

#endif
