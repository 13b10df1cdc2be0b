/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening what is examined, without the runtime's own self-tests: tests want to see how a wrong kernel is wrong. No state.
 */
#include "tests/conform/subject.h"

#include <dlfcn.h>

#include "build.h"

static int check_descriptor(const char *path, const struct tenon_backend *backend, struct why *why)
{
	if (!backend)
		return explain(why, TENON_EREFUSED, "%s: tenon_backend_entry() declined this host", path);
	if (backend->magic != TENON_BACKEND_MAGIC || backend->size < sizeof *backend ||
	    backend->kernel_size < sizeof(struct tenon_backend_kernel))
		return explain(why, TENON_EREFUSED,
			       "%s: its descriptor has magic %#x, size %u, kernel_size %u; rebuild it "
			       "with this host's <tenon/backend.h>",
			       path, backend->magic, backend->size, backend->kernel_size);
	if (backend->abi_min > TENON_ABI_CURRENT || backend->abi_max < TENON_ABI_OLDEST)
		return explain(why, TENON_EREFUSED, "%s: speaks ABI %#x to %#x, this host %#x to %#x", path,
			       backend->abi_min, backend->abi_max, TENON_ABI_OLDEST, TENON_ABI_CURRENT);
	if (backend->kernel_count && !backend->kernels)
		return explain(why, TENON_EREFUSED, "%s: its descriptor has %u kernels at NULL", path,
			       backend->kernel_count);
	return 0;
}

int open_subject(const char *path, struct subject *out, struct why *why)
{
	static const struct tenon_services services = {sizeof services, TENON_ABI_OLDEST, TENON_ABI_CURRENT, 0,
						       PACKAGE_VERSION};
	*out = (struct subject){NULL, NULL};
	if (!*path)
		return 0;
	out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!out->handle)
		return explain(why, TENON_EREFUSED, "%s: cannot be mapped: %s", path, dlerror());
	tenon_backend_entry_fn *entry = NULL;
	*(void **)&entry = dlsym(out->handle, "tenon_backend_entry");
	if (!entry)
		return explain(why, TENON_EREFUSED, "%s: exports no tenon_backend_entry", path);
	out->backend = entry(&services);
	return check_descriptor(path, out->backend, why);
}
