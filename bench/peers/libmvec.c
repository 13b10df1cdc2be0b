/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libmvec: glibc's vector functions of at most 4 ulp, under the names that compilers call; on x86-64 alone.
 */
#include "bench/peers/vector.h"

#if defined __x86_64__ && defined __GLIBC__
#include <gnu/libc-version.h>
#include <stdio.h>

static any_fn *exp_16, *exp_8, *pow_16, *pow_8;
static const struct symbol symbols[] = {
	{"_ZGVeN16v_expf", &exp_16},
	{"_ZGVdN8v_expf", &exp_8},
	{"_ZGVeN16vv_powf", &pow_16},
	{"_ZGVdN8vv_powf", &pow_8},
};
static const struct peer peers[] = {IF_8(EXP_PEERS("libmvec avx2", "x86-64-v3", 8, exp_8)) IF_16(
	EXP_PEERS("libmvec avx512", "x86-64-v4", 16, exp_16)) IF_8(POW_PEERS("libmvec avx2", "x86-64-v3", 8, pow_8))
					    IF_16(POW_PEERS("libmvec avx512", "x86-64-v4", 16, pow_16))};

static bool open_libmvec(char *message, size_t size)
{
	if (!OPEN_LIBRARY(symbols, message, size, "libmvec.so.1"))
		return false;
	snprintf(message, size, "glibc %s", gnu_get_libc_version());
	return true;
}
const struct library library_libmvec = {"libmvec", "Debian package libc6", open_libmvec, PEERS(peers)};
#else
const struct library library_libmvec = {.name = "libmvec"};
#endif
