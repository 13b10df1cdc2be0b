/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates; see certificate.h. What a certificate says of plugin, CPU and harness is made by the same functions when it
 * is written and when it is checked.
 */
#include "tools/certificate.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "runtime/file.h"
#include "tools/prove/digest.h"
#include "runtime/microcode.h"
#include "tools/prove/self.h"

const char *why_no_certificate(void)
{
#ifndef HAVE_JANSSON
	return "built without jansson; install libjansson-dev and build again";
#else
	return can_digest() ? NULL
			    : "built without libsodium, which makes the SHA-256; install libsodium-dev and build again";
#endif
}

#ifdef HAVE_JANSSON
#include "tests/conform/report_json.h"

#define SCHEMA "tenon.certificate/1"
enum { CERTIFICATE_MAX = 1 << 20 };

/* ---- What it is bound to ----------------------------------------------------------------------------------------- */

static json_t *abi_as_json(uint32_t abi)
{
	return json_sprintf("%u.%u", abi >> 16, abi & 0xffff);
}

/* NULL with why if the file cannot be read. */
static json_t *plugin_as_json(const struct candidate *c, struct why *why)
{
	const struct vetted *v = &c->vetted;
	char digest[DIGEST_SIZE];
	if (!digest_file(c->path, digest, why))
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "sha256", digest, "build_id", v->build_id,
			 "name", v->name, "version", v->version, "vendor", v->vendor, "needs", v->needs, "uses",
			 v->uses, "abi_min", abi_as_json(v->abi_min), "abi_max", abi_as_json(v->abi_max));
}

/* Signature of leaf 1, as vendors count; the register that says the same on aarch64. */
static void add_model(json_t *object, const struct cpu *cpu)
{
	uint32_t registers[4] = {0};
	char microcode[64];
	read_microcode(microcode, sizeof microcode);
	json_object_set_new(object, "microcode", json_string(microcode));
	if (cpu->source->arch == ARCH_AARCH64) {
		json_object_set_new(object, "midr", json_sprintf("%#" PRIx64, cpu->source->midr()));
		return;
	}
	query_cpuid(cpu->source, 1, 0, registers);
	uint32_t signature = registers[0], family = signature >> 8 & 15, model = signature >> 4 & 15;
	if (family == 6 || family == 15)
		model += signature >> 12 & 0xf0;
	if (family == 15)
		family += signature >> 20 & 0xff;
	json_object_set_new(object, "family", json_integer(family));
	json_object_set_new(object, "model_number", json_integer(model));
	json_object_set_new(object, "stepping", json_integer(signature & 15));
}

static json_t *cpu_as_json(const struct cpu *cpu)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "arch", cpu->arch, "vendor", cpu->vendor, "model",
				   cpu->model, "level", cpu->level);
	if (object)
		add_model(object, cpu);
	return object;
}

static json_t *harness_as_json(void)
{
	char id[BUILD_ID_SIZE];
	read_build_id(id);
	return json_pack("{s:s, s:s}", "version", PACKAGE_VERSION, "build_id", id);
}

/* ---- What was found ---------------------------------------------------------------------------------------------- */

/* In the order of the table, which only grows. */
static json_t *features_as_json(const struct cpu *cpu, const struct proof *proof)
{
	bool rows[CPU_FEATURES_MAX] = {false};
	json_t *features = json_array();
	collect_needs(cpu->source->arch, proof->candidate.vetted.needs, rows);
	for (size_t i = 0; i < proof->entries; i++)
		if (proof->entry[i].verdict == VERDICT_PASS)
			collect_needs(cpu->source->arch, proof->entry[i].needs, rows);
	for (size_t row = 0; row < count_cpu_features(); row++)
		if (rows[row])
			json_array_append_new(features, json_string(name_cpu_feature(row)));
	return features;
}

static json_t *entry_as_json(const struct proof_entry *entry)
{
	char outputs[24];
	bool has_outputs = describe_outputs(entry, outputs, sizeof outputs);
	json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:s}", "name", kernels[entry->kernel].name, "needs",
				   entry->needs, "class", name_numeric_class(entry->numeric_class), "cases",
				   (json_int_t)entry->cases, "verdict", name_verdict(entry->verdict));
	json_object_set_new(object, "output_hash", has_outputs ? json_string(outputs) : json_null());
	json_object_set_new(object, "worst",
			    entry->worst > 0 && isfinite(entry->worst) ? json_sprintf("%.6f", entry->worst)
								       : json_null());
	return object;
}

static json_t *score_as_json(const struct score *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "mutants", (json_int_t)s->mutants, "mutants_killed",
			 (json_int_t)s->killed, "twins", (json_int_t)s->twins, "twins_passed", (json_int_t)s->passed,
			 "skipped", (json_int_t)s->skipped);
}

static void add_results(json_t *certificate, const struct report *report)
{
	const struct proof *proof = &report->proofs[0];
	json_t *list = json_array(), *skips = json_array();
	for (size_t i = 0; i < proof->entries; i++) {
		const struct proof_entry *entry = &proof->entry[i];
		json_array_append_new(list, entry_as_json(entry));
		if (entry->verdict == VERDICT_SKIP)
			json_array_append_new(skips, json_pack("{s:s, s:s, s:s}", "kernel", kernels[entry->kernel].name,
							       "needs", entry->needs, "reason", entry->reason));
	}
	json_object_set_new(certificate, "kernels", list);
	json_object_set_new(certificate, "skips", skips);
	json_object_set_new(certificate, "opcodes", lint_as_json(&proof->lint));
	json_object_set_new(certificate, "features", features_as_json(report->cpu, proof));
	json_object_set_new(certificate, "verdict", json_string(name_verdict(proof->verdict)));
	json_object_set_new(certificate, "score", score_as_json(report->score));
}

static json_t *make_certificate(const struct report *report, struct why *why)
{
	json_t *plugin = plugin_as_json(&report->proofs[0].candidate, why);
	if (!plugin)
		return NULL;
	json_t *certificate = json_pack("{s:s, s:o, s:o, s:o, s:s, s:o}", "schema", SCHEMA, "plugin", plugin, "cpu",
					cpu_as_json(report->cpu), "harness", harness_as_json(), "profile",
					name_profile(report->options.profile), "seed",
					json_sprintf("%" PRIu64, report->options.seed));
	json_object_set_new(certificate, "emulated", report->emulator ? json_string(report->emulator) : json_null());
	add_results(certificate, report);
	return certificate;
}

/* The one way to write it; free() the text. */
static char *dump_certificate(const json_t *certificate)
{
	return json_dumps(certificate, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_ENSURE_ASCII);
}

/* Beside its name first, so that nobody sees half of one. */
static int save_text(struct tool *tool, const char *path, const char *text)
{
	char temporary[PATH_MAX];
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid()) >= sizeof temporary)
		return fail(tool, EXIT_USAGE, "--certificate: the name is too long: %.80s...", path);
	FILE *file = fopen(temporary, "wxe");
	bool good = file && fprintf(file, "%s\n", text) > 0;
	if (file)
		good &= fclose(file) == 0;
	if (good && rename(temporary, path) == 0)
		return EXIT_DONE;
	int error = errno;
	if (file)
		unlink(temporary);
	return fail(tool, EXIT_USAGE, "--certificate: cannot write %s: %s", path, strerror(error));
}

int write_certificate(struct tool *tool, const char *path, const struct report *report)
{
	struct why why;
	json_t *certificate = make_certificate(report, &why);
	if (!certificate)
		return fail(tool, EXIT_REFUSED, "--certificate: %s", why.text);
	char *text = dump_certificate(certificate);
	int code = text ? save_text(tool, path, text) : fail(tool, EXIT_REFUSED, "--certificate: out of memory");
	free(text);
	json_decref(certificate);
	return code;
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

/* Members of one object that are not as they are here: appended as {what, certificate, here}. */
static void compare_objects(const char *name, const json_t *written, json_t *here, json_t *differences)
{
	const char *key;
	json_t *value;
	json_object_foreach(here, key, value)
	{
		json_t *other = json_object_get(written, key);
		if (!json_equal(other, value))
			json_array_append_new(differences,
					      json_pack("{s:o, s:O, s:O}", "what", json_sprintf("%s %s", name, key),
							"certificate", other ? other : json_null(), "here", value));
	}
	json_decref(here);
}

static void compare_features(const json_t *features, const struct cpu *cpu, json_t *differences)
{
	size_t i;
	json_t *feature;
	json_array_foreach(features, i, feature)
	{
		const char *name = json_string_value(feature);
		int row = name ? find_cpu_feature(cpu->source->arch, name) : -1;
		if (row < 0 || !cpu->has[row])
			json_array_append_new(differences, json_pack("{s:s, s:O, s:n}", "what", "cpu feature",
								     "certificate", feature, "here"));
	}
}

/* Reads it, and demands the bytes that we would write: what was edited by hand is none. NULL after fail(). */
static json_t *read_certificate(struct tool *tool, const char *path)
{
	struct file file;
	struct why why;
	json_error_t error;
	if (read_file(path, CERTIFICATE_MAX, TENON_EINVAL, &file, &why))
		return fail(tool, EXIT_USAGE, "--certificate: %s", why.text), NULL;
	json_t *certificate = json_loadb(file.bytes, file.size, JSON_REJECT_DUPLICATES, &error);
	const char *schema = json_string_value(json_object_get(certificate, "schema"));
	char *text = schema && strcmp(schema, SCHEMA) == 0 ? dump_certificate(certificate) : NULL;
	size_t length = text ? strlen(text) : 0;
	bool is_canonical = text && file.size == length + 1 && memcmp(text, file.bytes, length) == 0;
	if (!certificate)
		fail(tool, EXIT_USAGE, "--certificate: %s: line %d: %s", path, error.line, error.text);
	else if (!text)
		fail(tool, EXIT_USAGE, "--certificate: %s is no " SCHEMA "; tenon verify --certificate writes one",
		     path);
	else if (!is_canonical)
		fail(tool, EXIT_USAGE,
		     "--certificate: %s was changed: its bytes are not those that tenon verify writes", path);
	free(text);
	free(file.bytes);
	if (is_canonical)
		return certificate;
	json_decref(certificate);
	return NULL;
}

static int print_differences(struct tool *tool, const char *path, const char *plugin, json_t *differences)
{
	size_t i, count = json_array_size(differences);
	json_t *difference;
	if (tool->json)
		return emit_json(tool, json_pack("{s:b, s:O}", "valid", count == 0, "differences", differences));
	json_array_foreach(differences, i, difference)
	{
		char *written = json_dumps(json_object_get(difference, "certificate"), JSON_ENCODE_ANY);
		char *here = json_dumps(json_object_get(difference, "here"), JSON_ENCODE_ANY);
		fprintf(tool->out, "differs: %s: the certificate says %s, here it is %s\n",
			json_string_value(json_object_get(difference, "what")), written ? written : "?",
			here ? here : "?");
		free(written);
		free(here);
	}
	fprintf(tool->out, count ? "%s does not certify %s here\n" : "%s certifies %s, by this harness, on this CPU\n",
		path, plugin);
	return EXIT_DONE;
}

static int compare_certificate(struct tool *tool, const struct machine *machine, const json_t *certificate,
			       const struct candidate *c, json_t *differences)
{
	struct why why;
	json_t *plugin = plugin_as_json(c, &why);
	if (!plugin)
		return fail(tool, EXIT_REFUSED, "--check: %s", why.text);
	compare_objects("plugin", json_object_get(certificate, "plugin"), plugin, differences);
	compare_objects("cpu", json_object_get(certificate, "cpu"), cpu_as_json(&machine->cpu), differences);
	compare_objects("harness", json_object_get(certificate, "harness"), harness_as_json(), differences);
	compare_features(json_object_get(certificate, "features"), &machine->cpu, differences);
	compare_objects("the", certificate, json_pack("{s:s, s:n}", "verdict", name_verdict(VERDICT_PASS), "emulated"),
			differences);
	return EXIT_DONE;
}

int check_certificate(struct tool *tool, const struct machine *machine, const char *path, const char *plugin)
{
	struct candidate *c = calloc(1, sizeof *c);
	json_t *certificate = c ? read_certificate(tool, path) : NULL, *differences = json_array();
	int code = EXIT_USAGE;
	if (!c)
		code = fail(tool, EXIT_REFUSED, "out of memory");
	else if (certificate && examine_backend(&machine->config, &machine->cpu, plugin, c) &&
		 c->status != TENON_EUNSUPPORTED)
		code = fail(tool, EXIT_REFUSED, "--check: %s", c->why.text);
	else if (certificate)
		code = compare_certificate(tool, machine, certificate, c, differences);
	if (!code)
		code = print_differences(tool, path, plugin, differences);
	if (!code && json_array_size(differences))
		code = EXIT_DIFFERS;
	json_decref(differences);
	json_decref(certificate);
	free(c);
	return code;
}
#else
int write_certificate(struct tool *tool, const char *path, const struct report *report)
{
	(void)report;
	return fail(tool, EXIT_USAGE, "--certificate %s: %s", path, why_no_certificate());
}

int check_certificate(struct tool *tool, const struct machine *machine, const char *path, const char *plugin)
{
	(void)machine;
	(void)plugin;
	return fail(tool, EXIT_USAGE, "--certificate %s: %s", path, why_no_certificate());
}
#endif
