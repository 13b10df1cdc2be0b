/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The C library's functions of one float, in the loop that one would write.
 */
#include <math.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "bench/peers/peers.h"

static bool open_libm(char *message, size_t size)
{
#ifdef __GLIBC__
	snprintf(message, size, "glibc %s", gnu_get_libc_version());
#else
	snprintf(message, size, "the C library");
#endif
	return true;
}

static void run_exp(void *context, size_t times)
{
	const struct tenon_exp_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->e[i] = expf(-a->x[i]);
}

static void run_decay_exponential(void *context, size_t times)
{
	const struct tenon_decay_exponential_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * expf(-(float)a->ages[i] / a->tau);
}

static const struct peer peers[] = {
	{.kernel = "exp", .name = "libm", .run = run_exp, .relative = 3e-7},
	{.kernel = "decay_exponential", .name = "libm", .run = run_decay_exponential, .relative = 1e-6},
};
const struct library library_libm = {"libm", "the C library", open_libm, PEERS(peers)};
