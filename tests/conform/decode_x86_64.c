/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * x86-64 instructions, decoded by libzydis: its instruction sets are mapped to our features by their names. State: the
 * decoder and the map, made at the first call.
 */
#include "build.h"

#include "tests/conform/decode.h"

#ifdef HAVE_ZYDIS
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

const char *why_no_x86_64(void)
{
	return NULL;
}

/* From how Zydis calls a set, without the width at its end, to the features that it takes; "" is the baseline. */
static const char *const sets[][2] = {
	{"I86", ""},
	{"I186", ""},
	{"I286REAL", ""},
	{"I386", ""},
	{"I486", ""},
	{"I486REAL", ""},
	{"PENTIUMREAL", ""},
	{"PENTIUMMMX", ""},
	{"PPRO", ""},
	{"CMOV", ""},
	{"FCMOV", ""},
	{"X87", ""},
	{"LONGMODE", ""},
	{"FAT_NOP", ""},
	{"PAUSE", ""},
	{"PREFETCH_NOP", ""},
	{"FXSAVE", ""},
	{"FXSAVE64", ""},
	{"CLFSH", ""},
	{"SSE", ""},
	{"SSE2", ""},
	{"SSE2MMX", ""},
	{"SSEMXCSR", ""},
	{"SSE_PREFETCH", ""},
	{"CET", ""},
	{"LAHF", "sahf"},
	{"CMPXCHG16B", "cx16"},
	{"XSAVE", "osxsave"},
	{"SSE3", "sse3"},
	{"SSE3X87", "sse3"},
	{"SSSE3", "ssse3"},
	{"SSSE3MMX", "ssse3"},
	{"SSE4", "sse4.1"},
	{"SSE42", "sse4.2"},
	{"POPCNT", "popcnt"},
	{"AES", "aes"},
	{"PCLMULQDQ", "pclmulqdq"},
	{"SHA", "sha"},
	{"GFNI", "gfni"},
	{"MOVBE", "movbe"},
	{"BMI1", "bmi1"},
	{"BMI2", "bmi2"},
	{"LZCNT", "lzcnt"},
	{"AVX", "avx"},
	{"AVX2", "avx2"},
	{"AVX2GATHER", "avx2"},
	{"F16C", "f16c"},
	{"FMA", "fma"},
	{"AVXAES", "avx,aes"},
	{"AVX_GFNI", "avx,gfni"},
	{"AVX_VNNI", "avxvnni"},
	{"VAES", "vaes"},
	{"VPCLMULQDQ", "vpclmulqdq"},
	{"AVX512F", "avx512f"},
	{"AVX512BW", "avx512bw"},
	{"AVX512CD", "avx512cd"},
	{"AVX512DQ", "avx512dq"},
	{"AVX512_BF16", "avx512bf16"},
	{"AVX512_BITALG", "avx512bitalg"},
	{"AVX512_FP16", "avx512fp16"},
	{"AVX512_GFNI", "avx512f,gfni"},
	{"AVX512_IFMA", "avx512ifma"},
	{"AVX512_VAES", "avx512f,vaes"},
	{"AVX512_VBMI", "avx512vbmi"},
	{"AVX512_VBMI2", "avx512vbmi2"},
	{"AVX512_VNNI", "avx512vnni"},
	{"AVX512_VP2INTERSECT", "avx512vp2intersect"},
	{"AVX512_VPCLMULQDQ", "avx512f,vpclmulqdq"},
	{"AVX512_VPOPCNTDQ", "avx512vpopcntdq"},
};

static char needs[ZYDIS_ISA_SET_MAX_VALUE + 1][40];
static ZydisDecoder decoder;

/* A set without a row keeps its name: no feature of ours stands for it. */
static void map_set(const char *name, char *out, size_t size)
{
	size_t length = strlen(name);
	const char *width = strrchr(name, '_');
	bool is_short = width && (strcmp(width, "_128") == 0 || strcmp(width, "_256") == 0);
	if (is_short || (width && (strcmp(width, "_512") == 0 || strcmp(width, "_KOP") == 0 ||
				   strcmp(width, "_128N") == 0 || strcmp(width, "_SCALAR") == 0)))
		length = (size_t)(width - name);
	snprintf(out, size, "?%.30s", name);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		if (strlen(sets[i][0]) == length && strncmp(sets[i][0], name, length) == 0)
			snprintf(out, size, "%s%s", sets[i][1], is_short ? ",avx512vl" : "");
}

static void make_map(void)
{
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (int set = 0; set <= ZYDIS_ISA_SET_MAX_VALUE; set++)
		map_set(ZydisISASetGetString((ZydisISASet)set), needs[set], sizeof needs[set]);
}

static bool ends(const ZydisDecodedInstruction *in)
{
	return in->meta.category == ZYDIS_CATEGORY_RET || in->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       in->mnemonic == ZYDIS_MNEMONIC_UD2 || in->mnemonic == ZYDIS_MNEMONIC_INT3 ||
	       in->mnemonic == ZYDIS_MNEMONIC_HLT;
}

bool decode_x86_64(const unsigned char *bytes, size_t size, uint64_t address, struct decoded *decoded)
{
	ZydisDecodedInstruction in;
	if (!*needs[ZYDIS_ISA_SET_AVX])
		make_map();
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, size, &in)))
		return false;
	*decoded = (struct decoded){.size = in.length,
				    .needs = needs[in.meta.isa_set],
				    .ends = ends(&in),
				    .calls = in.meta.category == ZYDIS_CATEGORY_CALL};
	if (in.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && in.raw.imm[0].is_relative) {
		decoded->has_target = true;
		decoded->target = address + in.length + (uint64_t)in.raw.imm[0].value.s;
	}
	bool is_indirect = in.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && !decoded->has_target;
	if (is_indirect && in.raw.modrm.mod == 0 && in.raw.modrm.rm == 5) /* relative to the instruction behind it */
		decoded->slot = address + in.length + (uint64_t)in.raw.disp.value;
	/* Compilers write tzcnt for bsf at any level: both give the same where the source is not 0. */
	if (in.mnemonic == ZYDIS_MNEMONIC_TZCNT)
		decoded->needs = "";
	if (*decoded->needs)
		snprintf(decoded->name, sizeof decoded->name, "%s", ZydisMnemonicGetString(in.mnemonic));
	return true;
}
#else
const char *why_no_x86_64(void)
{
	return "built without libzydis; install libzydis-dev and build again";
}

bool decode_x86_64(const unsigned char *bytes, size_t size, uint64_t address, struct decoded *decoded)
{
	(void)bytes;
	(void)size;
	(void)address;
	(void)decoded;
	return false;
}
#endif
