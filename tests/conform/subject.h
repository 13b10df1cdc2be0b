/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is examined: a backend file, or the linked-in scalar. Vetting happens in the parent, which runs none of it;
 * open_subject() in the child, which may not survive it, and in other tests that call plugins without the runtime.
 */
#ifndef CONFORM_SUBJECT_H
#define CONFORM_SUBJECT_H

#include <tenon/backend.h>

#include "runtime/why.h"

/* What was opened; it stays open. */
struct subject {
	void *handle;                        /* of dlopen() */
	const struct tenon_backend *backend; /* its descriptor; NULL for the linked-in scalar */
};

/* path: "" for the linked-in scalar. 0, or a status with why. */
int open_subject(const char *path, struct subject *out, struct why *why);

/* Entry i of a backend, whose entries may be longer than those that we know. */
static inline const struct tenon_backend_kernel *get_entry(const struct tenon_backend *backend, uint32_t i)
{
	return (const void *)((const char *)backend->kernels + (size_t)i * backend->kernel_size);
}

#endif
