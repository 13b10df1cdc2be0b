#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Computes the constants of exp(-x) and prints backends/shared/exp_constants.h (make check compares).

q(r) = C2 + C3 r + ... + C6 r^4 is the minimax approximation of (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2, in the sense
that 1 + r + r^2 q(r) has the least relative error against e^r; each coefficient is then rounded to binary32.
"""
from fractions import Fraction

from minimax import LN2, Minimax, below, nearest, show, show_foot, show_head

LOW, HIGH = 2, 6  # powers of r, from and to

high = nearest(LN2, 17)
polynomial = Minimax(lambda r: r.exp(), lambda r: 1 + r, LOW, HIGH, -LN2 / 2, LN2 / 2)
show_head("exp", "exp(-x)")
show("EXP_LOG2E", nearest(1 / LN2), "1 / ln 2")
show("EXP_ROUND", Fraction(3 * 2 ** 22 + 127), "ROUND - v, v < 2^22: a whole number, low bits 127 - round(v)")
show("EXP_LN2_HIGH", high, "ln 2 in 17 bits: times n < 128 it is exact")
show("EXP_LN2_LOW", nearest(Fraction(LN2) - high), "the rest of ln 2")
for number, coefficient in enumerate(polynomial.coefficients(), LOW):
    show(f"EXP_C{number}", nearest(coefficient), f"of r^{number}")
show("EXP_LAST", below(126 * LN2), "the last x with exp(-x) >= 2^-126; behind it the result is +0")
show_foot()
