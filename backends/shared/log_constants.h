/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The constants of the canonical ln(x) (docs/NUMERICS.md), the only place that holds them; scalar and the bodies in
 * backends/shared/ include it. Printed by log_coefficients.py: change that, not this.
 */
#ifndef BACKENDS_SHARED_LOG_CONSTANTS_H
#define BACKENDS_SHARED_LOG_CONSTANTS_H

#define LOG_FIRST    0x3f300000      /* the bits of 0.6875: x is reduced to the binade from here on */
#define LOG_LN2_HIGH 0x1.62e4p-1f    /* ln 2 in 16 bits: times k, |k| < 256, it is exact */
#define LOG_LN2_LOW  0x1.7f7d1cp-20f /* the rest of ln 2 */
#define LOG_C2       -0x1.fffffcp-2f /* of f^2 */
#define LOG_C3       0x1.555516p-2f  /* of f^3 */
#define LOG_C4       -0x1.000278p-2f /* of f^4 */
#define LOG_C5       0x1.99c52cp-3f  /* of f^5 */
#define LOG_C6       -0x1.54a9a2p-3f /* of f^6 */
#define LOG_C7       0x1.1fce2p-3f   /* of f^7 */
#define LOG_C8       -0x1.07279cp-3f /* of f^8 */
#define LOG_C9       0x1.185226p-3f  /* of f^9 */
#define LOG_C10      -0x1.9173f4p-4f /* of f^10 */

#endif
