# SPDX-License-Identifier: LGPL-2.1-or-later
"""What exp_coefficients.py and log_coefficients.py share: minimax polynomials, rounding to binary32, and printing.

minimax() is the exchange algorithm of Remez in 50-digit arithmetic over a grid of GRID + 1 points. Standard library only.
"""
from decimal import Decimal, getcontext
from fractions import Fraction
from math import cos, pi
from struct import pack, unpack

getcontext().prec = 50
LN2 = Decimal(2).ln()
GRID = 1000


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


class Minimax:
    """fixed(r) + c[low] r^low + ... + c[high] r^high with the least relative error against exact(r), begin <= r <= end."""

    def __init__(self, exact, fixed, low, high, begin, end):
        self.powers = range(low, high + 1)
        self.count = high - low + 1
        points = [begin + (end - begin) * i / GRID for i in range(GRID + 1)]
        self.exact = {r: exact(r) for r in points if r != 0}  # where a relative error may be 0 / 0
        self.grid = list(self.exact)
        self.fixed = fixed

    def error(self, coefficients, r):
        """The error at r relative to the magnitude, since a sign that changes with exact's is no alternation."""
        value = Decimal(0)
        for c in reversed(coefficients):
            value = value * r + c
        return (self.fixed(r) + r ** self.powers[0] * value - self.exact[r]) / abs(self.exact[r])

    def fit(self, points):
        """The coefficients whose error at points alternates between +e and -e."""
        rows = []
        for i, r in enumerate(points):
            row = [r ** power / abs(self.exact[r]) for power in self.powers]
            rows.append(row + [Decimal((-1) ** i), (self.exact[r] - self.fixed(r)) / abs(self.exact[r])])
        return solve(rows)[:self.count]

    def extrema(self, coefficients):
        """Where the error is largest in each of its runs of one sign."""
        runs = []
        for r in self.grid:
            e = self.error(coefficients, r)
            if runs and (runs[-1][1] > 0) == (e > 0):
                runs[-1] = max(runs[-1], (r, e), key=lambda run: abs(run[1]))
            elif e != 0:
                runs.append((r, e))
        while len(runs) > self.count + 1:
            runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
        return [r for r, _ in runs]

    def coefficients(self):
        """Rising powers."""
        last = len(self.grid) - 1
        points = [self.grid[round(last * (1 - cos(pi * i / self.count)) / 2)] for i in range(self.count + 1)]
        for _ in range(50):
            coefficients = self.fit(points)
            better = self.extrema(coefficients)
            assert len(better) == self.count + 1
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
    unit = scale_of(abs(value), bits)
    return round(value / unit) * unit


def below(value, bits=24):
    value = Fraction(value)
    unit = scale_of(value, bits)
    return value // unit * unit


def show(name, value, why):
    """A #define of a constant that binary32 holds exactly."""
    assert nearest(value) == value
    mantissa, exponent = float(value).hex().split("p")
    text = f"{mantissa.rstrip('0')}p{exponent}f"
    print(f"#define {name:13}{text:16}/* {why} */")


def show_bits(name, value, why):
    """A #define of the bits of a constant that binary32 holds exactly."""
    assert nearest(value) == value
    text = hex(unpack("<I", pack("<f", float(value)))[0])
    print(f"#define {name:13}{text:16}/* the bits of {value}: {why} */")


def show_head(name, function):
    print(f"""/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The constants of the canonical {function} (docs/NUMERICS.md), the only place that holds them; scalar and the bodies in
 * backends/shared/ include it. Printed by {name}_coefficients.py: change that, not this.
 */
#ifndef BACKENDS_SHARED_{name.upper()}_CONSTANTS_H
#define BACKENDS_SHARED_{name.upper()}_CONSTANTS_H
""")


def show_foot():
    print("\n#endif")
