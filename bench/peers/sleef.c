/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SLEEF: vector functions of at most 1.0 ulp (u10). It has no exp of 3.5 ulp.
 */
#include "bench/peers/vector.h"

#if defined __x86_64__
static any_fn *exp_16, *exp_8, *pow_16, *pow_8;
static const struct symbol symbols[] = {
	{"Sleef_expf16_u10avx512f", &exp_16},
	{"Sleef_expf8_u10avx2", &exp_8},
	{"Sleef_powf16_u10avx512f", &pow_16},
	{"Sleef_powf8_u10avx2", &pow_8},
};
static const struct peer peers[] = {IF_8(EXP_PEERS("SLEEF u10 avx2", "x86-64-v3", 8, exp_8)) IF_16(
	EXP_PEERS("SLEEF u10 avx512", "x86-64-v4", 16, exp_16)) IF_8(POW_PEERS("SLEEF u10 avx2", "x86-64-v3", 8, pow_8))
					    IF_16(POW_PEERS("SLEEF u10 avx512", "x86-64-v4", 16, pow_16))};
#elif defined __aarch64__
static any_fn *exp_4, *pow_4;
static const struct symbol symbols[] = {
	{"Sleef_expf4_u10advsimd", &exp_4},
	{"Sleef_powf4_u10advsimd", &pow_4},
};
static const struct peer peers[] = {
	EXP_PEERS("SLEEF u10 neon", "asimd", 4, exp_4),
	POW_PEERS("SLEEF u10 neon", "asimd", 4, pow_4),
};
#endif

#if defined __x86_64__ || defined __aarch64__
static bool open_sleef(char *message, size_t size)
{
	return OPEN_LIBRARY(symbols, message, size, "libsleef.so.3", "libsleef.so");
}
const struct library library_sleef = {"SLEEF", "Debian package libsleef3", open_sleef, PEERS(peers)};
#else
const struct library library_sleef = {.name = "SLEEF"};
#endif
