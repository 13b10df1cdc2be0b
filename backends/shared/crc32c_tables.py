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
SHIFTS = 128


def times_x(word):
    return word >> 1 ^ (POLYNOMIAL if word & 1 else 0)


def power(exponent):
    """x^exponent mod the polynomial."""
    word = 1 << 31
    for _ in range(exponent):
        word = times_x(word)
    return word


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
    opening("For shifts by whole bytes: x^(8n - 33), as docs/NUMERICS.md says.", "BACKENDS_SHARED_CRC32C_SHIFTS_H")
    print("/* What shifts by n bytes. */")
    for n in [16, 24, 32, 40, 48, 56, 64, 72, 128, 136, 256, 264]:
        print(f"#define CRC32C_SHIFT_{n:<5}UINT32_C(0x{power(8 * n - 33):08x})")
    print(f"\n/* What shifts by 32 * i bytes; there is none for 0. */\n#define CRC32C_SHIFTS {SHIFTS}")
    print("static const uint32_t crc32c_shift[CRC32C_SHIFTS + 1] = {\n\t0x00000000,")
    show([power(8 * 32 * i - 33) for i in range(1, SHIFTS + 1)])
    print("};\n\n#endif")


if sys.argv[1:] == ["bytes"]:
    print_bytes()
elif sys.argv[1:] == ["shifts"]:
    print_shifts()
else:
    sys.exit("usage: crc32c_tables.py bytes|shifts")
