/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decay family on avx512. Pure.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/binding_body.h"
#include "backends/shared/decay_body.h"

int avx512_decay_exponential(const void *args, void *scratch)
{
	(void)scratch;
	return decay_exponential_body(args);
}

int avx512_decay_power_law(const void *args, void *scratch)
{
	(void)scratch;
	return decay_power_law_body(args);
}

int avx512_decay_two_component(const void *args, void *scratch)
{
	(void)scratch;
	return decay_two_component_body(args);
}

int avx512_binding_decay(const void *args, void *scratch)
{
	(void)scratch;
	return binding_decay_body(args);
}
