/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scalar reference as a plugin, built of the same sources that are linked into the runtime, so that the plugin path
 * can be tested against itself. Linked into the runtime this file is empty.
 */
#include "backends/scalar/scalar.h"

#include "build.h"

#ifdef TENON_PLUGIN
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) TENON_BACKEND_KERNEL(name, TENON_EXACT, "", scalar_##name),
static const struct tenon_backend_kernel scalar_kernels[] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

TENON_BACKEND("scalar", PACKAGE_VERSION, "Tenon", "", "", scalar_kernels)
#else
extern int scalar_is_linked_in;
#endif
