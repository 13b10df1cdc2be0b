/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules about what the dynamic linker would do with a backend file: what it exports and imports, what would run, what
 * would come with it, and whether it could leave again. No state, no threads.
 */
#include <string.h>

#include "runtime/vet_rules.h"

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

int vet_exports(struct vet *vet)
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

int vet_constructors(struct vet *vet)
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

/* The dynamic linker is there already; on aarch64 it has the canary of -fstack-protector. */
static bool may_be_needed(const char *name)
{
	return strcmp(name, "libc.so.6") == 0 || strcmp(name, "libm.so.6") == 0 ||
	       strcmp(name, "ld-linux-aarch64.so.1") == 0;
}

int vet_libraries(struct vet *vet)
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
		if (!readable || !may_be_needed(name))
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
			return refuse(vet, "imports %s: it %s; kernels are pure functions: remove the call", name,
				      forbidden[i].deed);
	return 0;
}

int vet_imports(struct vet *vet)
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
			return refuse(vet, "has an ifunc: the dynamic linker would run code of the file while it loads "
					   "it; choose by "
					   "several entries with different needs");
	}
	return 0;
}

/* An exported ifunc is refused as an export that is not a function. */
int vet_ifuncs(struct vet *vet)
{
	uint32_t indirect = vet->elf.header.e_machine == EM_AARCH64 ? R_AARCH64_IRELATIVE : R_X86_64_IRELATIVE;
	int status = vet_table(vet, DT_RELA, indirect);
	return status ? status : vet_table(vet, DT_JMPREL, indirect);
}

int vet_search_path(struct vet *vet)
{
	static const struct tag tags[] = {{DT_RPATH, "DT_RPATH"}, {DT_RUNPATH, "DT_RUNPATH"}, {0, NULL}};
	return refuse_tags(vet, tags, "it would load libraries from a place of its own; link it without -rpath");
}

int vet_text_relocations(struct vet *vet)
{
	static const struct tag tags[] = {{DT_TEXTREL, "DT_TEXTREL"}, {0, NULL}};
	if (has_flag(vet, DT_FLAGS, DF_TEXTREL))
		return refuse(vet, "has DF_TEXTREL: its code would be written to; compile it with -fPIC");
	return refuse_tags(vet, tags, "its code would be written to; compile it with -fPIC");
}

int vet_unloading(struct vet *vet)
{
	if (has_flag(vet, DT_FLAGS_1, DF_1_NODELETE))
		return refuse(vet, "is marked NODELETE and could never be unloaded; link it without -z nodelete");
	if (has_flag(vet, DT_FLAGS_1, DF_1_PIE))
		return refuse(vet, "is a program (DF_1_PIE), not a plugin; link it with -shared");
	for (uint64_t i = 1; i < vet->elf.symbol_count; i++) {
		Elf64_Sym symbol;
		elf_read_symbol(&vet->elf, i, &symbol);
		if (ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE)
			return refuse(vet, "has a unique symbol and could never be unloaded; compile it with "
					   "-fno-gnu-unique");
	}
	return 0;
}

int vet_tls(struct vet *vet)
{
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++)
		if (vet->elf.segment[i].p_type == PT_TLS)
			return refuse(vet, "has thread-local storage (PT_TLS); kernels keep no state: remove it");
	return 0;
}

int vet_stack(struct vet *vet)
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

int vet_writable_code(struct vet *vet)
{
	for (unsigned i = 0; i < vet->elf.header.e_phnum; i++) {
		uint32_t flags = vet->elf.segment[i].p_flags;
		if (vet->elf.segment[i].p_type == PT_LOAD && flags & PF_W && flags & PF_X)
			return refuse(vet, "has a segment that is writable and executable; link it without -N or "
					   "a linker script that merges them");
	}
	return 0;
}
