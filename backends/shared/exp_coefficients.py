#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Computes the constants of exp(-x) and prints backends/shared/exp_constants.h (make check compares).

q(r) = C2 + C3 r + ... + C6 r^4 is the minimax approximation of (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2, in the sense
that 1 + r + r^2 q(r) has the least relative error against e^r, found by the exchange algorithm of Remez in 50-digit
arithmetic over a grid of GRID + 1 points; each coefficient is then rounded to binary32. Standard library only.
"""
from decimal import Decimal, getcontext
from fractions import Fraction
from math import cos, pi

getcontext().prec = 50
LN2 = Decimal(2).ln()
LOW, HIGH, GRID = 2, 6, 1000  # powers of r, from and to
COUNT = HIGH - LOW + 1


def solve(rows):
    """Gauss-Jordan elimination of an augmented matrix."""
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(size):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i])]
    return [row[size] for row in rows]


def error(coefficients, r):
    """Relative error of 1 + r + r^2 q(r) against e^r."""
    q = Decimal(0)
    for c in reversed(coefficients):
        q = q * r + c
    return (1 + r + r * r * q) / r.exp() - 1


def fit(points):
    """The coefficients whose error at points alternates between +e and -e."""
    rows = []
    for i, r in enumerate(points):
        row = [r ** power / r.exp() for power in range(LOW, HIGH + 1)]
        rows.append(row + [Decimal((-1) ** i), 1 - (1 + r) / r.exp()])
    return solve(rows)[:COUNT]


def extrema(coefficients):
    """Where the error is largest in each of its runs of one sign, over the grid."""
    runs = []
    for i in range(GRID + 1):
        r = LN2 * (2 * i - GRID) / (2 * GRID)
        e = error(coefficients, r)
        if runs and (runs[-1][1] > 0) == (e > 0):
            runs[-1] = max(runs[-1], (r, e), key=lambda run: abs(run[1]))
        elif e != 0:
            runs.append((r, e))
    while len(runs) > COUNT + 1:
        runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
    return [r for r, _ in runs]


def minimax():
    points = [-LN2 / 2 * Decimal(cos(pi * (i + 0.25) / (COUNT + 0.5))) for i in range(COUNT + 1)]
    for _ in range(50):
        coefficients = fit(points)
        better = extrema(coefficients)
        assert len(better) == COUNT + 1
        if better == points:
            return coefficients
        points = better
    raise ArithmeticError("the exchange does not settle")


def scale_of(value, bits):
    """The unit in the last place of a positive value that is held in so many bits."""
    unit = Fraction(1)
    while value / unit >= 2 ** bits:
        unit *= 2
    while value / unit < 2 ** (bits - 1):
        unit /= 2
    return unit


def nearest(value, bits=24):
    value = Fraction(value)
    unit = scale_of(value, bits)
    return round(value / unit) * unit


def below(value, bits=24):
    value = Fraction(value)
    unit = scale_of(value, bits)
    return value // unit * unit


def show(name, value, why):
    assert nearest(value) == value
    mantissa, exponent = float(value).hex().split("p")
    text = f"{mantissa.rstrip('0')}p{exponent}f"
    print(f"#define {'EXP_' + name:13}{text:16}/* {why} */")


high = nearest(LN2, 17)
print("""/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The constants of the canonical exp(-x) (docs/NUMERICS.md), the only place that holds them; scalar and the bodies in
 * backends/shared/ include it. Printed by exp_coefficients.py: change that, not this.
 */
#ifndef BACKENDS_SHARED_EXP_CONSTANTS_H
#define BACKENDS_SHARED_EXP_CONSTANTS_H
""")
show("LOG2E", nearest(1 / LN2), "1 / ln 2")
show("ROUND", Fraction(3 * 2 ** 22 + 127), "ROUND - v, v < 2^22: a whole number, low bits 127 - round(v)")
show("LN2_HIGH", high, "ln 2 in 17 bits: times n < 128 it is exact")
show("LN2_LOW", nearest(Fraction(LN2) - high), "the rest of ln 2")
for number, coefficient in enumerate(minimax(), LOW):
    show(f"C{number}", nearest(coefficient), f"of r^{number}")
show("LAST", below(126 * LN2), "the last x with exp(-x) >= 2^-126; behind it the result is +0")
print("\n#endif")
