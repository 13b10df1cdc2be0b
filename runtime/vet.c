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

#include "runtime/elf.h"
#include "runtime/name.h"

struct vet {
	struct elf elf;
	const void *bytes;
	size_t size;
	const char *label;
	const struct cpu *cpu;
	struct vetted *out;
	bool noted; /* out holds a whole note */
	struct why *why;
};

/* One line; of a long label the end, so that the problem and the remedy are not cut. */
__attribute__((cold, format(printf, 3, 4))) static int refuse_as(struct vet *vet, int status, const char *format, ...)
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

#define refuse(vet, ...) refuse_as(vet, TENON_EREFUSED, __VA_ARGS__)

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

/* ---- Notes ------------------------------------------------------------------------------------------------------- */

static bool note_is(const struct vet *vet, const struct elf_note *note, const char *owner)
{
	char name[8] = "";
	size_t size = strlen(owner) + 1;
	return note->name_size == size && elf_read(&vet->elf, note->name, name, size) && memcmp(name, owner, size) == 0;
}

#define NOTE_DESC offsetof(struct tenon_note, abi_min)
#define NOTE_DESC_SIZE (sizeof(struct tenon_note) - NOTE_DESC)

static bool copy_text(char *out, const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		return false;
	memcpy(out, text, size);
	return true;
}

static int copy_note(struct vet *vet, const struct elf_note *found)
{
	if (found->type != TENON_NOTE_TYPE || found->desc_size != NOTE_DESC_SIZE)
		return refuse(vet,
			      "has a Tenon note of type %u with %u bytes, but this Tenon reads type %d with "
			      "%zu; rebuild it with the installed <tenon/backend.h>",
			      found->type, found->desc_size, TENON_NOTE_TYPE, NOTE_DESC_SIZE);
	struct tenon_note note;
	elf_read(&vet->elf, found->desc, (char *)&note + NOTE_DESC, NOTE_DESC_SIZE);
	struct vetted *out = vet->out;
	if (!copy_text(out->name, note.name, sizeof note.name) ||
	    !copy_text(out->version, note.version, sizeof note.version) ||
	    !copy_text(out->vendor, note.vendor, sizeof note.vendor) ||
	    !copy_text(out->needs, note.needs, sizeof note.needs) || !copy_text(out->uses, note.uses, sizeof note.uses))
		return refuse(vet, "has a Tenon note with a text that does not end; "
			      "write the note with TENON_BACKEND()");
	out->abi_min = note.abi_min;
	out->abi_max = note.abi_max;
	vet->noted = true;
	return 0;
}

static int vet_note(struct vet *vet)
{
	struct elf_note note, found = {0};
	size_t segment = 0, count = 0;
	for (uint64_t offset = 0; elf_next_note(&vet->elf, &segment, &offset, &note);) {
		if (!note_is(vet, &note, TENON_NOTE_OWNER))
			continue;
		found = note;
		count++;
	}
	if (count == 0)
		return refuse(vet,
			      "has no Tenon note, so it is no backend; write one with TENON_BACKEND() "
			      "from <tenon/backend.h>");
	if (count > 1)
		return refuse(vet, "has %zu Tenon notes; use TENON_BACKEND() once a file", count);
	return copy_note(vet, &found);
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int vet_name(struct vet *vet)
{
	const struct vetted *out = vet->out;
	if (!is_backend_name(out->name) || strcmp(out->name, "auto") == 0 || strcmp(out->name, "mixed") == 0)
		return refuse(vet,
			      "its note gives it a name that no backend may have; use " BACKEND_NAME_RULE
			      ", but not auto or mixed");
	if (!is_printable(out->version) || !is_printable(out->vendor) || !is_printable(out->needs) ||
	    !is_printable(out->uses))
		return refuse(vet, "its note holds characters that are not printable ASCII");
	return 0;
}

static int vet_abi(struct vet *vet)
{
	uint32_t min = vet->out->abi_min, max = vet->out->abi_max;
	const char *field = NULL;
	if (min > max)
		return refuse(vet, "its abi_min %u.%u is above its abi_max %u.%u", min >> 16,
			      min & 0xffff, max >> 16, max & 0xffff);
	if (min > TENON_ABI_CURRENT)
		field = "abi_min";
	else if (max < TENON_ABI_OLDEST)
		field = "abi_max";
	if (!field)
		return 0;
	uint32_t theirs = min > TENON_ABI_CURRENT ? min : max;
	uint32_t ours = min > TENON_ABI_CURRENT ? TENON_ABI_CURRENT : TENON_ABI_OLDEST;
	return refuse(vet, "its %s is %u.%u, but the %s ABI of this Tenon is %u.%u; %s", field,
		      theirs >> 16, theirs & 0xffff, min > TENON_ABI_CURRENT ? "newest" : "oldest", ours >> 16,
		      ours & 0xffff,
		      min > TENON_ABI_CURRENT ? "use a newer Tenon or an older plugin" : "rebuild the plugin");
}

static int vet_build_id(struct vet *vet)
{
	struct elf_note note;
	size_t segment = 0, count = 0;
	for (uint64_t offset = 0; elf_next_note(&vet->elf, &segment, &offset, &note);) {
		unsigned char id[sizeof vet->out->build_id / 2];
		if (!note_is(vet, &note, "GNU") || note.type != NT_GNU_BUILD_ID)
			continue;
		count++;
		if (note.desc_size == 0 || note.desc_size > sizeof id)
			return refuse(vet, "has a build-id of %u bytes, not 1 to %zu", note.desc_size,
				      sizeof id);
		elf_read(&vet->elf, note.desc, id, note.desc_size);
		for (uint32_t i = 0; i < note.desc_size; i++)
			snprintf(vet->out->build_id + 2 * i, 3, "%02x", id[i]);
	}
	if (count != 1)
		return refuse(vet, "has %zu build-ids, not one; link it with -Wl,--build-id=sha1", count);
	return 0;
}

/* ---- What the loader would do ------------------------------------------------------------------------------------ */

static bool is_export(const Elf64_Sym *symbol)
{
	unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
	return symbol->st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool is_code(const struct vet *vet, uint64_t address)
{
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++) {
		const Elf64_Phdr *segment = &vet->elf.segment[i];
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz)
			return true;
	}
	return false;
}

static int vet_exports(struct vet *vet)
{
	static const char entry[] = "tenon_backend_entry";
	bool found = false;
	for (uint64_t i = 1; i < vet->elf.symbol_count; i++) {
		Elf64_Sym symbol;
		char name[64];
		elf_read_symbol(&vet->elf, i, &symbol);
		if (!is_export(&symbol))
			continue;
		elf_read_string(&vet->elf, symbol.st_name, name, sizeof name);
		if (strcmp(name, entry) != 0 || found)
			return refuse(vet,
				      "exports '%.40s'; a plugin exports %s alone: compile it with "
				      "-fvisibility=hidden",
				      is_printable(name) ? name : "?", entry);
		if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || !is_code(vet, symbol.st_value))
			return refuse(vet, "exports %s, but not as a function", entry);
		found = true;
	}
	return found ? 0 : refuse(vet, "does not export %s; use TENON_BACKEND()", entry);
}

struct tag {
	int64_t tag;
	const char *name; /* NULL ends a list */
};

static int refuse_tags(struct vet *vet, const struct tag *tags, const char *remedy)
{
	uint64_t value;
	for (; tags->name; tags++)
		if (elf_find_tag(&vet->elf, tags->tag, &value))
			return refuse(vet, "has %s: %s", tags->name, remedy);
	return 0;
}

static bool has_flag(const struct vet *vet, int64_t tag, uint64_t flag)
{
	uint64_t flags = 0;
	return elf_find_tag(&vet->elf, tag, &flags) && flags & flag;
}

static int vet_constructors(struct vet *vet)
{
	static const struct tag tags[] = {{DT_INIT, "DT_INIT"},
					  {DT_FINI, "DT_FINI"},
					  {DT_INIT_ARRAY, "DT_INIT_ARRAY"},
					  {DT_FINI_ARRAY, "DT_FINI_ARRAY"},
					  {DT_PREINIT_ARRAY, "DT_PREINIT_ARRAY"},
					  {0, NULL}};
	return refuse_tags(vet, tags,
			   "code that would run on loading or unloading; link it with -nostartfiles, and write no "
			   "constructors or destructors");
}

static int vet_libraries(struct vet *vet)
{
	static const struct tag tags[] = {{DT_AUXILIARY, "DT_AUXILIARY"},
					  {DT_FILTER, "DT_FILTER"},
					  {DT_AUDIT, "DT_AUDIT"},
					  {DT_DEPAUDIT, "DT_DEPAUDIT"},
					  {0, NULL}};
	for (size_t i = 0; i < vet->elf.dynamic_count; i++) {
		char name[64];
		const Elf64_Dyn *entry = &vet->elf.dynamic[i];
		if (entry->d_tag != DT_NEEDED)
			continue;
		bool readable = elf_read_string(&vet->elf, entry->d_un.d_val, name, sizeof name);
		if (!readable || (strcmp(name, "libc.so.6") != 0 && strcmp(name, "libm.so.6") != 0))
			return refuse(vet,
				      "needs the library '%.60s', but a plugin may need libc and libm "
				      "alone; link what it uses into it",
				      readable && is_printable(name) ? name : "?");
	}
	return refuse_tags(vet, tags, "it would bring in another library; link without it");
}

static const struct {
	const char *name, *deed;
} forbidden[] = {
#define IMPORT(name, deed) {name, deed},
#include "runtime/imports.def"
#undef IMPORT
};

static int refuse_import(struct vet *vet, const char *name)
{
	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
		if (strcmp(name, forbidden[i].name) == 0)
			return refuse(vet, "imports %s: it %s; kernels are pure functions: remove the call", name, forbidden[i].deed);
	return 0;
}

static int vet_imports(struct vet *vet)
{
	for (uint64_t i = 1; i < vet->elf.symbol_count; i++) {
		Elf64_Sym symbol;
		char name[64];
		elf_read_symbol(&vet->elf, i, &symbol);
		if (symbol.st_shndx != SHN_UNDEF || !elf_read_string(&vet->elf, symbol.st_name, name, sizeof name))
			continue;
		int status = refuse_import(vet, name);
		if (status)
			return status;
	}
	return 0;
}

static int vet_table(struct vet *vet, int64_t table, uint32_t indirect)
{
	uint64_t offset, count;
	if (!elf_find_relocations(&vet->elf, table, &offset, &count))
		return refuse(vet, "has a table of relocations that is not in the file");
	for (uint64_t i = 0; i < count; i++) {
		Elf64_Rela entry;
		elf_read(&vet->elf, offset + i * sizeof entry, &entry, sizeof entry);
		if (ELF64_R_TYPE(entry.r_info) == indirect)
			return refuse(vet, "has an ifunc: the dynamic linker would run code of the file while it loads it; choose by "
				      "several entries with different needs");
	}
	return 0;
}

/* An exported ifunc is refused as an export that is not a function. */
static int vet_ifuncs(struct vet *vet)
{
	uint32_t indirect = vet->elf.header.e_machine == EM_AARCH64 ? R_AARCH64_IRELATIVE : R_X86_64_IRELATIVE;
	int status = vet_table(vet, DT_RELA, indirect);
	return status ? status : vet_table(vet, DT_JMPREL, indirect);
}

static int vet_search_path(struct vet *vet)
{
	static const struct tag tags[] = {{DT_RPATH, "DT_RPATH"}, {DT_RUNPATH, "DT_RUNPATH"}, {0, NULL}};
	return refuse_tags(vet, tags, "it would load libraries from a place of its own; link it without -rpath");
}

static int vet_text_relocations(struct vet *vet)
{
	static const struct tag tags[] = {{DT_TEXTREL, "DT_TEXTREL"}, {0, NULL}};
	if (has_flag(vet, DT_FLAGS, DF_TEXTREL))
		return refuse(vet,
			      "has DF_TEXTREL: its code would be written to; compile it with -fPIC");
	return refuse_tags(vet, tags, "its code would be written to; compile it with -fPIC");
}

static int vet_unloading(struct vet *vet)
{
	if (has_flag(vet, DT_FLAGS_1, DF_1_NODELETE))
		return refuse(vet,
			      "is marked NODELETE and could never be unloaded; link it without -z nodelete");
	if (has_flag(vet, DT_FLAGS_1, DF_1_PIE))
		return refuse(vet, "is a program (DF_1_PIE), not a plugin; link it with -shared");
	for (uint64_t i = 1; i < vet->elf.symbol_count; i++) {
		Elf64_Sym symbol;
		elf_read_symbol(&vet->elf, i, &symbol);
		if (ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE)
			return refuse(vet,
				      "has a unique symbol and could never be unloaded; compile it with "
				      "-fno-gnu-unique");
	}
	return 0;
}

static int vet_tls(struct vet *vet)
{
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++)
		if (vet->elf.segment[i].p_type == PT_TLS)
			return refuse(vet,
				      "has thread-local storage (PT_TLS); kernels keep no state: remove it");
	return 0;
}

static int vet_stack(struct vet *vet)
{
	static const char remedy[] = "loading it would make every stack executable; link it with -z noexecstack";
	unsigned found = 0;
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++) {
		if (vet->elf.segment[i].p_type != PT_GNU_STACK)
			continue;
		found++;
		if (vet->elf.segment[i].p_flags & PF_X)
			return refuse(vet, "asks for an executable stack: %s", remedy);
	}
	return found ? 0 : refuse(vet, "does not say what stack it needs (PT_GNU_STACK): %s", remedy);
}

static int vet_writable_code(struct vet *vet)
{
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++) {
		uint32_t flags = vet->elf.segment[i].p_flags;
		if (vet->elf.segment[i].p_type == PT_LOAD && flags & PF_W && flags & PF_X)
			return refuse(vet,
				      "has a segment that is writable and executable; link it without -N or "
				      "a linker script that merges them");
	}
	return 0;
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

#ifdef TENON_SANITIZED
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
