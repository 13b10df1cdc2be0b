/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which inner_product the turncoat betrays: by shape, and by the first value of the query. Its victims are the host of
 * the tests and the soak.
 */
#ifndef TESTS_TURNCOAT_H
#define TESTS_TURNCOAT_H

#define BETRAYED_DIM 100
#define BETRAYED_COUNT 16
#define BETRAYED_FIRST (-1.0f)

#endif
