/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Needs strings: parses them and judges a CPU against them. The strings come from files that nobody has vouched for
 * yet: bounded, and every malformed one is refused. No state, no threads: anyone may call.
 */
#include "build.h"
#include <stdio.h>
#include <string.h>

#include "runtime/cpu.h"

static const char *const arch_names[] = {"another architecture", "x86-64", "aarch64"};
static const char *const register_names[] = {"EAX", "EBX", "ECX", "EDX"};

/* One requirement, taken apart: a feature, or a level, or bits of a word. */
struct need {
	char text[128];
	const struct cpu_feature *feature;
	const struct cpu_level *level;
	enum { RAW_CPUID, RAW_XCR0, RAW_HWCAP } raw;
	uint32_t leaf, subleaf; /* for HWCAP leaf is the word */
	enum cpu_register reg;
	uint64_t mask;
};

/* ---- Parsing ----------------------------------------------------------------------------------------------------- */

/* Hexadecimal digits up to the character that must follow, which is skipped. By hand: no locale, sign, space or 0x. */
static bool parse_hex(const char **text, char end, uint64_t limit, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = *text, *digit;
	*value = 0;
	for (; *at && (digit = strchr(digits, *at >= 'A' && *at <= 'F' ? *at + 32 : *at)) != NULL; at++) {
		if (*value > limit >> 4)
			return false;
		*value = *value << 4 | (uint64_t)(digit - digits);
	}
	if (at == *text || *at != end)
		return false;
	*text = *at ? at + 1 : at;
	return true;
}

static bool parse_register(const char **text, enum cpu_register *reg)
{
	static const char *const names[] = {"eax=", "ebx=", "ecx=", "edx="};
	for (int i = 0; i < 4; i++) {
		if (strncmp(*text, names[i], 4) != 0)
			continue;
		*reg = (enum cpu_register)i;
		*text += 4;
		return true;
	}
	return false;
}

static bool parse_cpuid(const char *text, struct need *need)
{
	uint64_t leaf, subleaf;
	if (!parse_hex(&text, '.', UINT32_MAX, &leaf) || !parse_hex(&text, '.', UINT32_MAX, &subleaf) ||
	    !parse_register(&text, &need->reg) || !parse_hex(&text, '\0', UINT32_MAX, &need->mask))
		return false;
	need->raw = RAW_CPUID;
	need->leaf = (uint32_t)leaf;
	need->subleaf = (uint32_t)subleaf;
	return need->mask != 0;
}

static bool parse_raw(struct need *need)
{
	const char *text = strchr(need->text, ':') + 1;
	size_t length = (size_t)(text - need->text);
	if (length == 6 && memcmp(need->text, "cpuid:", 6) == 0)
		return parse_cpuid(text, need);
	need->raw = RAW_HWCAP;
	if (length == 5 && memcmp(need->text, "xcr0:", 5) == 0)
		need->raw = RAW_XCR0;
	else if (length == 7 && memcmp(need->text, "hwcap2:", 7) == 0)
		need->leaf = 1;
	else if (length != 6 || memcmp(need->text, "hwcap:", 6) != 0)
		return false;
	return parse_hex(&text, '\0', UINT64_MAX, &need->mask) && need->mask;
}

static const struct cpu_level *find_level(const char *name)
{
	for (const struct cpu_level *level = cpu_levels; level->name; level++)
		if (strcmp(level->name, name) == 0)
			return level;
	return NULL;
}

/* Takes the text up to the next comma; *needs becomes NULL after the last one. False if it is empty or too long. */
static bool take_text(const char **needs, char *text, size_t size)
{
	size_t length = strcspn(*needs, ",");
	if (length == 0 || length >= size)
		return false;
	memcpy(text, *needs, length);
	text[length] = '\0';
	*needs = (*needs)[length] ? *needs + length + 1 : NULL;
	return true;
}

static int take_need(enum cpu_arch arch, const char **needs, struct need *need, struct why *why)
{
	const char *start = *needs;
	memset(need, 0, sizeof *need);
	if (!take_text(needs, need->text, sizeof need->text))
		goto malformed;
	if (strchr(need->text, ':')) {
		if (!parse_raw(need))
			goto malformed;
		return 0;
	}
	int row = find_cpu_feature(arch, need->text);
	if (row >= 0)
		need->feature = &cpu_features[row];
	else
		need->level = find_level(need->text);
	if (need->feature || need->level)
		return 0;
	return explain(why, TENON_EREFUSED,
		       "needs '%.40s', a feature that Tenon %s does not know; write it as a raw "
		       "requirement (cpuid:LEAF.SUBLEAF.REG=MASK, hwcap:MASK) or use a newer Tenon",
		       need->text, PACKAGE_VERSION);

malformed:
	return explain(
		why, TENON_EREFUSED,
		"its needs do not parse at '%.40s': expected feature names, "
		"cpuid:LEAF.SUBLEAF.REG=MASK, xcr0:MASK, hwcap:MASK or hwcap2:MASK, separated by commas, numbers in "
		"hexadecimal",
		start);
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static int explain_foreign(const char *name, enum cpu_arch arch, const struct cpu *cpu, struct why *why)
{
	return explain(why, TENON_EUNSUPPORTED, "needs %s, which %s has; this machine is %s", name, arch_names[arch],
		       cpu->arch);
}

/* whole is the level that the feature is part of, or NULL. */
static int check_feature(const struct cpu *cpu, const struct cpu_feature *feature, const char *whole, struct why *why)
{
	size_t row = (size_t)(feature - cpu_features);
	if (feature->arch != cpu->source->arch)
		return explain_foreign(feature->name, feature->arch, cpu, why);
	if (cpu->has[row])
		return 0;
	char where[64];
	if (feature->arch == ARCH_X86_64)
		snprintf(where, sizeof where, "CPUID leaf %x.%x %s bit %u", feature->leaf, feature->subleaf,
			 register_names[feature->reg], feature->bit);
	else
		snprintf(where, sizeof where, "AT_HWCAP%s bit %u", feature->leaf ? "2" : "", feature->bit);
	return explain(why, TENON_EUNSUPPORTED, "needs %s%s%s (%s), %s%s", feature->name, whole ? " of " : "",
		       whole ? whole : "", where,
		       cpu->masked[row] ? "which is masked: " : "which this CPU does not report",
		       cpu->masked[row] ? cpu->masked[row] : "");
}

static int check_level(const struct cpu *cpu, const struct cpu_level *wanted, struct why *why)
{
	if (wanted->arch != cpu->source->arch)
		return explain_foreign(wanted->name, wanted->arch, cpu, why);
	for (const struct cpu_level *level = cpu_levels; level <= wanted; level++) {
		if (level->arch != wanted->arch)
			continue;
		char name[32];
		for (const char *at = level->needs; at && take_text(&at, name, sizeof name);) {
			int row = find_cpu_feature(level->arch, name);
			int status = check_feature(cpu, &cpu_features[row], wanted->name, why);
			if (status)
				return status;
		}
	}
	return 0;
}

static bool names_bit(const struct need *need, const struct cpu_feature *feature, enum cpu_arch arch)
{
	return feature->arch == arch && feature->leaf == need->leaf && feature->subleaf == need->subleaf &&
	       (arch == ARCH_AARCH64 || feature->reg == need->reg) && need->mask >> feature->bit & 1;
}

/* Raw bits that the hardware reports may still be masked: those of the table as their rows are, others by any cap. */
static int check_raw_masks(const struct cpu *cpu, const struct need *need, struct why *why)
{
	uint64_t unknown = need->mask;
	for (size_t i = 0; i < count_cpu_features(); i++) {
		if (!names_bit(need, &cpu_features[i], cpu->source->arch))
			continue;
		unknown &= ~(UINT64_C(1) << cpu_features[i].bit);
		int status = check_feature(cpu, &cpu_features[i], need->text, why);
		if (status)
			return status;
	}
	if (unknown && cpu->cap != ISA_UNKNOWN)
		return explain(why, TENON_EUNSUPPORTED, "needs %s, which is masked: %s", need->text, cpu->cap_reason);
	return 0;
}

static int check_raw(const struct cpu *cpu, const struct need *need, struct why *why)
{
	enum cpu_arch arch = need->raw == RAW_HWCAP ? ARCH_AARCH64 : ARCH_X86_64;
	if (arch != cpu->source->arch)
		return explain_foreign(need->text, arch, cpu, why);
	uint64_t word;
	if (need->raw == RAW_CPUID) {
		uint32_t registers[4];
		query_cpuid(cpu->source, need->leaf, need->subleaf, registers);
		word = registers[need->reg];
	} else if (need->raw == RAW_XCR0) {
		word = cpu->xcr0;
	} else {
		word = cpu->source->hwcap((int)need->leaf);
	}
	uint64_t missing = need->mask & ~word;
	if (missing)
		return explain(why, TENON_EUNSUPPORTED, "needs %s; this machine reports %#llx there, which lacks %#llx",
			       need->text, (unsigned long long)word, (unsigned long long)missing);
	return need->raw == RAW_XCR0 ? 0 : check_raw_masks(cpu, need, why);
}

int check_needs(const struct cpu *cpu, const char *needs, struct why *why)
{
	int missing = 0;
	for (const char *at = *needs ? needs : NULL; at;) {
		struct need need;
		int status = take_need(cpu->source->arch, &at, &need, why);
		if (status)
			return status;
		if (missing)
			continue;
		if (need.feature)
			missing = check_feature(cpu, need.feature, NULL, why);
		else if (need.level)
			missing = check_level(cpu, need.level, why);
		else
			missing = check_raw(cpu, &need, why);
	}
	return missing;
}

/* The lists of the levels are of this file's making, so one step of recursion. */
enum isa_rank rank_needs(const char *needs)
{
	enum isa_rank rank = ISA_SCALAR;
	for (const char *at = *needs ? needs : NULL; at;) {
		struct need need;
		if (take_need(ARCH_OTHER, &at, &need, NULL))
			return ISA_SCALAR;
		enum isa_rank other = need.feature ? need.feature->isa : ISA_UNKNOWN;
		if (need.level)
			other = rank_needs(need.level->needs);
		if (other > rank)
			rank = other;
	}
	return rank;
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

static void want_level(enum cpu_arch arch, const struct cpu_level *wanted, bool rows[CPU_FEATURES_MAX])
{
	for (const struct cpu_level *level = cpu_levels; level <= wanted; level++) {
		char name[32];
		for (const char *at = level->arch == arch ? level->needs : NULL;
		     at && take_text(&at, name, sizeof name);)
			rows[find_cpu_feature(arch, name)] = true;
	}
}

bool collect_needs(enum cpu_arch arch, const char *needs, bool rows[CPU_FEATURES_MAX])
{
	bool is_known = true;
	for (const char *at = *needs ? needs : NULL; at;) {
		struct need need;
		if (take_need(arch, &at, &need, NULL))
			return false;
		if (need.feature)
			rows[need.feature - cpu_features] = true;
		else if (need.level && need.level->arch == arch)
			want_level(arch, need.level, rows);
		else
			is_known = false;
		for (size_t i = 0; !need.feature && !need.level && i < count_cpu_features(); i++)
			rows[i] |= need.raw != RAW_XCR0 && names_bit(&need, &cpu_features[i], arch);
	}
	return is_known;
}
