/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads hostile ELF images: see elf.h. Offsets and sizes are 64-bit and compared by subtraction, so that no sum wraps.
 */
#include "runtime/elf.h"

#include <string.h>

#define PAGE 4096

static bool in_file(const struct elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

bool elf_read(const struct elf *elf, uint64_t offset, void *out, size_t size)
{
	if (!in_file(elf, offset, size))
		return false;
	memcpy(out, elf->bytes + offset, size);
	return true;
}

/* ---- Header and segments ----------------------------------------------------------------------------------------- */

const char *elf_open(struct elf *elf, const void *bytes, size_t size)
{
	memset(elf, 0, sizeof *elf);
	elf->bytes = bytes;
	elf->size = size;
	Elf64_Ehdr *header = &elf->header;
	if (!elf_read(elf, 0, header, sizeof *header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return "is not an ELF file";
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return "is not a 64-bit little-endian ELF file";
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return "has an ELF version other than 1";
	if (header->e_type != ET_DYN)
		return "is not a shared object (ET_DYN); link it with -shared";
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
		return "has no program headers of the usual size";
	if (header->e_phnum > ELF_SEGMENTS_MAX)
		return "has more than 64 program headers";
	if (!elf_read(elf, header->e_phoff, elf->segment, header->e_phnum * sizeof(Elf64_Phdr)))
		return "is cut off: its program headers are not in the file";
	return NULL;
}

/* The loader maps by page and in order; anything else would make one address mean two places. */
static const char *check_load(const Elf64_Phdr *load, uint64_t *end)
{
	if (load->p_filesz > load->p_memsz || load->p_memsz > UINT64_MAX / 2 || load->p_vaddr > UINT64_MAX / 2)
		return "has a segment whose sizes make no sense";
	if (load->p_align < PAGE || (load->p_align & (load->p_align - 1)) ||
	    (load->p_vaddr - load->p_offset) % load->p_align)
		return "has a loaded segment that is not aligned";
	if (load->p_vaddr / PAGE * PAGE < *end)
		return "has loaded segments that overlap or are out of order";
	*end = (load->p_vaddr + load->p_memsz + PAGE - 1) / PAGE * PAGE;
	return NULL;
}

const char *elf_check_segments(const struct elf *elf)
{
	unsigned loads = 0, dynamics = 0;
	uint64_t end = 0;
	for (unsigned i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr *segment = &elf->segment[i];
		if (!in_file(elf, segment->p_offset, segment->p_filesz))
			return "is cut off: a segment is not in the file";
		if (segment->p_type == PT_INTERP)
			return "is a program, not a plugin (PT_INTERP); link it with -shared";
		dynamics += segment->p_type == PT_DYNAMIC;
		if (segment->p_type != PT_LOAD)
			continue;
		loads++;
		const char *problem = check_load(segment, &end);
		if (problem)
			return problem;
	}
	if (loads == 0)
		return "has no loaded segment";
	return dynamics == 1 ? NULL : "does not have exactly one dynamic section";
}

bool elf_locate(const struct elf *elf, uint64_t address, uint64_t size, uint64_t *offset)
{
	for (unsigned i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr *load = &elf->segment[i];
		if (load->p_type != PT_LOAD || address < load->p_vaddr)
			continue;
		uint64_t into = address - load->p_vaddr;
		if (into > load->p_filesz || size > load->p_filesz - into)
			continue;
		*offset = load->p_offset + into;
		return true;
	}
	return false;
}

/* ---- Dynamic section --------------------------------------------------------------------------------------------- */

size_t elf_find_tag(const struct elf *elf, int64_t tag, uint64_t *value)
{
	size_t found = 0;
	*value = 0;
	for (size_t i = 0; i < elf->dynamic_count; i++) {
		if (elf->dynamic[i].d_tag != tag)
			continue;
		*value = elf->dynamic[i].d_un.d_val;
		found++;
	}
	return found;
}

/* The loader goes by address, so we must too: the file offset may point at a decoy. */
static const char *read_dynamic(struct elf *elf)
{
	const Elf64_Phdr *segment = elf->segment;
	while (segment->p_type != PT_DYNAMIC)
		segment++;
	uint64_t offset, count = segment->p_filesz / sizeof(Elf64_Dyn);
	if (!elf_locate(elf, segment->p_vaddr, segment->p_filesz, &offset) || offset != segment->p_offset)
		return "has a dynamic section that is not where its address says";
	for (uint64_t i = 0; i < count && i < ELF_DYNAMIC_MAX; i++) {
		elf_read(elf, offset + i * sizeof(Elf64_Dyn), &elf->dynamic[i], sizeof(Elf64_Dyn));
		if (elf->dynamic[i].d_tag == DT_NULL)
			return NULL;
		elf->dynamic_count++;
	}
	return "has a dynamic section that does not end, or has more than 256 entries";
}

/* Symbols are counted as the loader finds them: by the hash tables. False if a table is not all in the file. */
static bool count_hashed(struct elf *elf, uint64_t address)
{
	uint32_t header[2];
	uint64_t at;
	if (!elf_locate(elf, address, sizeof header, &at) || !elf_read(elf, at, header, sizeof header))
		return false;
	elf->symbol_count = header[1];
	return elf_locate(elf, address, 8 + 4 * ((uint64_t)header[0] + header[1]), &at);
}

/* The last bucket's chain holds the highest index; a set low bit ends it. */
static bool count_gnu_hashed(struct elf *elf, uint64_t address)
{
	uint32_t header[4], last = 0, entry = 0;
	uint64_t at;
	if (!elf_locate(elf, address, sizeof header, &at) || !elf_read(elf, at, header, sizeof header))
		return false;
	uint64_t buckets = address + 16 + 8 * (uint64_t)header[2];
	if (!elf_locate(elf, buckets, 4 * (uint64_t)header[0], &at))
		return false;
	for (uint64_t i = 0; i < header[0]; i++)
		if (elf_read(elf, at + 4 * i, &entry, sizeof entry) && entry > last)
			last = entry;
	uint64_t count = header[1];
	uint64_t chains = buckets + 4 * (uint64_t)header[0];
	if (last && last < header[1])
		return false;
	for (entry = !last; !(entry & 1); count = ++last)
		if (!elf_locate(elf, chains + 4 * (uint64_t)(last - header[1]), 4, &at) ||
		    !elf_read(elf, at, &entry, sizeof entry))
			return false;
	if (count > elf->symbol_count)
		elf->symbol_count = count;
	return true;
}

static const char *read_symbols(struct elf *elf)
{
	uint64_t table, entry_size, hash;
	if (elf_find_tag(elf, DT_SYMTAB, &table) != 1 || elf_find_tag(elf, DT_SYMENT, &entry_size) != 1 ||
	    entry_size != sizeof(Elf64_Sym))
		return "has no symbol table of the usual kind";
	size_t hashes = elf_find_tag(elf, DT_HASH, &hash);
	if (hashes > 1 || (hashes && !count_hashed(elf, hash)))
		return "has a hash table (DT_HASH) that is not in the file";
	size_t gnu_hashes = elf_find_tag(elf, DT_GNU_HASH, &hash);
	if (gnu_hashes > 1 || (gnu_hashes && !count_gnu_hashed(elf, hash)))
		return "has a hash table (DT_GNU_HASH) that is not in the file";
	if (!hashes && !gnu_hashes)
		return "has no symbol hash table";
	if (elf->symbol_count > ELF_SYMBOLS_MAX)
		return "has more than 65536 dynamic symbols";
	if (!elf_locate(elf, table, elf->symbol_count * sizeof(Elf64_Sym), &elf->symbols))
		return "has a symbol table that is not in the file";
	return NULL;
}

const char *elf_open_dynamic(struct elf *elf)
{
	const char *problem = read_dynamic(elf);
	if (problem)
		return problem;
	uint64_t strings;
	if (elf_find_tag(elf, DT_STRTAB, &strings) != 1 || elf_find_tag(elf, DT_STRSZ, &elf->strings_size) != 1 ||
	    !elf_locate(elf, strings, elf->strings_size, &elf->strings))
		return "has no string table, or one that is not in the file";
	return read_symbols(elf);
}

bool elf_read_string(const struct elf *elf, uint64_t index, char *out, size_t size)
{
	out[0] = '\0';
	if (index >= elf->strings_size)
		return false;
	const char *string = (const char *)elf->bytes + elf->strings + index;
	const char *end = memchr(string, '\0', elf->strings_size - index);
	if (!end)
		return false;
	size_t length = (size_t)(end - string);
	if (length >= size)
		length = size - 1;
	memcpy(out, string, length);
	out[length] = '\0';
	return true;
}

bool elf_read_symbol(const struct elf *elf, uint64_t index, Elf64_Sym *symbol)
{
	return index < elf->symbol_count &&
	       elf_read(elf, elf->symbols + index * sizeof *symbol, symbol, sizeof *symbol);
}

/* ---- Relocations ------------------------------------------------------------------------------------------------- */

bool elf_find_relocations(const struct elf *elf, int64_t tag, uint64_t *offset, uint64_t *count)
{
	uint64_t address, bytes;
	*offset = *count = 0;
	if (!elf_find_tag(elf, tag, &address) || !elf_find_tag(elf, tag == DT_JMPREL ? DT_PLTRELSZ : DT_RELASZ, &bytes))
		return true;
	*count = bytes / sizeof(Elf64_Rela);
	return elf_locate(elf, address, bytes, offset);
}

/* ---- Notes ------------------------------------------------------------------------------------------------------- */

static uint64_t pad(uint64_t size, uint64_t align)
{
	return (size + align - 1) / align * align;
}

/* The note at offset into a segment; false if it does not fit. */
static bool read_note(const struct elf *elf, const Elf64_Phdr *segment, uint64_t *offset, struct elf_note *note)
{
	uint64_t align = segment->p_align == 8 ? 8 : 4, left = segment->p_filesz - *offset;
	Elf64_Nhdr header;
	if (left < sizeof header || !elf_read(elf, segment->p_offset + *offset, &header, sizeof header))
		return false;
	uint64_t desc = pad(sizeof header + (uint64_t)header.n_namesz, align);
	if (desc > left || header.n_descsz > left - desc)
		return false;
	note->type = header.n_type;
	note->name_size = header.n_namesz;
	note->desc_size = header.n_descsz;
	note->name = segment->p_offset + *offset + sizeof header;
	note->desc = segment->p_offset + *offset + desc;
	uint64_t whole = pad(desc + header.n_descsz, align);
	*offset += whole < left ? whole : left;
	return true;
}

bool elf_next_note(const struct elf *elf, size_t *segment, uint64_t *offset, struct elf_note *note)
{
	for (; *segment < elf->header.e_phnum; ++*segment, *offset = 0)
		if (elf->segment[*segment].p_type == PT_NOTE && read_note(elf, &elf->segment[*segment], offset, note))
			return true;
	return false;
}
