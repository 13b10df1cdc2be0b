/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The constants of the canonical exp(-x) (docs/NUMERICS.md), the only place that holds them; scalar and the bodies in
 * backends/shared/ include it. Printed by exp_coefficients.py: change that, not this.
 */
#ifndef BACKENDS_SHARED_EXP_CONSTANTS_H
#define BACKENDS_SHARED_EXP_CONSTANTS_H

#define EXP_LOG2E    0x1.715476p+0f  /* 1 / ln 2 */
#define EXP_ROUND    0x1.8000fep+23f /* ROUND - v, v < 2^22: a whole number, low bits 127 - round(v) */
#define EXP_LN2_HIGH 0x1.62e4p-1f    /* ln 2 in 17 bits: times n < 128 it is exact */
#define EXP_LN2_LOW  0x1.7f7d1cp-20f /* the rest of ln 2 */
#define EXP_C2       0x1.fffffcp-2f  /* of r^2 */
#define EXP_C3       0x1.555492p-3f  /* of r^3 */
#define EXP_C4       0x1.5558f2p-5f  /* of r^4 */
#define EXP_C5       0x1.1239d4p-7f  /* of r^5 */
#define EXP_C6       0x1.6a245ep-10f /* of r^6 */
#define EXP_LAST     0x1.5d589ep+6f  /* the last x with exp(-x) >= 2^-126; behind it the result is +0 */

#endif
