/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decoders of the opcode lint against what assemblers wrote: one instruction of each feature, and baseline ones that
 * look like them.
 */
#include "tests/conform/decode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* What comes next: the instruction behind, the target, or either; or first the one, then the other. */
enum flow { ENDS = 1, TARGETS = 2, CALLS = 4, JUMPS = ENDS | TARGETS, BRANCHES = TARGETS, LINKS = CALLS | TARGETS };

static void check(const struct decoded *got, bool is_known, const char *needs, unsigned flow, const char *which)
{
	if (is_known != (needs != NULL) || (needs && strcmp(got->needs, needs) != 0))
		fail_msg("%s: needs %s, got %s", which, needs ? needs : "-", is_known ? got->needs : "-");
	if (needs && (got->ends ? ENDS : 0u) + (got->has_target ? TARGETS : 0u) + (got->calls ? CALLS : 0u) != flow)
		fail_msg("%s: flow %u is due", which, flow);
	if (needs && *needs)
		assert_true(*got->name);
}

struct word {
	uint32_t word;
	const char *needs; /* NULL: not decoded */
	unsigned flow;
};

static const struct word words[] = {
	{0x4e22cc20, "", 0},         /* fmla v0.4s, v1.4s, v2.4s */
	{0x4fa21020, "", 0},         /* fmla v0.4s, v1.4s, v2.s[1] */
	{0x4f528020, "", 0},         /* mul v0.8h, v1.8h, v2.h[1] */
	{0x0f522020, "", 0},         /* smlal v0.4s, v1.4h, v2.h[1] */
	{0xf8626820, "", 0},         /* ldr x0, [x1, x2] */
	{0x885ffc20, "", 0},         /* ldaxr w0, [x1] */
	{0x8803fc20, "", 0},         /* stlxr w3, w0, [x1] */
	{0x88230480, "", 0},         /* stxp w3, w0, w1, [x4] */
	{0x1ee24020, "", 0},         /* fcvt s0, h1 */
	{0x1e23c020, "", 0},         /* fcvt h0, s1 */
	{0x1ee2c020, "", 0},         /* fcvt d0, h1 */
	{0x0e217820, "", 0},         /* fcvtl v0.4s, v1.4h */
	{0x0e216820, "", 0},         /* fcvtn v0.4h, v1.4s */
	{0x4e040420, "", 0},         /* dup v0.4s, v1.s[0] */
	{0x6e021820, "", 0},         /* ext v0.16b, v1.16b, v2.16b, #3 */
	{0x4e823820, "", 0},         /* zip1 v0.4s, v1.4s, v2.4s */
	{0x4e020020, "", 0},         /* tbl v0.16b, {v1.16b}, v2.16b */
	{0x0e22e020, "", 0},         /* pmull v0.8h, v1.8b, v2.8b */
	{0x4e22fc20, "", 0},         /* frecps v0.4s, v1.4s, v2.4s */
	{0x6e30c820, "", 0},         /* fmaxnmv s0, v1.4s */
	{0x4e703820, "", 0},         /* saddlv s0, v1.8h */
	{0x4e30a820, "", 0},         /* smaxv b0, v1.16b */
	{0x4eb1b820, "", 0},         /* addv s0, v1.4s */
	{0x5ef1b820, "", 0},         /* addp d0, v1.2d */
	{0x7e30d820, "", 0},         /* faddp s0, v1.2s */
	{0x4f03f600, "", 0},         /* fmov v0.4s, #1 */
	{0x4f00e4e0, "", 0},         /* movi v0.16b, #0x7 */
	{0x4f3d0420, "", 0},         /* sshr v0.4s, v1.4s, #3 */
	{0x2f10a420, "", 0},         /* uxtl v0.4s, v1.4h */
	{0x1f020c20, "", 0},         /* fmadd s0, s1, s2, s3 */
	{0x9e660020, "", 0},         /* fmov x0, d1 */
	{0x1e220020, "", 0},         /* scvtf s0, w1 */
	{0x1e02f420, "", 0},         /* scvtf s0, w1, #3 */
	{0x4ea2b420, "", 0},         /* sqdmulh v0.4s, v1.4s, v2.4s */
	{0x6fa20020, "", 0},         /* mla v0.4s, v1.4s, v2.s[1] */
	{0x6f524020, "", 0},         /* mls v0.8h, v1.8h, v2.h[1] */
	{0x2f522020, "", 0},         /* umlal v0.4s, v1.4h, v2.h[1] */
	{0x6e22ec20, "", 0},         /* facge v0.4s, v1.4s, v2.4s */
	{0x94000002, "", LINKS},     /* bl */
	{0xd65f03c0, "", ENDS},      /* ret */
	{0x04a0e3e0, "sve", 0},      /* cntw x0 */
	{0x25a11400, "sve", 0},      /* whilelt p0.s, x0, x1 */
	{0x65a20020, "sve", 0},      /* fmla z0.s, p0/m, z1.s, z2.s */
	{0x9ac25c20, "crc32", 0},    /* crc32cx w0, w1, x2 */
	{0x1ac24020, "crc32", 0},    /* crc32b w0, w1, w2 */
	{0x88a07c41, "atomics", 0},  /* cas w0, w1, [x2] */
	{0x48207c82, "atomics", 0},  /* casp x0, x1, x2, x3, [x4] */
	{0xb8200041, "atomics", 0},  /* ldadd w0, w1, [x2] */
	{0xf8208041, "atomics", 0},  /* swp x0, x1, [x2] */
	{0x4e284820, "aes", 0},      /* aese v0.16b, v1.16b */
	{0x4e286820, "aes", 0},      /* aesmc v0.16b, v1.16b */
	{0x0ee2e020, "pmull", 0},    /* pmull v0.1q, v1.1d, v2.1d */
	{0x4ee2e020, "pmull", 0},    /* pmull2 v0.1q, v1.2d, v2.2d */
	{0x5e020020, "sha1", 0},     /* sha1c q0, s1, v2.4s */
	{0x5e280820, "sha1", 0},     /* sha1h s0, s1 */
	{0x5e281820, "sha1", 0},     /* sha1su1 v0.4s, v1.4s */
	{0x5e024020, "sha2", 0},     /* sha256h q0, q1, v2.4s */
	{0x5e282820, "sha2", 0},     /* sha256su0 v0.4s, v1.4s */
	{0x5e026020, "sha2", 0},     /* sha256su1 v0.4s, v1.4s, v2.4s */
	{0xce020c20, "sha3", 0},     /* eor3 v0.16b, v1.16b, v2.16b, v3.16b */
	{0xce220c20, "sha3", 0},     /* bcax v0.16b, v1.16b, v2.16b, v3.16b */
	{0xce628c20, "sha3", 0},     /* rax1 v0.2d, v1.2d, v2.2d */
	{0xce820c20, "sha3", 0},     /* xar v0.2d, v1.2d, v2.2d, #3 */
	{0xce628020, "sha512", 0},   /* sha512h q0, q1, v2.2d */
	{0xce628420, "sha512", 0},   /* sha512h2 q0, q1, v2.2d */
	{0xce628820, "sha512", 0},   /* sha512su1 v0.2d, v1.2d, v2.2d */
	{0xcec08020, "sha512", 0},   /* sha512su0 v0.2d, v1.2d */
	{0x1ee22820, "fphp", 0},     /* fadd h0, h1, h2 */
	{0x1fc20c20, "fphp", 0},     /* fmadd h0, h1, h2, h3 */
	{0x1ee70020, "fphp", 0},     /* fmov h0, w1 */
	{0x1ee20020, "fphp", 0},     /* scvtf h0, w1 */
	{0x4e421420, "asimdhp", 0},  /* fadd v0.8h, v1.8h, v2.8h */
	{0x4ef8f820, "asimdhp", 0},  /* fabs v0.8h, v1.8h */
	{0x5ef8d820, "asimdhp", 0},  /* fcmeq h0, h1, #0.0 */
	{0x4e30c820, "asimdhp", 0},  /* fmaxnmv h0, v1.8h */
	{0x5e30d820, "asimdhp", 0},  /* faddp h0, v1.2h */
	{0x4f03fe00, "asimdhp", 0},  /* fmov v0.8h, #1 */
	{0x4f121020, "asimdhp", 0},  /* fmla v0.8h, v1.8h, v2.h[1] */
	{0x4f129020, "asimdhp", 0},  /* fmul v0.8h, v1.8h, v2.h[1] */
	{0x7f129020, "asimdhp", 0},  /* fmulx h0, h1, v2.h[1] */
	{0x4e22ec20, "asimdfhm", 0}, /* fmlal v0.4s, v1.4h, v2.4h */
	{0x6e22cc20, "asimdfhm", 0}, /* fmlal2 v0.4s, v1.4h, v2.4h */
	{0x4f924020, "asimdfhm", 0}, /* fmlsl v0.4s, v1.4h, v2.h[1] */
	{0x6f92c020, "asimdfhm", 0}, /* fmlsl2 v0.4s, v1.4h, v2.h[1] */
	{0x1e634020, "bf16", 0},     /* bfcvt h0, s1 */
	{0x0ea16820, "bf16", 0},     /* bfcvtn v0.4h, v1.4s */
	{0x6e828420, "asimdrdm", 0}, /* sqrdmlah v0.4s, v1.4s, v2.4s */
	{0x7e828c20, "asimdrdm", 0}, /* sqrdmlsh s0, s1, s2 */
	{0x6fa2d020, "asimdrdm", 0}, /* sqrdmlah v0.4s, v1.4s, v2.s[1] */
	{0x7fa2f020, "asimdrdm", 0}, /* sqrdmlsh s0, s1, v2.s[1] */
	{0x4e829420, "asimddp", 0},  /* sdot v0.4s, v1.16b, v2.16b */
	{0x6fa2e020, "asimddp", 0},  /* udot v0.4s, v1.16b, v2.4b[1] */
	{0x4e829c20, "i8mm", 0},     /* usdot v0.4s, v1.16b, v2.16b */
	{0x4f22f020, "i8mm", 0},     /* sudot v0.4s, v1.16b, v2.4b[1] */
	{0x4fa2f020, "i8mm", 0},     /* usdot v0.4s, v1.16b, v2.4b[1] */
	{0x4e82a420, "i8mm", 0},     /* smmla v0.4s, v1.16b, v2.16b */
	{0x4e82ac20, "i8mm", 0},     /* usmmla v0.4s, v1.16b, v2.16b */
	{0x6e82a420, "i8mm", 0},     /* ummla v0.4s, v1.16b, v2.16b */
	{0x6e42fc20, "bf16", 0},     /* bfdot v0.4s, v1.8h, v2.8h */
	{0x4f62f020, "bf16", 0},     /* bfdot v0.4s, v1.8h, v2.2h[1] */
	{0x2ec2fc20, "bf16", 0},     /* bfmlalb v0.4s, v1.8h, v2.8h */
	{0x4fd2f020, "bf16", 0},     /* bfmlalt v0.4s, v1.8h, v2.h[1] */
	{0x6e42ec20, "bf16", 0},     /* bfmmla v0.4s, v1.8h, v2.8h */
	{0x6e82cc20, "fcma", 0},     /* fcmla v0.4s, v1.4s, v2.4s, #90 */
	{0x6e82e420, "fcma", 0},     /* fcadd v0.4s, v1.4s, v2.4s, #90 */
	{0x6f823820, "fcma", 0},     /* fcmla v0.4s, v1.4s, v2.s[1], #90 */
	{0x14000002, "", JUMPS},     /* b */
	{0x54000041, "", BRANCHES},  /* b.ne */
	{0xb4000040, "", BRANCHES},  /* cbz */
	{0x37000040, "", BRANCHES},  /* tbnz */
	{0xd61f0200, "", ENDS},      /* br x16 */
	{0xd63f0200, "", CALLS},     /* blr x16 */
	{0xd73f0a11, "", CALLS},     /* blraa x16, x17 */
	{0x80800000, "?SME", 0},     /* fmopa */
	{0x00000000, NULL, 0},       /* udf */
};

static void test_aarch64(void **state)
{
	struct decoded decoded;
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char which[16];
		bool is_known = decode_aarch64((const void *)&words[i].word, 4, 0x1000, &decoded);
		snprintf(which, sizeof which, "%08x", words[i].word);
		check(&decoded, is_known, words[i].needs, words[i].flow, which);
	}
	assert_false(decode_aarch64((const void *)words, 3, 0, &decoded));
}

/* Forwards and backwards, in every form. */
static void test_targets(void **state)
{
	static const uint32_t jumps[][2] = {{0x14000002, 0x1008},
					    {0x97ffffff, 0xffc},
					    {0x54ffffe0, 0xffc},
					    {0x34000041, 0x1008},
					    {0x3707ffe0, 0xffc}};
	struct decoded decoded;
	(void)state;
	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		assert_true(decode_aarch64((const void *)jumps[i], 4, 0x1000, &decoded));
		assert_int_equal(decoded.target, jumps[i][1]);
	}
}

/* Of what a stub jumps to, on a page in front of it and on one behind; of nothing else that looks like one. */
static void test_slots(void **state)
{
	static const uint32_t stub[] = {0xf00000f0, 0xf947e611, 0x913f2210, 0xd61f0220};
	struct decoded decoded;
	uint32_t other[4];
	(void)state;
	assert_true(decode_aarch64((const void *)stub, sizeof stub, 0x1234, &decoded));
	assert_int_equal(decoded.slot, 0x20fc8);
	assert_true(decode_aarch64((const void *)stub, sizeof stub - 1, 0x1234, &decoded));
	assert_int_equal(decoded.slot, 0);
	for (size_t i = 0; i < 4; i++) {
		memcpy(other, stub, sizeof other);
		other[i] ^= 1; /* another register */
		assert_true(decode_aarch64((const void *)other, sizeof other, 0x1234, &decoded));
		assert_int_equal(decoded.slot, 0);
	}
	memcpy(other, stub, sizeof other);
	other[0] = 0xf0fffff0;
	assert_true(decode_aarch64((const void *)other, sizeof other, 0x5678, &decoded));
	assert_int_equal(decoded.slot, 0x4fc8);
}

static const struct {
	unsigned char size, bytes[9];
	const char *needs; /* NULL: not decoded */
	unsigned flow;
} codes[] = {
	{2, {0x89, 0xc3}, "", 0},                                          /* mov %eax,%ebx */
	{4, {0xf3, 0x0f, 0x1e, 0xfa}, "", 0},                              /* endbr64 */
	{4, {0x48, 0x0f, 0x45, 0xd8}, "", 0},                              /* cmovne %rax,%rbx */
	{3, {0x0f, 0x58, 0xc8}, "", 0},                                    /* addps %xmm0,%xmm1 */
	{4, {0xf3, 0x0f, 0xbc, 0xd8}, "", 0},                              /* tzcnt %eax,%ebx */
	{2, {0x0f, 0x0b}, "", ENDS},                                       /* ud2 */
	{2, {0xeb, 0x08}, "", JUMPS},                                      /* jmp */
	{5, {0xe8, 0x0f, 0x00, 0x00, 0x00}, "", LINKS},                    /* call */
	{6, {0xff, 0x15, 0x10, 0x00, 0x00, 0x00}, "", CALLS},              /* call *0x10(%rip) */
	{6, {0xff, 0x25, 0x10, 0x00, 0x00, 0x00}, "", ENDS},               /* jmp *0x10(%rip) */
	{3, {0xff, 0x50, 0x10}, "", CALLS},                                /* call *0x10(%rax) */
	{2, {0x74, 0x03}, "", BRANCHES},                                   /* je */
	{1, {0xc3}, "", ENDS},                                             /* ret */
	{5, {0xf0, 0x48, 0x0f, 0xc7, 0x08}, "cx16", 0},                    /* lock cmpxchg16b (%rax) */
	{1, {0x9f}, "sahf", 0},                                            /* lahf */
	{3, {0x0f, 0x01, 0xd0}, "osxsave", 0},                             /* xgetbv */
	{4, {0xf2, 0x0f, 0xd0, 0xc8}, "sse3", 0},                          /* addsubps %xmm0,%xmm1 */
	{5, {0x66, 0x0f, 0x38, 0x00, 0xc8}, "ssse3", 0},                   /* pshufb %xmm0,%xmm1 */
	{5, {0x66, 0x0f, 0x38, 0x40, 0xc8}, "sse4.1", 0},                  /* pmulld %xmm0,%xmm1 */
	{5, {0x66, 0x0f, 0x38, 0x37, 0xc8}, "sse4.2", 0},                  /* pcmpgtq %xmm0,%xmm1 */
	{5, {0xf2, 0x0f, 0x38, 0xf0, 0xd8}, "sse4.2", 0},                  /* crc32 %al,%ebx */
	{4, {0xf3, 0x0f, 0xb8, 0xd8}, "popcnt", 0},                        /* popcnt %eax,%ebx */
	{5, {0x66, 0x0f, 0x38, 0xdc, 0xc8}, "aes", 0},                     /* aesenc %xmm0,%xmm1 */
	{6, {0x66, 0x0f, 0x3a, 0x44, 0xc8, 0x00}, "pclmulqdq", 0},         /* pclmullqlqdq %xmm0,%xmm1 */
	{5, {0x0f, 0x3a, 0xcc, 0xc8, 0x00}, "sha", 0},                     /* sha1rnds4 $0x0,%xmm0,%xmm1 */
	{5, {0x66, 0x0f, 0x38, 0xcf, 0xc8}, "gfni", 0},                    /* gf2p8mulb %xmm0,%xmm1 */
	{4, {0x0f, 0x38, 0xf0, 0x18}, "movbe", 0},                         /* movbe (%rax),%ebx */
	{5, {0xc4, 0xe2, 0x60, 0xf2, 0xc8}, "bmi1", 0},                    /* andn %eax,%ebx,%ecx */
	{5, {0xc4, 0xe2, 0x79, 0xf7, 0xcb}, "bmi2", 0},                    /* shlx %eax,%ebx,%ecx */
	{4, {0xf3, 0x0f, 0xbd, 0xd8}, "lzcnt", 0},                         /* lzcnt %eax,%ebx */
	{4, {0xc5, 0xf4, 0x58, 0xd0}, "avx", 0},                           /* vaddps %ymm0,%ymm1,%ymm2 */
	{4, {0xc5, 0xf5, 0xfe, 0xd0}, "avx2", 0},                          /* vpaddd %ymm0,%ymm1,%ymm2 */
	{6, {0xc4, 0xe2, 0x7d, 0x92, 0x14, 0x08}, "avx2", 0},              /* vgatherdps %ymm0,(%rax,%ymm1,1),%ymm2 */
	{5, {0xc4, 0xe2, 0x7d, 0x13, 0xc8}, "f16c", 0},                    /* vcvtph2ps %xmm0,%ymm1 */
	{5, {0xc4, 0xe2, 0x75, 0xa8, 0xd0}, "fma", 0},                     /* vfmadd213ps %ymm0,%ymm1,%ymm2 */
	{5, {0xc4, 0xe2, 0x71, 0xdc, 0xd0}, "avx,aes", 0},                 /* vaesenc %xmm0,%xmm1,%xmm2 */
	{5, {0xc4, 0xe2, 0x75, 0xdc, 0xd0}, "vaes", 0},                    /* vaesenc %ymm0,%ymm1,%ymm2 */
	{6, {0xc4, 0xe3, 0x75, 0x44, 0xd0, 0x00}, "vpclmulqdq", 0},        /* vpclmullqlqdq %ymm0,%ymm1,%ymm2 */
	{6, {0x62, 0xf1, 0x74, 0x48, 0x58, 0xd0}, "avx512f", 0},           /* vaddps %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xb1, 0x74, 0x28, 0x58, 0xd0}, "avx512f,avx512vl", 0},  /* vaddps %ymm16,%ymm1,%ymm2 */
	{6, {0x62, 0xb1, 0x76, 0x08, 0x58, 0xd0}, "avx512f", 0},           /* vaddss %xmm16,%xmm1,%xmm2 */
	{4, {0xc5, 0xf8, 0x92, 0xc8}, "avx512f", 0},                       /* kmovw %eax,%k1 */
	{5, {0xc4, 0xe1, 0xfb, 0x92, 0xc8}, "avx512bw", 0},                /* kmovq %rax,%k1 */
	{4, {0xc5, 0xf9, 0x92, 0xc8}, "avx512dq", 0},                      /* kmovb %eax,%k1 */
	{6, {0x62, 0xf1, 0x75, 0x48, 0xfc, 0xd0}, "avx512bw", 0},          /* vpaddb %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xf2, 0xf5, 0x28, 0x40, 0xd0}, "avx512dq,avx512vl", 0}, /* vpmullq %ymm0,%ymm1,%ymm2 */
	{6, {0x62, 0xf2, 0x7d, 0x48, 0xc4, 0xc8}, "avx512cd", 0},          /* vpconflictd %zmm0,%zmm1 */
	{6, {0x62, 0xf2, 0x75, 0x48, 0x8d, 0xd0}, "avx512vbmi", 0},        /* vpermb %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xf2, 0x7d, 0x49, 0x63, 0xc1}, "avx512vbmi2", 0},       /* vpcompressb %zmm0,%zmm1{%k1} */
	{6, {0x62, 0xf2, 0x7d, 0x48, 0x55, 0xc8}, "avx512vpopcntdq", 0},   /* vpopcntd %zmm0,%zmm1 */
	{6, {0x62, 0xf2, 0x7d, 0x48, 0x54, 0xc8}, "avx512bitalg", 0},      /* vpopcntb %zmm0,%zmm1 */
	{6, {0x62, 0xf2, 0xf5, 0x48, 0xb4, 0xd0}, "avx512ifma", 0},        /* vpmadd52luq %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xf2, 0x75, 0x48, 0x50, 0xd0}, "avx512vnni", 0},        /* vpdpbusd %zmm0,%zmm1,%zmm2 */
	{7, {0x62, 0xf3, 0x75, 0x48, 0x44, 0xd0, 0x00}, "avx512f,vpclmulqdq", 0}, /* vpclmullqlqdq %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xf2, 0x76, 0x48, 0x52, 0xd0}, "avx512bf16", 0},               /* vdpbf16ps %zmm0,%zmm1,%zmm2 */
	{6, {0x62, 0xf5, 0x74, 0x48, 0x58, 0xd0}, "avx512fp16", 0},               /* vaddph %zmm0,%zmm1,%zmm2 */
	{3, {0x0f, 0xc7, 0xf0}, "?RDRAND", 0},                                    /* rdrand %eax */
	{6, {0xc7, 0xf8, 0x04, 0x00, 0x00, 0x00}, "?RTM", 0},                     /* xbegin */
	{1, {0x06}, NULL, 0},                                                     /* nothing in 64-bit mode */
	{2, {0x62, 0xf1}, NULL, 0},                                               /* cut off */
};

static void test_x86_64(void **state)
{
	static const unsigned char call[] = {0xe8, 0xfb, 0xff, 0xff, 0xff}, far[] = {0xff, 0x25, 0x10, 0, 0, 0};
	struct decoded decoded;
	(void)state;
	if (why_no_x86_64()) {
		assert_false(decode_x86_64(codes[0].bytes, codes[0].size, 0, &decoded));
		skip();
	}
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		char which[32];
		bool is_known = decode_x86_64(codes[i].bytes, codes[i].size, 0x1000, &decoded);
		snprintf(which, sizeof which, "codes[%zu]", i);
		check(&decoded, is_known, codes[i].needs, codes[i].flow, which);
		if (is_known)
			assert_int_equal(decoded.size, codes[i].size);
	}
	assert_true(decode_x86_64(call, sizeof call, 0x1000, &decoded));
	assert_int_equal(decoded.target, 0x1000);
	assert_int_equal(decoded.slot, 0);
	assert_true(decode_x86_64(far, sizeof far, 0x1000, &decoded));
	assert_int_equal(decoded.slot, 0x1016);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_aarch64), cmocka_unit_test(test_targets),
						  cmocka_unit_test(test_slots), cmocka_unit_test(test_x86_64)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
