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

enum cpu_arch { ARCH_OTHER, ARCH_X86_64, ARCH_AARCH64 };
enum cpu_register { REGISTER_EAX, REGISTER_EBX, REGISTER_ECX, REGISTER_EDX };

/* How high an ISA stands within its architecture: what max_isa caps and what `auto` prefers. */
enum isa_rank {
	ISA_SCALAR = 0,
	ISA_SSE4 = 1,
	ISA_AVX2 = 2,
	ISA_NEON = 2,
	ISA_AVX512 = 3,
	ISA_SVE = 3,
	ISA_UNKNOWN = 4 /* raw requirements: taken for newer than the table */
};

/* XCR0 bits: SSE and AVX state; the same with the three AVX-512 states. */
#define XCR0_AVX 0x06
#define XCR0_AVX512 0xe6

/* One row of the feature table (runtime/features.def): the single list for detection, needs, caps and messages. */
struct cpu_feature {
	const char *name;
	enum cpu_arch arch;
	enum isa_rank isa;
	uint32_t leaf, subleaf; /* x86-64: CPUID; aarch64: leaf is the HWCAP word */
	enum cpu_register reg;
	unsigned bit;
	uint64_t xcr0;
};

extern const struct cpu_feature cpu_features[];

/* A name for several features: its list and that of every earlier level of its architecture. NULL ends the table. */
struct cpu_level {
	const char *name;
	enum cpu_arch arch;
	const char *needs;
};
extern const struct cpu_level cpu_levels[];

/* Where a struct cpu is read from: this machine, or a made-up one in a test. */
struct cpu_source {
	enum cpu_arch arch;
	void (*cpuid)(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
	uint64_t (*xcr0)(void); /* called only when OSXSAVE is set */
	uint64_t (*hwcap)(int word);
	uint64_t (*midr)(void);
	unsigned (*sve_bytes)(void); /* of a vector of SVE, 0 without; NULL: nobody knows */
};

struct cpu {
	char arch[16]; /* "x86_64", "aarch64", "other" */
	char vendor[32];
	char model[72]; /* on aarch64 with the length of SVE's vectors: what was proven at one says little of others */
	char level[16]; /* the best ISA level: "x86-64-v4", "asimd", ...; "" if none is met */
	bool has[CPU_FEATURES_MAX];           /* by row of the feature table: may be used */
	const char *masked[CPU_FEATURES_MAX]; /* why the hardware has it and we may not use it; NULL if not so */
	enum isa_rank cap;                    /* of max_isa; ISA_UNKNOWN for none */
	const char *cap_reason;
	uint64_t xcr0; /* what the operating system saves; 0 without OSXSAVE */
	const struct cpu_source *source;
};

size_t count_cpu_features(void);
const char *name_cpu_feature(size_t row);

/* The row of a name, of arch where several architectures have it; -1 for none. */
int find_cpu_feature(enum cpu_arch arch, const char *name);

/* CPUID of the source; leaves that the CPU does not have read as zero. */
void query_cpuid(const struct cpu_source *source, uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);

void probe_cpu(struct cpu *cpu);

/* The same from another source, which must outlive *cpu. */
void probe_cpu_from(const struct cpu_source *source, struct cpu *cpu);

/*
 * Masks what lies above max_isa ("scalar", "avx2", "avx512", "neon", "" for no cap; one of another architecture caps
 * nothing). TENON_ECONFIG lists the values.
 */
int cap_cpu(struct cpu *cpu, const char *max_isa, struct why *why);

/* The values of max_isa. */
#define MAX_ISA_VALUES "scalar, avx2, avx512, neon"

/*
 * Does the CPU meet a needs string (see struct tenon_backend_kernel)? 0; TENON_EUNSUPPORTED naming the first missing
 * feature, where it is reported (leaf, register, bit) and why it is masked; TENON_EREFUSED for what does not parse or
 * a name that nobody knows.
 */
int check_needs(const struct cpu *cpu, const char *needs, struct why *why);

/*
 * Sets the rows of the feature table that a needs string names, those of its levels as well. False if it also asks for
 * what is not in the table (raw requirements, which may name rows, too) or does not parse.
 */
bool collect_needs(enum cpu_arch arch, const char *needs, bool rows[CPU_FEATURES_MAX]);

/* The highest ISA that a needs string asks for; what does not parse counts as ISA_SCALAR. */
enum isa_rank rank_needs(const char *needs);

#endif
