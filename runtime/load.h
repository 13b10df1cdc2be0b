/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An image is a loaded backend. load.c maps and negotiates; it knows nothing of tables. Called with the runtime's lock
 * held; never from a kernel call.
 */
#ifndef RUNTIME_LOAD_H
#define RUNTIME_LOAD_H

#include "runtime/find.h"

struct image {
	char name[BACKEND_NAME_SIZE];
	char version[16];
	char path[PATH_MAX];                      /* the installed file; "" for scalar */
	char build_id[65];
	tenon_kernel_fn *function[KERNEL_COUNT];  /* NULL: the kernel inherits scalar */
	uint32_t numeric_class[KERNEL_COUNT];
};

/* The linked-in reference; never unloaded. */
extern const struct image scalar_image;

#endif
