/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SimSIMD's headers, of the npm package simsimd, which tools/fetch-peers builds once for each ISA.
 */
#include "bench/peers/rows.h"

ROWS_LIBRARY(simsimd_haswell, "SimSIMD haswell", "x86-64-v3", "simsimd-haswell",
	     "npm package simsimd: tools/fetch-peers");
ROWS_LIBRARY(simsimd_skylake, "SimSIMD skylake", "x86-64-v4", "simsimd-skylake",
	     "npm package simsimd: tools/fetch-peers");
ROWS_LIBRARY(simsimd_neon, "SimSIMD neon", "asimd", "simsimd-neon", "npm package simsimd: tools/fetch-peers");
