/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hooked plugin: its inner_product calls a function of the test when it is handed a marked query, so that a test
 * can stand inside a kernel and sleep, jump or die there.
 */
#ifndef TESTS_HOOKED_H
#define TESTS_HOOKED_H

#include <string.h>
#include <tenon/tenon.h>

#define HOOKED_MARK_0 0x7fc0de57u /* NaNs with payloads that no other test uses */
#define HOOKED_MARK_1 0x7fc0c0deu

typedef void hooked_fn(void *argument);

/* Calls tenon_inner_product() so that, if the hooked plugin serves, function(argument) runs inside the kernel. */
static inline int call_hooked(hooked_fn *function, void *argument)
{
	const uint32_t marks[2] = {HOOKED_MARK_0, HOOKED_MARK_1};
	float query[2], rows[4] = {0}, score;
	memcpy(query, marks, sizeof query);
	memcpy(rows, &function, sizeof function);
	memcpy(rows + 2, &argument, sizeof argument);
	const struct tenon_inner_product_args args = {query, rows, 1, 2, 4, &score};
	return tenon_inner_product(&args);
}

#endif
