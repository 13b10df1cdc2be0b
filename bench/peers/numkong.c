/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * NumKong's headers, inside the npm package usearch, which tools/fetch-peers builds once for each ISA.
 */
#include "bench/peers/rows.h"

ROWS_LIBRARY(numkong_haswell, "NumKong haswell", "x86-64-v3", "numkong-haswell",
	     "npm package usearch: tools/fetch-peers");
ROWS_LIBRARY(numkong_skylake, "NumKong skylake", "x86-64-v4", "numkong-skylake",
	     "npm package usearch: tools/fetch-peers");
ROWS_LIBRARY(numkong_neon, "NumKong neon", "asimd", "numkong-neon", "npm package usearch: tools/fetch-peers");
