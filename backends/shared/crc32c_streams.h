/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CRC-32C with a CPU's own instruction, which takes three cycles but can begin every cycle: three streams at once, which
 * are then shifted to their places (Gopal and others). For files whose flags allow the instruction. A state is the checksum
 * with all bits inverted. Pure.
 */
#ifndef BACKENDS_SHARED_CRC32C_STREAMS_H
#define BACKENDS_SHARED_CRC32C_STREAMS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backends/shared/crc32c_shifts.h"

/* A state has 64 bits, or gcc would clear the upper half again after each instruction, in the chain of them. */
#ifdef __SSE4_2__
#include <immintrin.h>
static inline uint64_t add_word(uint64_t state, uint64_t word)
{
	return _mm_crc32_u64(state, word);
}
static inline uint64_t add_byte(uint64_t state, unsigned char byte)
{
	return _mm_crc32_u8((uint32_t)state, byte);
}
#else
#include <arm_acle.h>
static inline uint64_t add_word(uint64_t state, uint64_t word)
{
	return __crc32cd((uint32_t)state, word);
}
static inline uint64_t add_byte(uint64_t state, unsigned char byte)
{
	return __crc32cb((uint32_t)state, byte);
}
#endif

static inline uint64_t load_word(const unsigned char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

static inline uint64_t add_bytes(uint64_t state, const unsigned char *p, size_t size)
{
	for (; size >= 8; size -= 8, p += 8)
		state = add_word(state, load_word(p));
	for (; size; size--, p++)
		state = add_byte(state, *p);
	return state;
}

/*
 * The product of two polynomials, for a state and one of crc32c_shift[]: add_word(0, product) is the state behind that
 * many zeros. Shifts and sums, for the CPU that does not have this as an instruction.
 */
static inline uint64_t multiply_slowly(uint64_t a, uint64_t b)
{
	uint64_t product = 0;
	for (int i = 0; i < 32; i++)
		product ^= (b & (0 - (a >> i & 1))) << i;
	return product;
}

enum {
	STREAM_LEAST = 256 / CRC32C_UNIT, /* in units; below, the products cost more than they win */
	STREAM_MOST = CRC32C_SHIFTS / 2,
};

/* Three streams of n units, one behind the other. */
static inline uint64_t add_streams(uint64_t a, const unsigned char *p, size_t n)
{
	const size_t length = CRC32C_UNIT * n;
	uint64_t b = 0, c = 0;
	for (size_t i = 0; i < length; i += 8) {
		a = add_word(a, load_word(p + i));
		b = add_word(b, load_word(p + length + i));
		c = add_word(c, load_word(p + 2 * length + i));
	}
	return add_word(0, multiply_slowly(a, crc32c_shift[2 * n]) ^ multiply_slowly(b, crc32c_shift[n])) ^ c;
}

static inline uint32_t update_with_streams(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t state = (uint32_t)~crc;
	for (size_t n; (n = size / (3 * CRC32C_UNIT)) >= STREAM_LEAST;) {
		n = n < STREAM_MOST ? n : STREAM_MOST;
		state = add_streams(state, p, n);
		size -= 3 * CRC32C_UNIT * n;
		p += 3 * CRC32C_UNIT * n;
	}
	return (uint32_t)~add_bytes(state, p, size);
}

#endif
