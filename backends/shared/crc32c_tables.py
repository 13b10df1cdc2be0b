#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the constants of CRC-32C (docs/NUMERICS.md); make check compares.

    crc32c_tables.py bytes    backends/scalar/crc32c_table.h
    crc32c_tables.py shifts   backends/shared/crc32c_shifts.h

Polynomials over GF(2) are 32-bit words with the coefficient of x^31 in bit 0, as the checksum has them. Standard library
only.
"""
import sys

POLYNOMIAL = 0x82F63B78  # x^32 + 0x1EDC6F41
UNIT, SHIFTS = 40, 160  # bytes that a stream takes at once, and how many of them a block may be shifted by
FOLD = 256  # bytes that vectors fold by at most


def times_x(word):
    return word >> 1 ^ (POLYNOMIAL if word & 1 else 0)


def over_x(word):
    return (word ^ POLYNOMIAL) << 1 | 1 if word >> 31 else word << 1


def power(exponent):
    """x^exponent mod the polynomial, which is prime to x, so that negative ones exist."""
    word = 1 << 31
    for _ in range(abs(exponent)):
        word = times_x(word) if exponent > 0 else over_x(word)
    return word


def shift(size):
    """What shifts by so many bytes."""
    return power(8 * size - 33)


def remainder(byte, zeros):
    """What a byte leaves behind when `zeros` bytes of zero follow it."""
    for _ in range(8 * (zeros + 1)):
        byte = times_x(byte)
    return byte


def show(words):
    for i in range(0, len(words), 8):
        print("\t" + " ".join(f"0x{word:08x}," for word in words[i:i + 8]))


def opening(what, guard):
    print(f"""/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * {what}
 * Printed by backends/shared/crc32c_tables.py: change that, not this.
 */
#ifndef {guard}
#define {guard}

#include <stdint.h>
""")


def print_bytes():
    opening("CRC-32C of one byte, by how many bytes of zero follow it.", "BACKENDS_SCALAR_CRC32C_TABLE_H")
    print("static const uint32_t crc32c_table[8][256] = {{")
    for zeros in range(8):
        if zeros:
            print("}, {")
        show([remainder(byte, zeros) for byte in range(256)])
    print("}};\n\n#endif")


def print_shifts():
    opening("What shifts by n bytes, x^(8n - 33): see docs/NUMERICS.md.", "BACKENDS_SHARED_CRC32C_SHIFTS_H")
    print("/* By CRC32C_UNIT * i bytes; there is none for 0. */")
    print(f"#define CRC32C_UNIT {UNIT}\n#define CRC32C_SHIFTS {SHIFTS}")
    print("static const uint32_t crc32c_shift[CRC32C_SHIFTS + 1] = {\n\t0x00000000,")
    show([shift(UNIT * i) for i in range(1, SHIFTS + 1)])
    print("};\n\n/* Of each half of 16 bytes, by CRC32C_FOLD bytes, by 16 less, and so on to 0. */")
    print(f"#define CRC32C_FOLD {FOLD}")
    print("static const uint64_t crc32c_fold[CRC32C_FOLD / 8 + 2] = {")
    show([shift(size + half) for size in range(FOLD, -1, -16) for half in (8, 0)])
    print("};\n\n#endif")


if sys.argv[1:] == ["bytes"]:
    print_bytes()
elif sys.argv[1:] == ["shifts"]:
    print_shifts()
else:
    sys.exit("usage: crc32c_tables.py bytes|shifts")
