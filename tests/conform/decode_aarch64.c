/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A64 instructions by bit patterns: the groups that need more than the Armv8.0 baseline with ASIMD, from the encoding
 * index of the Arm Architecture Reference Manual. Immutable.
 */
#include "tests/conform/decode.h"

#include <stdio.h>
#include <string.h>

struct pattern {
	uint32_t mask, bits;
	const char *needs; /* "" where a baseline instruction lies within a later pattern */
};

/* The first that fits decides. */
static const struct pattern patterns[] = {
	{0x9e000000, 0x80000000, "?SME"},
	{0x1e000000, 0x04000000, "sve"},
	/* data processing */
	{0x7fe0e000, 0x1ac04000, "crc32"},
	/* loads and stores: compare and swap, atomic operations */
	{0x3fa07c00, 0x08a07c00, "atomics"},
	{0xbfa07c00, 0x08207c00, "atomics"},
	{0x3f200c00, 0x38200000, "atomics"},
	/* cryptography */
	{0xffffcc00, 0x4e284800, "aes"},
	{0xbfe0fc00, 0x0ee0e000, "pmull"},
	{0xffe0cc00, 0x5e000000, "sha1"},
	{0xffe08c00, 0x5e000000, "sha2"},
	{0xffffec00, 0x5e280800, "sha1"},
	{0xfffffc00, 0x5e282800, "sha2"},
	{0xffe0fc00, 0xce608c00, "sha3"},
	{0xffe0f000, 0xce608000, "sha512"},
	{0xfffffc00, 0xcec08000, "sha512"},
	{0xffc08000, 0xce000000, "sha3"},
	{0xffe00000, 0xce800000, "sha3"},
	{0xff000000, 0xce000000, "?SM3 or SM4"},
	/* half precision: conversions alone are of the baseline */
	{0xffff7c00, 0x1ee24000, ""},
	{0x7fe00000, 0x1ee00000, "fphp"},
	{0x7fe00000, 0x1ec00000, "fphp"},
	{0xffc00000, 0x1fc00000, "fphp"},
	{0xdf60c400, 0x5e400400, "asimdhp"},
	{0x9f60c400, 0x0e400400, "asimdhp"},
	{0xdf7e0c00, 0x5e780800, "asimdhp"},
	{0x9f7e0c00, 0x0e780800, "asimdhp"},
	{0xbf7fcc00, 0x0e30c800, "asimdhp"},
	{0xff7fcc00, 0x5e30c800, "asimdhp"},
	{0xbff8fc00, 0x0f00fc00, "asimdhp"},
	{0xbfc0b400, 0x0f001000, "asimdhp"},
	{0xffc0b400, 0x5f001000, "asimdhp"},
	{0x9fc0f400, 0x0f009000, "asimdhp"},
	{0xdfc0f400, 0x5f009000, "asimdhp"},
	{0xbf60fc00, 0x0e20ec00, "asimdfhm"},
	{0xbf60fc00, 0x2e20cc00, "asimdfhm"},
	{0xbfc0b400, 0x0f800000, "asimdfhm"},
	{0xbfc0b400, 0x2f808000, "asimdfhm"},
	/* brain floats */
	{0xfffffc00, 0x1e634000, "bf16"},
	{0xbffffc00, 0x0ea16800, "bf16"},
	/* three registers, extra; bits 14 to 11 are the operation */
	{0xbf20f400, 0x2e008400, "asimdrdm"},
	{0xff20f400, 0x7e008400, "asimdrdm"},
	{0x9f20fc00, 0x0e009400, "asimddp"},
	{0xbf20fc00, 0x0e009c00, "i8mm"},
	{0xbfe0fc00, 0x2e40ec00, "bf16"},
	{0xbf60fc00, 0x2e40fc00, "bf16"},
	{0x9f20f400, 0x0e00a400, "i8mm"},
	{0xbf20e400, 0x2e00c400, "fcma"},
	{0xbf20ec00, 0x2e00e400, "fcma"},
	/* by element */
	{0x9fc0f400, 0x0f80e000, "asimddp"},
	{0xbf40f400, 0x0f00f000, "i8mm"},
	{0xbf40f400, 0x0f40f000, "bf16"},
	{0xbf00d400, 0x2f00d000, "asimdrdm"},
	{0xff00d400, 0x7f00d000, "asimdrdm"},
	{0xbf009400, 0x2f001000, "fcma"},
};

/* Groups that are not allocated: bits 28 to 25. */
static bool is_unallocated(uint32_t word)
{
	uint32_t group = word >> 25 & 15;
	return group == 1 || group == 3 || (group == 0 && !(word >> 31));
}

static uint64_t add_words(uint64_t address, uint32_t word, unsigned low, unsigned bits)
{
	uint64_t field = word >> low & ((UINT32_C(1) << bits) - 1), sign = UINT64_C(1) << (bits - 1);
	return address + 4 * ((field ^ sign) - sign);
}

static void find_target(uint32_t word, uint64_t address, struct decoded *decoded)
{
	decoded->has_target = true;
	if ((word & 0x7c000000) == 0x14000000) /* b, bl */
		decoded->target = add_words(address, word, 0, 26);
	else if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000) /* b.cond, cbz, cbnz */
		decoded->target = add_words(address, word, 5, 19);
	else if ((word & 0x7e000000) == 0x36000000) /* tbz, tbnz */
		decoded->target = add_words(address, word, 5, 14);
	else
		decoded->has_target = false;
}

/* Of adrp x16; ldr x17, [x16, #low]; add x16, x16, #low; br x17, which is how linkers write a stub: what is loaded. */
static uint64_t find_slot(const unsigned char *bytes, size_t size, uint64_t address)
{
	uint32_t stub[4];
	if (size < sizeof stub)
		return 0;
	memcpy(stub, bytes, sizeof stub);
	if ((stub[0] & 0x9f00001f) != 0x90000010 || (stub[1] & 0xffc003ff) != 0xf9400211 ||
	    (stub[2] & 0xffc003ff) != 0x91000210 || stub[3] != 0xd61f0220)
		return 0;
	uint64_t pages = add_words(stub[0] >> 29 & 3, stub[0], 5, 19), low = 8 * (stub[1] >> 10 & 0xfff);
	return (address & ~UINT64_C(0xfff)) + (pages << 12) + low;
}

bool decode_aarch64(const unsigned char *bytes, size_t size, uint64_t address, struct decoded *decoded)
{
	uint32_t word;
	if (size < sizeof word)
		return false;
	memcpy(&word, bytes, sizeof word);
	if (is_unallocated(word))
		return false;
	*decoded = (struct decoded){.size = 4, .needs = ""};
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		if ((word & patterns[i].mask) == patterns[i].bits) {
			decoded->needs = patterns[i].needs;
			break;
		}
	/* by register: br, ret and their like, or blr and blraa; else b, or bl */
	bool by_register = (word & 0xfe000000) == 0xd6000000;
	decoded->calls = by_register ? (word >> 21 & 7) == 1 : (word & 0xfc000000) == 0x94000000;
	decoded->ends = by_register ? !decoded->calls : (word & 0xfc000000) == 0x14000000;
	decoded->slot = find_slot(bytes, size, address);
	find_target(word, address, decoded);
	if (*decoded->needs)
		snprintf(decoded->name, sizeof decoded->name, "%08x", word);
	return true;
}
