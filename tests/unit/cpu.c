/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The probe on made-up machines: what CPUID has and the operating system withholds, levels, caps, needs strings; and
 * this machine against the compiler's own detection.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/cpu.h"

/* ---- Made-up machines -------------------------------------------------------------------------------------------- */

#define LEAF1_V2 0x00982201u /* sse3 ssse3 cx16 sse4.1 sse4.2 popcnt */
#define LEAF1_V3 0x3c401002u /* fma movbe osxsave avx f16c, and pclmulqdq */
#define LEAF7_V3 0x00000128u /* bmi1 avx2 bmi2 */
#define LEAF7_V4 0xd0030000u /* avx512f dq cd bw vl */
#define EXTENDED 0x00000021u /* sahf lzcnt */
#define OSXSAVE (1u << 27)

static struct {
	uint32_t max_leaf, max_subleaf, leaf1_ecx, leaf7_ebx, extended_ecx;
	uint64_t xcr0, hwcap, hwcap2;
	unsigned xcr0_reads;
} fake;

static void fake_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	static const uint32_t brand[12] = {0x20202020, 0x65742041, 0x43207473}; /* "    A test C" */
	memset(registers, 0xff, 4 * sizeof registers[0]); /* what is not told apart below would be seen */
	if (leaf == 0) {
		registers[0] = fake.max_leaf;
		memcpy(&registers[REGISTER_EBX], "Fake", 4);
		memcpy(&registers[REGISTER_EDX], "Chip", 4);
		memcpy(&registers[REGISTER_ECX], "Corp", 4);
	} else if (leaf == 1) {
		registers[REGISTER_ECX] = fake.leaf1_ecx;
		registers[REGISTER_EDX] = 0x06000000;
	} else if (leaf == 7 && subleaf == 0) {
		memset(registers, 0, 4 * sizeof registers[0]);
		registers[REGISTER_EAX] = fake.max_subleaf;
		registers[REGISTER_EBX] = fake.leaf7_ebx;
	} else if (leaf == 0x80000000) {
		registers[REGISTER_EAX] = 0x80000004;
	} else if (leaf == 0x80000001) {
		registers[REGISTER_ECX] = fake.extended_ecx;
	} else if (leaf >= 0x80000002 && leaf <= 0x80000004) {
		memcpy(registers, brand + 4 * (leaf - 0x80000002), 16);
	}
}

static uint64_t fake_xcr0(void)
{
	fake.xcr0_reads++;
	return fake.xcr0;
}

static uint64_t fake_hwcap(int word)
{
	return word ? fake.hwcap2 : fake.hwcap;
}

static uint64_t fake_midr(void)
{
	return 0x410fd034;
}

static unsigned sve_bytes;
static unsigned fake_sve_bytes(void)
{
	return sve_bytes;
}

static const struct cpu_source x86_machine = {ARCH_X86_64, fake_cpuid, fake_xcr0, fake_hwcap, NULL, NULL};
static const struct cpu_source arm_machine = {ARCH_AARCH64, NULL, NULL, fake_hwcap, fake_midr, fake_sve_bytes};

static struct cpu probe_x86(uint32_t leaf1_ecx, uint32_t leaf7_ebx, uint64_t xcr0)
{
	struct cpu cpu;
	memset(&fake, 0, sizeof fake);
	fake.max_leaf = 7;
	fake.leaf1_ecx = leaf1_ecx;
	fake.leaf7_ebx = leaf7_ebx;
	fake.extended_ecx = EXTENDED;
	fake.xcr0 = xcr0;
	probe_cpu_from(&x86_machine, &cpu);
	return cpu;
}

static struct cpu probe_avx512(void)
{
	return probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3 | LEAF7_V4, 0xe7);
}

static struct cpu probe_arm(uint64_t hwcap, uint64_t hwcap2)
{
	struct cpu cpu;
	memset(&fake, 0, sizeof fake);
	fake.hwcap = hwcap;
	fake.hwcap2 = hwcap2;
	probe_cpu_from(&arm_machine, &cpu);
	return cpu;
}

static bool has(const struct cpu *cpu, const char *name)
{
	int row = find_cpu_feature(cpu->source->arch, name);
	assert_true(row >= 0);
	return cpu->has[row];
}

static const char *masked(const struct cpu *cpu, const char *name)
{
	int row = find_cpu_feature(cpu->source->arch, name);
	assert_true(row >= 0);
	return cpu->masked[row];
}

static void assert_says(const struct why *why, const char *part)
{
	if (!strstr(why->text, part))
		fail_msg("'%s' does not say '%s'", why->text, part);
}

/* ---- Probing ----------------------------------------------------------------------------------------------------- */

static void agrees_with_the_compiler(void **state)
{
	(void)state;
	struct cpu cpu;
	probe_cpu(&cpu);
#ifdef __x86_64__
	assert_string_equal(cpu.arch, "x86_64");
	assert_true(strlen(cpu.vendor) > 0);
	assert_int_equal(has(&cpu, "sse4.2"), __builtin_cpu_supports("sse4.2") != 0);
	assert_int_equal(has(&cpu, "avx"), __builtin_cpu_supports("avx") != 0);
	assert_int_equal(has(&cpu, "avx2"), __builtin_cpu_supports("avx2") != 0);
	assert_int_equal(has(&cpu, "fma"), __builtin_cpu_supports("fma") != 0);
	assert_int_equal(has(&cpu, "avx512f"), __builtin_cpu_supports("avx512f") != 0);
	assert_int_equal(has(&cpu, "avx512bw"), __builtin_cpu_supports("avx512bw") != 0);
	assert_int_equal(has(&cpu, "avx512vbmi2"), __builtin_cpu_supports("avx512vbmi2") != 0);
	assert_int_equal(has(&cpu, "vpclmulqdq"), __builtin_cpu_supports("vpclmulqdq") != 0);
#elif defined __aarch64__
	assert_string_equal(cpu.arch, "aarch64");
	assert_true(has(&cpu, "asimd"));
#else
	assert_string_equal(cpu.arch, "other");
#endif
}

static void names_the_machine(void **state)
{
	(void)state;
	struct cpu cpu = probe_avx512();
	assert_string_equal(cpu.arch, "x86_64");
	assert_string_equal(cpu.vendor, "FakeChipCorp");
	assert_string_equal(cpu.model, "A test C");
	cpu = probe_arm(0x3, 0);
	assert_string_equal(cpu.arch, "aarch64");
	assert_string_equal(cpu.vendor, "ARM");
	assert_string_equal(cpu.model, "implementer 0x41 part 0xd03 variant 0 revision 4");
	sve_bytes = 256;
	cpu = probe_arm(0x3, 0);
	sve_bytes = 0;
	assert_string_equal(cpu.model, "implementer 0x41 part 0xd03 variant 0 revision 4, SVE of 256 bytes");
}

static void asks_the_operating_system_too(void **state)
{
	(void)state;
	struct cpu cpu = probe_x86(LEAF1_V2 | (LEAF1_V3 & ~OSXSAVE), LEAF7_V3 | LEAF7_V4, 0xe7);
	assert_int_equal(fake.xcr0_reads, 0); /* without OSXSAVE the instruction would trap */
	assert_false(has(&cpu, "avx2"));
	assert_non_null(strstr(masked(&cpu, "avx2"), "OSXSAVE is off"));
	assert_true(has(&cpu, "bmi2")); /* needs no state */

	cpu = probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3 | LEAF7_V4, 0x3);
	assert_false(has(&cpu, "avx"));
	assert_non_null(strstr(masked(&cpu, "avx"), "XCR0 lacks 0x6"));
	assert_string_equal(cpu.level, "x86-64-v2");

	cpu = probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3 | LEAF7_V4, 0x67); /* no high 16 zmm */
	assert_true(has(&cpu, "avx2"));
	assert_false(has(&cpu, "avx512f"));
	assert_non_null(strstr(masked(&cpu, "avx512f"), "XCR0 lacks 0xe6"));
	assert_string_equal(cpu.level, "x86-64-v3");
}

static void masks_only_what_the_hardware_has(void **state)
{
	(void)state;
	struct cpu cpu = probe_x86(LEAF1_V2, 0, 0);
	assert_false(has(&cpu, "avx2"));
	assert_null(masked(&cpu, "avx2"));
}

static void finds_the_level(void **state)
{
	(void)state;
	assert_string_equal(probe_x86(0, 0, 0).level, "x86-64");
	assert_string_equal(probe_x86(LEAF1_V2, 0, 0).level, "x86-64-v2");
	assert_string_equal(probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3, 0x7).level, "x86-64-v3");
	assert_string_equal(probe_avx512().level, "x86-64-v4");
	/* One bit short of v3 is v2, whatever else is there. */
	assert_string_equal(probe_x86(LEAF1_V2 | (LEAF1_V3 & ~(1u << 22)), LEAF7_V3 | LEAF7_V4, 0xe7).level,
			    "x86-64-v2");
	assert_string_equal(probe_arm(0x3, 0).level, "asimd");
	assert_string_equal(probe_arm(0x3 | 1 << 22, 0x2).level, "sve2");
	assert_string_equal(probe_arm(0x1, 0).level, "");
}

static void trusts_no_leaf_beyond_the_last(void **state)
{
	(void)state;
	struct cpu cpu;
	memset(&fake, 0, sizeof fake);
	fake.max_leaf = 1;
	fake.leaf1_ecx = LEAF1_V2 | LEAF1_V3;
	fake.leaf7_ebx = LEAF7_V3;
	fake.xcr0 = 0x7;
	probe_cpu_from(&x86_machine, &cpu);
	assert_true(has(&cpu, "avx"));
	assert_false(has(&cpu, "avx2"));
	cpu = probe_avx512(); /* leaf 7 has no subleaf 1, which reads as all ones */
	assert_false(has(&cpu, "avxvnni"));
	assert_int_equal(check_needs(&cpu, "cpuid:7.1.eax=10", NULL), TENON_EUNSUPPORTED);
}

/* ---- The table --------------------------------------------------------------------------------------------------- */

static void has_a_sound_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_cpu_features(); i++) {
		const struct cpu_feature *f = &cpu_features[i];
		assert_int_equal(find_cpu_feature(f->arch, f->name), i); /* found, and no name twice */
		assert_true(f->bit < (f->arch == ARCH_X86_64 ? 32 : 64));
		for (size_t j = 0; j < i; j++)
			assert_false(cpu_features[j].arch == f->arch && cpu_features[j].leaf == f->leaf &&
				     cpu_features[j].subleaf == f->subleaf && cpu_features[j].reg == f->reg &&
				     cpu_features[j].bit == f->bit);
	}
	for (const struct cpu_level *level = cpu_levels; level->name; level++) {
		char list[256], *rest = NULL;
		snprintf(list, sizeof list, "%s", level->needs);
		for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
			int row = find_cpu_feature(level->arch, name);
			assert_true(row >= 0);
			assert_int_equal(cpu_features[row].arch, level->arch);
		}
	}
}

/* ---- Caps -------------------------------------------------------------------------------------------------------- */

static void caps(void **state)
{
	(void)state;
	struct cpu cpu = probe_avx512();
	struct why why;
	assert_int_equal(cap_cpu(&cpu, "", &why), 0);
	assert_string_equal(cpu.level, "x86-64-v4");
	assert_int_equal(cap_cpu(&cpu, "avx512", &why), 0);
	assert_true(has(&cpu, "avx512f"));
	assert_int_equal(cap_cpu(&cpu, "neon", &why), 0); /* of another architecture: nothing here is above it */
	assert_true(has(&cpu, "avx512f"));
	assert_int_equal(cap_cpu(&cpu, "avx2", &why), 0);
	assert_false(has(&cpu, "avx512f"));
	assert_true(has(&cpu, "avx2"));
	assert_string_equal(masked(&cpu, "avx512f"), "max_isa = avx2 caps it");
	assert_string_equal(cpu.level, "x86-64-v3");
	assert_int_equal(cap_cpu(&cpu, "avx512", &why), 0); /* a cap never lifts another */
	assert_false(has(&cpu, "avx512f"));
	assert_int_equal(cap_cpu(&cpu, "scalar", &why), 0);
	assert_false(has(&cpu, "sse4.2"));
	assert_string_equal(cpu.level, "x86-64");

	cpu = probe_arm(0x3 | 1 << 22, 0);
	assert_int_equal(cap_cpu(&cpu, "neon", &why), 0);
	assert_true(has(&cpu, "asimd"));
	assert_false(has(&cpu, "sve"));
	assert_int_equal(cap_cpu(&cpu, "scalar", &why), 0);
	assert_false(has(&cpu, "asimd"));
}

static void refuses_an_unknown_cap(void **state)
{
	(void)state;
	struct cpu cpu = probe_avx512(), before = cpu;
	struct why why;
	assert_int_equal(cap_cpu(&cpu, "avx3", &why), TENON_ECONFIG);
	assert_says(&why, "scalar, avx2, avx512, neon");
	assert_memory_equal(&cpu, &before, sizeof cpu);
}

/* ---- Needs ------------------------------------------------------------------------------------------------------- */

struct needs_case {
	const char *needs;
	int status;
	const char *says;
};

static void check_cases(const struct cpu *cpu, const struct needs_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct why why = {0, ""};
		int status = check_needs(cpu, cases[i].needs, &why);
		if (status != cases[i].status)
			fail_msg("'%s' gave %d (%s)", cases[i].needs, status, why.text);
		if (cases[i].says)
			assert_says(&why, cases[i].says);
		assert_int_equal(check_needs(cpu, cases[i].needs, NULL), status);
	}
}

#define CHECK_CASES(cpu, cases) check_cases(cpu, cases, sizeof(cases) / sizeof((cases)[0]))

static void judges_needs(void **state)
{
	(void)state;
	static const struct needs_case cases[] = {
		{"", 0, NULL},
		{"avx2", 0, NULL},
		{"x86-64-v2,x86-64-v3,sse2", 0, NULL},
		{"cpuid:7.0.ebx=20", 0, NULL},
		{"cpuid:7.0.EBX=20", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=0020,xcr0:6", 0, NULL},
		{"x86-64-v4", TENON_EUNSUPPORTED,
		 "needs avx512f of x86-64-v4 (CPUID leaf 7.0 EBX bit 16), which this CPU does "
		 "not report"},
		{"avx2,avx512vbmi2,avx512bw", TENON_EUNSUPPORTED, "avx512vbmi2 (CPUID leaf 7.0 ECX bit 6)"},
		{"cpuid:7.0.ebx=10020", TENON_EUNSUPPORTED, "lacks 0x10000"},
		{"cpuid:14.0.eax=1", TENON_EUNSUPPORTED, "lacks 0x1"},
		{"xcr0:e6", TENON_EUNSUPPORTED, "lacks 0xe0"},
		{"asimd", TENON_EUNSUPPORTED, "needs asimd, which aarch64 has; this machine is x86_64"},
		{"hwcap:2", TENON_EUNSUPPORTED, "aarch64"},
		{"hwcap2:ffffffffffffffff", TENON_EUNSUPPORTED, "aarch64"},
		{"sve2", TENON_EUNSUPPORTED, "aarch64"},
	};
	struct cpu cpu = probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3, 0x7);
	CHECK_CASES(&cpu, cases);
}

static void refuses_malformed_needs(void **state)
{
	(void)state;
	static const struct needs_case cases[] = {
		{"avx9", TENON_EREFUSED, "'avx9', a feature that Tenon"},
		{"AVX2", TENON_EREFUSED, "'AVX2'"},
		{" avx2", TENON_EREFUSED, "' avx2'"},
		{",", TENON_EREFUSED, "do not parse"},
		{"avx2,", TENON_EREFUSED, "do not parse"},
		{"avx2,,fma", TENON_EREFUSED, "do not parse"},
		{"avx512f,nonsense", TENON_EREFUSED, "nonsense"}, /* not hidden by the missing one before it */
		{"cpuid:", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.ebx=20", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=0", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=100000000", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=0x20", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.ebx=20 ", TENON_EREFUSED, "do not parse"},
		{"cpuid:-7.0.ebx=20", TENON_EREFUSED, "do not parse"},
		{"cpuid:7.0.esi=20", TENON_EREFUSED, "do not parse"},
		{"xcr0:", TENON_EREFUSED, "do not parse"},
		{"xcr0:0", TENON_EREFUSED, "do not parse"},
		{"xcr0:10000000000000000", TENON_EREFUSED, "do not parse"},
		{"hwcap3:1", TENON_EREFUSED, "do not parse"},
		{":", TENON_EREFUSED, "do not parse"},
		{"msr:1", TENON_EREFUSED, "do not parse"},
	};
	struct cpu cpu = probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3, 0x7);
	CHECK_CASES(&cpu, cases);
	char endless[4096];
	memset(endless, 'a', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_int_equal(check_needs(&cpu, endless, NULL), TENON_EREFUSED);
}

static void holds_needs_against_masks(void **state)
{
	(void)state;
	static const struct needs_case withheld[] = {
		{"avx512f", TENON_EUNSUPPORTED, "which is masked: XCR0 lacks 0xe6"},
		{"x86-64-v4", TENON_EUNSUPPORTED, "avx512f of x86-64-v4"},
		{"cpuid:7.0.ebx=10000", TENON_EUNSUPPORTED,
		 "which is masked: XCR0 lacks 0xe6"}, /* no way around by number */
		{"cpuid:7.0.ebx=4", TENON_EUNSUPPORTED, "lacks 0x4"},
	};
	struct cpu cpu = probe_x86(LEAF1_V2 | LEAF1_V3, LEAF7_V3 | LEAF7_V4, 0x7);
	CHECK_CASES(&cpu, withheld);

	static const struct needs_case capped[] = {
		{"avx512f", TENON_EUNSUPPORTED, "which is masked: max_isa = avx2 caps it"},
		{"cpuid:7.0.ebx=20", 0, NULL},
		{"cpuid:7.0.ebx=10000", TENON_EUNSUPPORTED, "max_isa = avx2 caps it"},
		{"cpuid:1.0.edx=2000000", 0, NULL},
		/* A cap admits nothing unknown. */
		{"cpuid:80000000.0.eax=4", TENON_EUNSUPPORTED, "max_isa = avx2 caps it"},
	};
	cpu = probe_avx512();
	assert_int_equal(check_needs(&cpu, "cpuid:80000000.0.eax=4", NULL), 0);
	assert_int_equal(cap_cpu(&cpu, "avx2", NULL), 0);
	CHECK_CASES(&cpu, capped);
}

static void judges_needs_on_arm(void **state)
{
	(void)state;
	static const struct needs_case cases[] = {
		{"asimd,crc32", 0, NULL},
		{"aes", TENON_EUNSUPPORTED, "needs aes (AT_HWCAP bit 3), which this CPU does not report"},
		{"sve2", TENON_EUNSUPPORTED, "AT_HWCAP2 bit 1"},
		{"hwcap:82", 0, NULL},
		{"hwcap:88", TENON_EUNSUPPORTED, "lacks 0x8"},
		{"hwcap2:2", TENON_EUNSUPPORTED, "lacks 0x2"},
		{"avx2", TENON_EUNSUPPORTED, "needs avx2, which x86-64 has; this machine is aarch64"},
		{"x86-64-v3", TENON_EUNSUPPORTED, "x86-64"},
		{"cpuid:7.0.ebx=20", TENON_EUNSUPPORTED, "x86-64"},
		{"xcr0:6", TENON_EUNSUPPORTED, "x86-64"},
	};
	struct cpu cpu = probe_arm(0x83, 0);
	CHECK_CASES(&cpu, cases);
}

static void ranks_needs(void **state)
{
	(void)state;
	assert_int_equal(rank_needs(""), ISA_SCALAR);
	assert_int_equal(rank_needs("x86-64"), ISA_SCALAR);
	assert_int_equal(rank_needs("x86-64-v2"), ISA_SSE4);
	assert_int_equal(rank_needs("x86-64-v3"), ISA_AVX2);
	assert_int_equal(rank_needs("sse4.2,avx512f,avx2"), ISA_AVX512);
	assert_int_equal(rank_needs("asimd"), ISA_NEON);
	assert_int_equal(rank_needs("cpuid:7.0.ebx=20"), ISA_UNKNOWN);
	assert_int_equal(rank_needs("nonsense"), ISA_SCALAR);
	assert_int_equal(rank_needs("avx2,"), ISA_SCALAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_compiler),
		cmocka_unit_test(names_the_machine),
		cmocka_unit_test(asks_the_operating_system_too),
		cmocka_unit_test(masks_only_what_the_hardware_has),
		cmocka_unit_test(finds_the_level),
		cmocka_unit_test(trusts_no_leaf_beyond_the_last),
		cmocka_unit_test(has_a_sound_table),
		cmocka_unit_test(caps),
		cmocka_unit_test(refuses_an_unknown_cap),
		cmocka_unit_test(judges_needs),
		cmocka_unit_test(refuses_malformed_needs),
		cmocka_unit_test(holds_needs_against_masks),
		cmocka_unit_test(judges_needs_on_arm),
		cmocka_unit_test(ranks_needs),
	};
	return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
