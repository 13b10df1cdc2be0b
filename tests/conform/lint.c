/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The opcode lint; lint.h says what it looks for. State: that of the lint in progress.
 */
#include "build.h"

#include "tests/conform/lint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/elf.h"
#include "runtime/file.h"
#include "runtime/kernels.h"
#include "tests/conform/decode.h"
#include "tests/conform/endings.h"

/* A decoder looks at so many bytes: the longest instruction of x86-64, a stub of aarch64. */
enum { SECTIONS_MAX = 64, LOOK_MAX = 16 };

/* Rows of the feature table; is_open: with raw requirements, which may stand for what the table does not know. */
struct features {
	bool row[CPU_FEATURES_MAX];
	bool is_open;
};

/* A stretch of code. */
struct section {
	uint64_t address, offset, size;
	unsigned char *reached; /* one byte an address: an instruction begins here, and an entry reaches it */
};

struct scan {
	struct elf elf;
	struct file file;
	enum cpu_arch arch;
	decode_fn *decode;
	struct endings endings;
	struct section section[SECTIONS_MAX];
	size_t sections;
	bool is_named; /* sections are known; without them only what is reached is taken for code */
	uint64_t *pending;
	size_t pendings, room;
	struct lint *lint;
};

/* ---- What is allowed --------------------------------------------------------------------------------------------- */

/* Who has the first has the second: no CPU was made otherwise, and compilers take it so. */
static const char *const implied[][2] = {
	{"avx512vbmi2", "avx512bw"},
	{"avx512vbmi", "avx512bw"},
	{"avx512bitalg", "avx512bw"},
	{"avx512bf16", "avx512bw"},
	{"avx512fp16", "avx512bw"},
	{"avx512vpopcntdq", "avx512f"},
	{"avx512vnni", "avx512f"},
	{"avx512ifma", "avx512f"},
	{"avx512vp2intersect", "avx512f"},
	{"avx512bw", "avx512f"},
	{"avx512dq", "avx512f"},
	{"avx512cd", "avx512f"},
	{"avx512vl", "avx512f"},
	{"avx512f", "avx2"},
	{"avxvnni", "avx2"},
	{"vaes", "avx"},
	{"vaes", "aes"},
	{"vpclmulqdq", "avx"},
	{"vpclmulqdq", "pclmulqdq"},
	{"avx2", "avx"},
	{"fma", "avx"},
	{"f16c", "avx"},
	{"avx", "osxsave"},
	{"avx", "sse4.2"},
	{"sse4.2", "popcnt"},
	{"sse4.2", "sse4.1"},
	{"sse4.1", "ssse3"},
	{"ssse3", "sse3"},
	{"sve2", "sve"},
	{"sveaes", "sve"},
	{"svepmull", "sve"},
	{"svebitperm", "sve"},
	{"svei8mm", "sve"},
	{"svef32mm", "sve"},
	{"svef64mm", "sve"},
	{"svebf16", "sve"},
	{"pmull", "aes"},
	{"asimdhp", "fphp"},
};

static void allow(const struct scan *scan, const char *needs, struct features *features)
{
	features->is_open |= !collect_needs(scan->arch, needs, features->row);
	for (bool grew = true; grew;) {
		grew = false;
		for (size_t i = 0; i < sizeof implied / sizeof *implied; i++) {
			int has = find_cpu_feature(scan->arch, implied[i][0]),
			    gets = find_cpu_feature(scan->arch, implied[i][1]);
			if (has < 0 || gets < 0 || !features->row[has] || features->row[gets])
				continue;
			features->row[gets] = grew = true;
		}
	}
}

/* The first feature of a list that is not allowed; false if all are. */
static bool find_beyond(const struct scan *scan, const char *needs, const struct features *features, char *name,
			size_t size)
{
	if (*needs == '?')
		return snprintf(name, size, "%s", needs + 1), !features->is_open;
	for (const char *at = needs; *at; at += strcspn(at, ","), at += *at == ',') {
		snprintf(name, size, "%.*s", (int)strcspn(at, ","), at);
		int row = find_cpu_feature(scan->arch, name);
		if (row < 0 || !features->row[row])
			return true;
	}
	return false;
}

static void judge(struct scan *scan, const struct decoded *in, uint64_t address, int kernel,
		  const struct features *features)
{
	struct lint *lint = scan->lint;
	char name[32];
	if (!*in->needs || !find_beyond(scan, in->needs, features, name, sizeof name))
		return;
	lint->findings++;
	if (lint->kept == LINT_KEPT)
		return;
	struct lint_finding *finding = &lint->finding[lint->kept++];
	*finding = (struct lint_finding){.address = address, .kernel = kernel};
	snprintf(finding->needs, sizeof finding->needs, "%s", name);
	snprintf(finding->what, sizeof finding->what, "%s", in->name);
}

/* ---- Code -------------------------------------------------------------------------------------------------------- */

static bool decode_at(const struct scan *scan, const struct section *s, uint64_t address, struct decoded *in)
{
	uint64_t left = s->address + s->size - address;
	const unsigned char *bytes = scan->elf.bytes + s->offset + (address - s->address);
	return scan->decode(bytes, left < LOOK_MAX ? (size_t)left : LOOK_MAX, address, in);
}

static struct section *find_section(struct scan *scan, uint64_t address)
{
	for (size_t i = 0; i < scan->sections; i++)
		if (address >= scan->section[i].address && address - scan->section[i].address < scan->section[i].size)
			return &scan->section[i];
	return NULL;
}

/* Each jump is kept at most once an entry, so this ends. */
static void go_later(struct scan *scan, uint64_t address)
{
	if (scan->pendings == scan->room) {
		size_t room = scan->room ? 2 * scan->room : 256;
		uint64_t *pending = realloc(scan->pending, room * sizeof *pending);
		if (!pending)
			return;
		scan->pending = pending;
		scan->room = room;
	}
	scan->pending[scan->pendings++] = address;
}

/*
 * A call: directly, or by a stub of the procedure linkage table, which is an instruction that marks the place, maybe,
 * and a jump. What stands behind the end of a function, or can be jumped over, is no stub.
 */
static bool calls_ending(struct scan *scan, const struct decoded *in)
{
	struct decoded stub;
	if (is_ending(&scan->endings, in->slot))
		return true;
	uint64_t address = in->target;
	struct section *s = in->has_target && scan->endings.count ? find_section(scan, address) : NULL;
	for (int i = 0; s && i < 2 && address < s->address + s->size && decode_at(scan, s, address, &stub); i++) {
		if (is_ending(&scan->endings, stub.slot))
			return true;
		if (stub.ends || stub.has_target)
			break;
		address += stub.size;
	}
	return false;
}

/* From one address to where the code ends or was before. mark tells entries apart. */
static void follow(struct scan *scan, uint64_t address, unsigned char mark, int kernel, const struct features *features)
{
	struct section *s = find_section(scan, address);
	struct decoded in;
	for (; s && address < s->address + s->size; address += in.size) {
		unsigned char *reached = &s->reached[address - s->address];
		if (*reached == mark || !decode_at(scan, s, address, &in))
			return;
		*reached = mark;
		judge(scan, &in, address, kernel, features);
		if (in.has_target)
			go_later(scan, in.target);
		if (in.ends || (in.calls && calls_ending(scan, &in)))
			return;
	}
}

static void follow_entry(struct scan *scan, const struct lint_entry *entry, unsigned char mark, const char *needs)
{
	struct features features = {.is_open = false};
	allow(scan, needs, &features);
	allow(scan, entry->needs, &features);
	scan->pendings = 0;
	go_later(scan, entry->address);
	while (scan->pendings)
		follow(scan, scan->pending[--scan->pendings], mark, entry->kernel, &features);
}

/* ---- The rest of the file ---------------------------------------------------------------------------------------- */

static void leave_out(struct lint *lint, uint64_t begin, uint64_t end)
{
	lint->unscanned += end - begin;
	size_t last = lint->ranges < LINT_KEPT ? lint->ranges : LINT_KEPT;
	if (last && lint->range[last - 1].end == begin) {
		lint->range[last - 1].end = end;
		return;
	}
	if (last < LINT_KEPT)
		lint->range[last] = (struct lint_range){begin, end};
	lint->ranges++;
}

static void sweep_section(struct scan *scan, const struct section *s, const struct features *features)
{
	unsigned step = scan->arch == ARCH_AARCH64 ? 4 : 1;
	struct decoded in;
	for (uint64_t address = s->address, end = s->address + s->size; address < end; address += in.size) {
		bool is_reached = s->reached[address - s->address];
		if ((is_reached || scan->is_named) && decode_at(scan, s, address, &in)) {
			scan->lint->instructions++;
			if (!is_reached)
				judge(scan, &in, address, -1, features);
			continue;
		}
		in.size = end - address < step ? (unsigned)(end - address) : step;
		leave_out(scan->lint, address, address + in.size);
	}
}

/* ---- The file ---------------------------------------------------------------------------------------------------- */

static bool add_section(struct scan *scan, uint64_t address, uint64_t offset, uint64_t size)
{
	if (scan->sections == SECTIONS_MAX || offset > scan->elf.size || size > scan->elf.size - offset ||
	    address > UINT64_MAX - size)
		return false;
	unsigned char *reached = calloc(1, size + 1);
	if (!reached)
		return false;
	scan->section[scan->sections++] = (struct section){address, offset, size, reached};
	/* cppcheck-suppress memleak ; the scan has it now */
	return true;
}

/* False if there are none that make sense; the section table is nobody's business but a linter's. */
static bool take_sections(struct scan *scan)
{
	const Elf64_Ehdr *header = &scan->elf.header;
	Elf64_Shdr section;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		if (header->e_shentsize != sizeof section ||
		    !elf_read(&scan->elf, header->e_shoff + i * sizeof section, &section, sizeof section))
			return false;
		if (section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_EXECINSTR) && section.sh_size &&
		    !add_section(scan, section.sh_addr, section.sh_offset, section.sh_size))
			return false;
	}
	return scan->sections > 0;
}

static void drop_sections(struct scan *scan)
{
	while (scan->sections)
		free(scan->section[--scan->sections].reached);
}

static const char *take_segments(struct scan *scan)
{
	for (unsigned i = 0; i < scan->elf.header.e_phnum; i++) {
		const Elf64_Phdr *load = &scan->elf.segment[i];
		if (load->p_type == PT_LOAD && load->p_flags & PF_X &&
		    !add_section(scan, load->p_vaddr, load->p_offset, load->p_filesz))
			return "has an executable segment that is not in the file";
	}
	return NULL;
}

static const char *why_instrumented(void)
{
#if defined(TENON_SANITIZED) && !defined(TENON_COVERAGE)
	return "this build is instrumented, and its entries share the code of that";
#else
	return NULL;
#endif
}

static const char *open_scan(struct scan *scan)
{
	if (why_instrumented())
		return why_instrumented();
	const char *wrong = elf_open(&scan->elf, scan->file.bytes, scan->file.size);
	if (!wrong)
		wrong = elf_check_segments(&scan->elf);
	if (wrong)
		return wrong;
	scan->arch = scan->elf.header.e_machine == EM_X86_64    ? ARCH_X86_64
		     : scan->elf.header.e_machine == EM_AARCH64 ? ARCH_AARCH64
								: ARCH_OTHER;
	scan->decode = scan->arch == ARCH_X86_64 ? decode_x86_64 : decode_aarch64;
	if (scan->arch == ARCH_OTHER)
		return "is for a machine whose instructions nobody can decode here";
	if (scan->arch == ARCH_X86_64 && why_no_x86_64())
		return why_no_x86_64();
	find_endings(&scan->elf, &scan->endings);
	scan->is_named = take_sections(scan);
	if (scan->is_named)
		return NULL;
	drop_sections(scan);
	return take_segments(scan);
}

static void scan_all(struct scan *scan, const char *needs, const char *uses, const struct lint_entry *entries,
		     size_t count)
{
	struct features features = {.is_open = false};
	for (size_t i = 0; i < count; i++)
		if (entries[i].address)
			follow_entry(scan, &entries[i], (unsigned char)(1 + i % 255), needs);
	allow(scan, needs, &features);
	allow(scan, uses, &features);
	for (size_t i = 0; i < scan->sections; i++)
		sweep_section(scan, &scan->section[i], &features);
	scan->lint->is_done = true;
}

void lint_file(const char *path, const char *needs, const char *uses, const struct lint_entry *entries, size_t count,
	       struct lint *lint)
{
	struct scan *scan = calloc(1, sizeof *scan);
	struct why why = {0};
	const char *wrong = scan ? NULL : "cannot be looked at: out of memory";
	memset(lint, 0, sizeof *lint);
	if (scan) {
		scan->lint = lint;
		if (read_file(path, BACKEND_FILE_MAX, TENON_EREFUSED, &scan->file, &why))
			wrong = why.text;
		else
			wrong = open_scan(scan);
		if (!wrong)
			scan_all(scan, needs, uses, entries, count);
		drop_sections(scan);
		free(scan->file.bytes);
		free(scan->pending);
	}
	if (wrong)
		snprintf(lint->why_not, sizeof lint->why_not, "%.150s", wrong);
	free(scan);
}

/* ---- Words ------------------------------------------------------------------------------------------------------- */

const char *why_no_lint(void)
{
	if (why_instrumented())
		return why_instrumented();
#ifdef __x86_64__
	return why_no_x86_64();
#elif defined(__aarch64__)
	return NULL;
#else
	return "nobody can decode this machine's instructions here";
#endif
}

void describe_lint_finding(const struct lint_finding *finding, char *text, size_t size)
{
	snprintf(text, size, "%s at %#" PRIx64 " needs %s, which %s%s does not declare", finding->what,
		 finding->address, finding->needs, finding->kernel < 0 ? "the file" : "the entry of ",
		 finding->kernel < 0 ? "" : kernels[finding->kernel].name);
}

void describe_lint(const struct lint *lint, char *text, size_t size)
{
	if (!lint->is_done) {
		snprintf(text, size, "opcodes: UNSCANNED, all of them: %s", lint->why_not);
		return;
	}
	int used = snprintf(text, size, "opcodes: %" PRIu64 " instructions, ", lint->instructions);
	if (lint->findings)
		used += snprintf(text + used, size - (size_t)used, "%zu beyond what is declared", lint->findings);
	else
		used += snprintf(text + used, size - (size_t)used, "none beyond what is declared");
	if (!lint->unscanned)
		return;
	used += snprintf(text + used, size - (size_t)used,
			 "; UNSCANNED, %" PRIu64 " bytes that cannot be decoded:", lint->unscanned);
	for (size_t i = 0; i < lint->ranges && i < LINT_KEPT && (size_t)used < size; i++)
		used += snprintf(text + used, size - (size_t)used, " %#" PRIx64 "-%#" PRIx64, lint->range[i].begin,
				 lint->range[i].end);
	if (lint->ranges > LINT_KEPT && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, " and %zu more", lint->ranges - LINT_KEPT);
}
