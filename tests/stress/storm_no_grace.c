/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The negative control of storm.c: table.c compiled in without its grace periods.
 */
#define TENON_TEST_NO_GRACE
#include "runtime/table.c"
#include "tests/stress/storm.c"
