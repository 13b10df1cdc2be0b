/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the feature table (runtime/features.def); probes the CPU and caps it. needs.c judges it. No state, no threads:
 * anyone may call.
 */
#include "runtime/cpu.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define FEATURE_X86(name, isa, leaf, subleaf, reg, bit, xcr0) {name, ARCH_X86_64, isa, leaf, subleaf, reg, bit, xcr0},
#define FEATURE_ARM(name, isa, word, bit) {name, ARCH_AARCH64, isa, word, 0, REGISTER_EAX, bit, 0},
#define ISA_LEVEL(name, arch, needs)
const struct cpu_feature cpu_features[] = {
#include "runtime/features.def"
};
#undef FEATURE_X86
#undef FEATURE_ARM
#undef ISA_LEVEL

#define FEATURE_X86(name, isa, leaf, subleaf, reg, bit, xcr0)
#define FEATURE_ARM(name, isa, word, bit)
#define ISA_LEVEL(name, arch, needs) {name, arch, needs},
const struct cpu_level cpu_levels[] = {
#include "runtime/features.def"
	{NULL, ARCH_OTHER, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(COUNT(cpu_features) <= CPU_FEATURES_MAX, "raise CPU_FEATURES_MAX");

static const struct {
	const char *name;
	enum cpu_arch arch;
	enum isa_rank isa;
	const char *reason;
} caps[] = {
	{"scalar", ARCH_OTHER, ISA_SCALAR, "max_isa = scalar caps it"},
	{"avx2", ARCH_X86_64, ISA_AVX2, "max_isa = avx2 caps it"},
	{"avx512", ARCH_X86_64, ISA_AVX512, "max_isa = avx512 caps it"},
	{"neon", ARCH_AARCH64, ISA_NEON, "max_isa = neon caps it"},
};

static const char *const arch_names[] = {"other", "x86_64", "aarch64"};

size_t count_cpu_features(void)
{
	return COUNT(cpu_features);
}

const char *name_cpu_feature(size_t row)
{
	return cpu_features[row].name;
}

int find_cpu_feature(enum cpu_arch arch, const char *name)
{
	int found = -1;
	for (size_t i = 0; i < COUNT(cpu_features); i++) {
		if (strcmp(cpu_features[i].name, name) != 0)
			continue;
		if (cpu_features[i].arch == arch)
			return (int)i;
		found = (int)i;
	}
	return found;
}

/* ---- Probing ----------------------------------------------------------------------------------------------------- */

static uint64_t read_hwcap(int word)
{
	return getauxval(word ? AT_HWCAP2 : AT_HWCAP);
}

#ifdef __x86_64__
static void read_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	__cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
}

/* Written out, because the intrinsic needs -mxsave, and this file is built for the baseline. */
static uint64_t read_xcr0(void)
{
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static const struct cpu_source this_machine = {ARCH_X86_64, read_cpuid, read_xcr0, read_hwcap, NULL, NULL};
#elif defined __aarch64__
/* The kernel emulates this read for us where it sets HWCAP_CPUID. */
static uint64_t read_midr(void)
{
	uint64_t midr = 0;
	if (getauxval(AT_HWCAP) & 1 << 11)
		__asm__("mrs %0, MIDR_EL1" : "=r"(midr));
	return midr;
}

/* Of this thread; older headers have no name for the request. */
static unsigned read_sve_bytes(void)
{
	int length = prctl(51 /* PR_SVE_GET_VL */, 0, 0, 0, 0);
	return length < 0 ? 0 : (unsigned)length & 0xffff;
}

static const struct cpu_source this_machine = {ARCH_AARCH64, NULL, NULL, read_hwcap, read_midr, read_sve_bytes};
#else
static const struct cpu_source this_machine = {ARCH_OTHER, NULL, NULL, read_hwcap, NULL, NULL};
#endif

/* CPUID with its bounds: a leaf that the CPU does not have reads as another leaf's data on some, so as zero here. */
void query_cpuid(const struct cpu_source *source, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	memset(registers, 0, 4 * sizeof registers[0]);
	if (!source->cpuid)
		return;
	uint32_t limit[4];
	source->cpuid(leaf & 0x80000000u, 0, limit);
	if (leaf > limit[REGISTER_EAX])
		return;
	if (leaf == 7 && subleaf > 0) {
		source->cpuid(7, 0, limit);
		if (subleaf > limit[REGISTER_EAX])
			return;
	}
	source->cpuid(leaf, subleaf, registers);
}

static void name_x86(struct cpu *cpu)
{
	uint32_t registers[4];
	query_cpuid(cpu->source, 0, 0, registers);
	memcpy(cpu->vendor, &registers[REGISTER_EBX], 4);
	memcpy(cpu->vendor + 4, &registers[REGISTER_EDX], 4);
	memcpy(cpu->vendor + 8, &registers[REGISTER_ECX], 4);

	char brand[49] = "";
	for (uint32_t i = 0; i < 3; i++) {
		query_cpuid(cpu->source, 0x80000002u + i, 0, registers);
		memcpy(brand + 16 * i, registers, 16);
	}
	size_t length = strlen(brand);
	while (length && brand[length - 1] == ' ')
		brand[--length] = '\0';
	snprintf(cpu->model, sizeof cpu->model, "%s", brand + strspn(brand, " "));
}

static void name_arm(struct cpu *cpu)
{
	static const struct {
		unsigned code;
		const char *name;
	} implementers[] = {
		{0x41, "ARM"},       {0x42, "Broadcom"}, {0x43, "Cavium"},    {0x46, "Fujitsu"},
		{0x48, "HiSilicon"}, {0x4e, "NVIDIA"},   {0x50, "APM"},       {0x51, "Qualcomm"},
		{0x53, "Samsung"},   {0x61, "Apple"},    {0x6d, "Microsoft"}, {0xc0, "Ampere"},
	};
	uint64_t midr = cpu->source->midr ? cpu->source->midr() : 0;
	unsigned implementer = midr >> 24 & 0xff;
	for (size_t i = 0; i < COUNT(implementers); i++)
		if (implementers[i].code == implementer)
			snprintf(cpu->vendor, sizeof cpu->vendor, "%s", implementers[i].name);
	if (midr)
		snprintf(cpu->model, sizeof cpu->model, "implementer 0x%02x part 0x%03x variant %u revision %u",
			 implementer, (unsigned)(midr >> 4 & 0xfff), (unsigned)(midr >> 20 & 0xf),
			 (unsigned)(midr & 0xf));
	size_t used = strlen(cpu->model);
	unsigned bytes = cpu->source->sve_bytes ? cpu->source->sve_bytes() : 0;
	if (bytes)
		snprintf(cpu->model + used, sizeof cpu->model - used, "%sSVE of %u bytes", used ? ", " : "", bytes);
}

static const char *explain_state(const struct cpu *cpu, uint64_t needed)
{
	if (!needed || (cpu->xcr0 & needed) == needed)
		return NULL;
	if (!cpu->xcr0)
		return "OSXSAVE is off: the operating system saves no extended registers";
	if ((cpu->xcr0 & XCR0_AVX) != XCR0_AVX)
		return "XCR0 lacks 0x6: the operating system does not save AVX registers";
	return "XCR0 lacks 0xe6: the operating system does not save AVX-512 registers";
}

static void probe_features(struct cpu *cpu)
{
	uint32_t registers[4];
	const struct cpu_feature *previous = NULL;
	for (size_t i = 0; i < COUNT(cpu_features); i++) {
		const struct cpu_feature *f = &cpu_features[i];
		if (f->arch != cpu->source->arch)
			continue;
		uint64_t word;
		if (f->arch == ARCH_X86_64) {
			if (!previous || previous->leaf != f->leaf || previous->subleaf != f->subleaf)
				query_cpuid(cpu->source, f->leaf, f->subleaf, registers);
			previous = f;
			word = registers[f->reg];
		} else {
			word = cpu->source->hwcap(f->leaf);
		}
		bool reported = word >> f->bit & 1;
		cpu->masked[i] = reported ? explain_state(cpu, f->xcr0) : NULL;
		cpu->has[i] = reported && !cpu->masked[i];
	}
}

/* The highest level that is met together with all below it. */
static void name_level(struct cpu *cpu)
{
	cpu->level[0] = '\0';
	for (const struct cpu_level *level = cpu_levels; level->name; level++) {
		if (level->arch != cpu->source->arch)
			continue;
		if (check_needs(cpu, level->needs, NULL))
			return;
		snprintf(cpu->level, sizeof cpu->level, "%s", level->name);
	}
}

void probe_cpu_from(const struct cpu_source *source, struct cpu *cpu)
{
	memset(cpu, 0, sizeof *cpu);
	cpu->source = source;
	cpu->cap = ISA_UNKNOWN;
	snprintf(cpu->arch, sizeof cpu->arch, "%s", arch_names[source->arch]);
	if (source->arch == ARCH_X86_64) {
		uint32_t registers[4];
		name_x86(cpu);
		query_cpuid(source, 1, 0, registers);
		cpu->xcr0 = registers[REGISTER_ECX] >> 27 & 1 ? source->xcr0() : 0;
	} else if (source->arch == ARCH_AARCH64) {
		name_arm(cpu);
	}
	probe_features(cpu);
	name_level(cpu);
}

void probe_cpu(struct cpu *cpu)
{
	probe_cpu_from(&this_machine, cpu);
}

/* ---- Capping ----------------------------------------------------------------------------------------------------- */

static void apply_cap(struct cpu *cpu, size_t cap)
{
	cpu->cap = caps[cap].isa;
	cpu->cap_reason = caps[cap].reason;
	for (size_t i = 0; i < COUNT(cpu_features); i++) {
		if (!cpu->has[i] || cpu_features[i].isa <= cpu->cap)
			continue;
		cpu->has[i] = false;
		cpu->masked[i] = cpu->cap_reason;
	}
	name_level(cpu);
}

int cap_cpu(struct cpu *cpu, const char *max_isa, struct why *why)
{
	if (!*max_isa)
		return 0;
	for (size_t i = 0; i < COUNT(caps); i++) {
		if (strcmp(caps[i].name, max_isa) != 0)
			continue;
		bool applies = caps[i].arch == ARCH_OTHER || caps[i].arch == cpu->source->arch;
		if (applies && caps[i].isa < cpu->cap)
			apply_cap(cpu, i);
		return 0;
	}
	return explain(why, TENON_ECONFIG, "max_isa = %s: no such cap; use one of %s, or leave it empty", max_isa,
		       MAX_ISA_VALUES);
}
