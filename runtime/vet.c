/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules that a backend file must meet before it may be mapped, one function each, in the order of `rules` below;
 * elf.c does the reading. What only another CPU would lift comes last, so that TENON_EUNSUPPORTED means nothing else is
 * wrong. No state, no threads: anyone may call.
 */
#include "build.h"

#include "runtime/vet.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/vet_rules.h"

int refuse_as(struct vet *vet, int status, const char *format, ...)
{
	char text[400];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	size_t length = strlen(vet->label), most = 160;
	return explain(vet->why, status, "%s%s: %s", length > most ? "..." : "",
		       vet->label + (length > most ? length - most : 0), text);
}

bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int refuse_if(struct vet *vet, const char *problem)
{
	return problem ? refuse(vet, "%s", problem) : 0;
}

/* ---- Structure --------------------------------------------------------------------------------------------------- */

static int vet_header(struct vet *vet)
{
	return refuse_if(vet, elf_open(&vet->elf, vet->bytes, vet->size));
}

static int vet_segments(struct vet *vet)
{
	return refuse_if(vet, elf_check_segments(&vet->elf));
}

static int vet_dynamic(struct vet *vet)
{
	return refuse_if(vet, elf_open_dynamic(&vet->elf));
}

/* ---- This machine ------------------------------------------------------------------------------------------------ */

static int vet_machine(struct vet *vet)
{
	static const struct {
		unsigned code;
		enum cpu_arch arch;
		const char *name;
	} machines[] = {{EM_X86_64, ARCH_X86_64, "x86_64"}, {EM_AARCH64, ARCH_AARCH64, "aarch64"}};
	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
		if (machines[i].code != vet->elf.header.e_machine)
			continue;
		if (machines[i].arch == vet->cpu->source->arch)
			return 0;
		return refuse_as(vet, TENON_EUNSUPPORTED, "is built for %s; this machine is %s", machines[i].name,
				 vet->cpu->arch);
	}
	return refuse_as(vet, TENON_EUNSUPPORTED, "is built for ELF machine %u; this machine is %s",
			 vet->elf.header.e_machine, vet->cpu->arch);
}

static int vet_needs(struct vet *vet)
{
	struct why why;
	int status = check_needs(vet->cpu, vet->out->needs, &why);
	return status ? refuse_as(vet, status, "%s", why.text) : 0;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

enum rule_flags {
	BASE = 1, /* later rules read what this one opened */
	READS_NOTE = 2,
	EXEMPTED = 4 /* by a sanitizer's build: its runtime brings libraries, constructors and thread-local storage */
};

static const struct rule {
	const char *name;
	int (*check)(struct vet *vet);
	unsigned flags;
	const char *demand;
} rules[] = {
	{"elf", vet_header, BASE, "a 64-bit little-endian ELF shared object"},
	{"segments", vet_segments, BASE, "segments in the file, in order and aligned"},
	{"dynamic", vet_dynamic, BASE, "a dynamic section with strings, symbols and a hash table"},
	{"note", vet_note, 0, "exactly one Tenon note"},
	{"name", vet_name, READS_NOTE, "a legal name"},
	{"abi", vet_abi, READS_NOTE, "an ABI that this Tenon speaks"},
	{"build-id", vet_build_id, 0, "exactly one build-id"},
	{"exports", vet_exports, 0, "one export, tenon_backend_entry"},
	{"constructors", vet_constructors, EXEMPTED, "no code that runs on loading or unloading"},
	{"libraries", vet_libraries, EXEMPTED, "no library but libc and libm"},
	{"imports", vet_imports, EXEMPTED, "nothing that outlives a call or changes the process"},
	{"ifuncs", vet_ifuncs, 0, "no code that runs while it is linked"},
	{"search-path", vet_search_path, 0, "no RPATH or RUNPATH"},
	{"text-relocations", vet_text_relocations, 0, "no relocations in its code"},
	{"unloading", vet_unloading, 0, "nothing that keeps it from being unloaded"},
	{"tls", vet_tls, EXEMPTED, "no thread-local storage"},
	{"stack", vet_stack, 0, "no executable stack"},
	{"writable-code", vet_writable_code, 0, "no segment both writable and executable"},
	{"machine", vet_machine, 0, "built for this architecture"},
	{"needs", vet_needs, READS_NOTE, "no feature that this CPU and system lack"},
};

#if defined(TENON_SANITIZED) && !defined(TENON_VETS_ALL)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static int judge_rule(struct vet *vet, const struct rule *rule, bool broken)
{
	if (broken || (rule->flags & READS_NOTE && !vet->noted))
		return VET_OPEN;
	if (SANITIZED && rule->flags & EXEMPTED)
		return VET_EXEMPT;
	return rule->check(vet);
}

int vet_every_rule(const void *bytes, size_t size, const char *label, const struct cpu *cpu, struct vetted *out,
		   vet_observer *observer, void *user, struct why *why)
{
	struct why reason;
	struct vet vet = {.bytes = bytes, .size = size, .label = label, .cpu = cpu, .out = out, .why = &reason};
	int status = 0;
	bool broken = false;
	memset(out, 0, sizeof *out);
	for (const struct rule *rule = rules; rule < rules + sizeof rules / sizeof rules[0]; rule++) {
		int verdict = judge_rule(&vet, rule, broken);
		if (observer)
			observer(user, rule->name, verdict, verdict < 0 ? reason.text : rule->demand);
		if (verdict >= 0)
			continue;
		broken = broken || rule->flags & BASE;
		if (status == 0 || (status == TENON_EUNSUPPORTED && verdict != status))
			status = explain(why, verdict, "%s", reason.text);
		if (!observer && status != TENON_EUNSUPPORTED)
			break;
	}
	return status;
}

int vet_bytes(const void *bytes, size_t size, const char *label, const struct cpu *cpu, struct vetted *out,
	      struct why *why)
{
	return vet_every_rule(bytes, size, label, cpu, out, NULL, NULL, why);
}
