/* SPDX-License-Identifier: 0BSD
 *
 * The kernels of this backend. To add one: its function here, its file in the build's list of sources, its line in
 * backend.@EXT@. What it must compute, bit by bit, is in Tenon's docs/NUMERICS.md, its arguments in <tenon/kernels.def>.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <tenon/backend.h>

tenon_kernel_fn kernel_inner_product;

#endif
