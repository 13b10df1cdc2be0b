/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bit-identity test: runs every kernel of the linked-in scalar and of each plugin in a folder over the same cases
 * and demands the same hash, and the hash of golden.txt. Plugins are opened directly, without the runtime. One thread.
 *
 *     bits [--record] [--golden FILE] [FOLDER]
 *
 * Without arguments it takes FOLDER from TENON_BACKEND_PATH and FILE from $top_srcdir/tests/bits/golden.txt. --record
 * rewrites FILE when all backends agree.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/kernels.h"
#include "tests/bits/bits.h"
#include "tests/bits/plugins.h"

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) bits_##name,
static void (*const run_bits[KERNEL_COUNT])(tenon_kernel_fn *function, struct bits *bits) = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

static struct {
	struct cpu cpu;
	struct plugin plugins[PLUGIN_LIMIT];
	size_t plugin_count;
	uint64_t golden[KERNEL_COUNT], golden_cases[KERNEL_COUNT];
	int tests, failures;
} run;

static void result(int ok, const char *text, const char *remark)
{
	printf("%sok %d - %s%s\n", ok ? "" : "not ", ++run.tests, text, remark);
	run.failures += !ok;
}

/* ---- Plugins ----------------------------------------------------------------------------------------------------- */

static void find_plugins(const char *folder)
{
	char text[sizeof(struct why) + 128];
	int count = open_plugins(folder, &run.cpu, run.plugins);
	if (count < 0)
		result(0, "read the folder of plugins: ", folder ? folder : "TENON_BACKEND_PATH is not set");
	for (int i = 0; i < count; i++) {
		const struct plugin *plugin = &run.plugins[i];
		if (!plugin->status)
			continue;
		snprintf(text, sizeof text, "%s # SKIP %s", plugin->name, plugin->why.text);
		result(plugin->status == TENON_EUNSUPPORTED, text, "");
	}
	run.plugin_count = count < 0 ? 0 : (size_t)count;
}

/* ---- Golden hashes ----------------------------------------------------------------------------------------------- */

static void read_golden(const char *path)
{
	char kernel[64];
	uint64_t cases, hash;
	FILE *file = fopen(path, "r");
	if (!file)
		return;
	while (fscanf(file, "%63s %" SCNu64 " %" SCNx64, kernel, &cases, &hash) == 3) {
		int k = find_kernel_name(kernel);
		if (k >= 0) {
			run.golden[k] = hash;
			run.golden_cases[k] = cases;
		}
	}
	fclose(file);
}

static int write_golden(const char *path)
{
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	for (int k = 0; k < KERNEL_COUNT; k++)
		fprintf(file, "%s %" PRIu64 " %016" PRIx64 "\n", kernels[k].name, run.golden_cases[k], run.golden[k]);
	return fclose(file);
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

static void report_line(const char *kernel, const char *backend, const struct bits *bits, int ok, const char *remark)
{
	char text[320];
	snprintf(text, sizeof text, "%s %s %" PRIu64 " %016" PRIx64, kernel, backend, bits->cases, bits->hash);
	result(ok, text, remark);
}

/* Scalar sets the trace that the others are compared with; its own measure is the golden hash. */
static void run_reference(int k, int record, struct bits *bits)
{
	run_bits[k](kernels[k].scalar, bits);
	if (record) {
		run.golden[k] = bits->hash;
		run.golden_cases[k] = bits->cases;
	}
	int same = run.golden[k] == bits->hash && run.golden_cases[k] == bits->cases;
	report_line(kernels[k].name, "scalar (linked)", bits, bits->cases && same, same ? "" : ": not the golden hash");
	if (!same)
		printf("# golden.txt: %" PRIu64 " cases, %016" PRIx64
		       "; if the specification changed, run with --record\n",
		       run.golden_cases[k], run.golden[k]);
}

static void run_plugin_kernel(int k, const struct plugin *plugin, const struct tenon_backend_kernel *entry,
			      const struct bits *reference)
{
	struct bits bits = {.trace = reference->trace, .trace_cases = reference->cases, .compare = 1};
	struct why why;
	char backend[160];
	snprintf(backend, sizeof backend, "%s%s%s", plugin->name, *entry->needs ? ":" : "", entry->needs);
	if (check_needs(&run.cpu, entry->needs, &why)) {
		report_line(kernels[k].name, backend, &bits, 1, " # SKIP this CPU lacks a feature of the entry");
		printf("# %s\n", why.text);
		return;
	}
	run_bits[k](entry->function, &bits);
	int ok = bits.hash == reference->hash && bits.cases == reference->cases;
	report_line(kernels[k].name, backend, &bits, ok, ok ? "" : ": differs from scalar");
	if (!ok)
		printf("# the first case that differs is number %" PRIu64 "\n", bits.first_bad);
}

static void run_kernel(int k, int record)
{
	struct bits reference = {0};
	run_reference(k, record, &reference);
	for (size_t p = 0; p < run.plugin_count; p++) {
		const struct tenon_backend *backend = run.plugins[p].backend;
		for (uint32_t e = 0; backend && e < backend->kernel_count; e++)
			if (get_entry(backend, e)->id == kernels[k].id)
				run_plugin_kernel(k, &run.plugins[p], get_entry(backend, e), &reference);
	}
	free(reference.trace);
}

/* ---- Command line ------------------------------------------------------------------------------------------------ */

struct options {
	int record;
	const char *folder;
	char golden[PATH_MAX];
};

static int parse_options(int argc, char **argv, struct options *options)
{
	const char *top = getenv("top_srcdir");
	snprintf(options->golden, sizeof options->golden, "%s/tests/bits/golden.txt", top ? top : ".");
	options->folder = getenv("TENON_BACKEND_PATH");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--record") == 0)
			options->record = 1;
		else if (strcmp(argv[i], "--golden") == 0 && i + 1 < argc)
			snprintf(options->golden, sizeof options->golden, "%s", argv[++i]);
		else if (argv[i][0] != '-')
			options->folder = argv[i];
		else
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	if (parse_options(argc, argv, &options)) {
		fputs("usage: bits [--record] [--golden FILE] [FOLDER]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	probe_cpu(&run.cpu);
	find_plugins(options.folder);
	read_golden(options.golden);
	for (int k = 0; k < KERNEL_COUNT; k++)
		run_kernel(k, options.record);
	if (options.record && !run.failures && write_golden(options.golden))
		result(0, "write ", options.golden);
	printf("1..%d\n", run.tests);
	return run.failures != 0;
}
