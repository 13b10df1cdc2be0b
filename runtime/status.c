/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the runtime says of itself. Any thread, also while a swap is under way, also in a forked child.
 */
#include "build.h"

#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/load.h"
#include "runtime/public.h"
#include "runtime/publish.h"
#include "runtime/retire.h"
#include "runtime/runtime.h"
#include "runtime/swap.h"
#include "runtime/table.h"
#include "runtime/thread.h"

TENON_PUBLIC const char *tenon_version(void)
{
	return PACKAGE_VERSION;
}

static void report_table(struct tenon_status_info *info)
{
	bool section;
	const struct table *table = enter_table(&section);
	info->generation = table->generation;
	snprintf(info->backend, sizeof info->backend, "%s", table->selected ? table->selected->name : "mixed");
	snprintf(info->build_id, sizeof info->build_id, "%s", table->selected ? table->selected->build_id : "");
	leave_table(section);
}

TENON_PUBLIC int tenon_status_get(struct tenon_status_info *info)
{
	struct why why;
	if (!info) {
		explain(&why, TENON_EINVAL, "tenon_status_get: info is NULL");
		return report_failure(&why);
	}
	memset(info, 0, sizeof *info);
	report_table(info);
	report_runtime(info);
	report_retirement(info);
	info->swaps = count_swaps();
	info->rollbacks = count_rollbacks();
	info->pinned = is_pinned();
	return TENON_OK;
}

TENON_PUBLIC int tenon_kernel_backend(uint32_t kernel, char *name, size_t size)
{
	struct why why;
	bool section;
	int index = find_kernel_id(kernel);
	if (index < 0 || !name || size == 0) {
		explain(&why, TENON_EINVAL,
			index < 0 ? "tenon_kernel_backend: no kernel has id %u; see <tenon/kernels.def>"
				  : "tenon_kernel_backend: no room for the name of kernel %u's backend",
			kernel);
		return report_failure(&why);
	}
	const struct table *table = enter_table(&section);
	snprintf(name, size, "%s", table->image[index]->name);
	leave_table(section);
	return TENON_OK;
}
