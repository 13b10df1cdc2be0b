/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugins that a fuzzer compares with scalar: all of $TENON_BACKEND_PATH, without the runtime. One that only this CPU
 * cannot run is left out, and said; one that is refused for anything else is a finding, since what it has would go unfuzzed.
 */
#ifndef TESTS_FUZZ_BACKENDS_H
#define TESTS_FUZZ_BACKENDS_H

#include <string.h>

#include "tests/bits/plugins.h"
#include "tests/fuzz/fuzz.h"

typedef void entry_visitor(const char *backend, const struct tenon_backend_kernel *entry);

static inline void visit_entries_of(const struct plugin *plugin, const struct cpu *cpu, entry_visitor *visit)
{
	struct why why;
	for (uint32_t i = 0; i < plugin->backend->kernel_count; i++) {
		const struct tenon_backend_kernel *entry = get_entry(plugin->backend, i);
		if (!check_needs(cpu, entry->needs, &why))
			visit(plugin->name, entry);
	}
}

/* Each entry that this CPU can run. Scalar's is left out: the one that is linked in is what others are compared with. */
static inline void visit_entries(entry_visitor *visit)
{
	static struct plugin plugins[PLUGIN_LIMIT];
	static struct cpu cpu;
	const char *folder = getenv("TENON_BACKEND_PATH");
	probe_cpu(&cpu);
	int count = folder ? open_plugins(folder, &cpu, plugins) : 0;
	for (int i = 0; i < count; i++) {
		const struct plugin *plugin = &plugins[i];
		MUST(!plugin->status || plugin->status == TENON_EUNSUPPORTED, "a backend would go unfuzzed: %s",
		     plugin->why.text);
		if (strcmp(plugin->name, "scalar") == 0)
			continue;
		fprintf(stderr, "# %s %s\n", plugin->status ? "not fuzzed:" : "fuzzing",
			plugin->status ? plugin->why.text : plugin->name);
		if (!plugin->status)
			visit_entries_of(plugin, &cpu, visit);
	}
}

#endif
