#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Computes the constants of ln(x) and prints backends/shared/log_constants.h (make check compares).

q(f) = C2 + C3 f + ... + C10 f^8 is the minimax approximation of (ln(1 + f) - f) / f^2 for 1 + f from FIRST to 2 FIRST, in
the sense that f + f^2 q(f) has the least relative error against ln(1 + f); each coefficient is then rounded to binary32.
"""
from decimal import Decimal
from fractions import Fraction

from minimax import LN2, Minimax, nearest, show, show_bits, show_foot, show_head

LOW, HIGH = 2, 10  # powers of f, from and to
# Where the errors at both ends weigh the same: at FIRST the result is ln(FIRST) + ln 2 or ln(FIRST) alone.
FIRST = Decimal(11) / 16

high = nearest(LN2, 16)
polynomial = Minimax(lambda f: (1 + f).ln(), lambda f: f, LOW, HIGH, FIRST - 1, 2 * FIRST - 1)
show_head("log", "ln(x)")
show_bits("LOG_FIRST", FIRST, "x is reduced to the binade from here on")
show("LOG_LN2_HIGH", high, "ln 2 in 16 bits: times k, |k| < 256, it is exact")
show("LOG_LN2_LOW", nearest(Fraction(LN2) - high), "the rest of ln 2")
for number, coefficient in enumerate(polynomial.coefficients(), LOW):
    show(f"LOG_C{number}", nearest(coefficient), f"of f^{number}")
show_foot()
