/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Imports that never return, by their relocations; see endings.h.
 */
#include "build.h"

#include "tests/conform/endings.h"

#include <string.h>

/* What compilers and the headers of C call; runtime/imports.def, which has what a plugin may not import, has none of it. */
static const char *const names[] = {"__stack_chk_fail", "__chk_fail", "__fortify_fail", "__assert_fail", "abort"};

static bool never_returns(const struct elf *elf, uint64_t symbol_index)
{
	Elf64_Sym symbol;
	char name[32];
	if (!elf_read_symbol(elf, symbol_index, &symbol) || symbol.st_shndx != SHN_UNDEF ||
	    !elf_read_string(elf, symbol.st_name, name, sizeof name))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void read_table(const struct elf *elf, int64_t tag, struct endings *endings)
{
	uint64_t offset, count;
	Elf64_Rela relocation;
	if (!elf_find_relocations(elf, tag, &offset, &count))
		return;
	for (uint64_t i = 0; i < count && endings->count < ENDINGS_MAX; i++)
		if (elf_read(elf, offset + i * sizeof relocation, &relocation, sizeof relocation) &&
		    never_returns(elf, ELF64_R_SYM(relocation.r_info)))
			endings->slot[endings->count++] = relocation.r_offset;
}

void find_endings(struct elf *elf, struct endings *endings)
{
	endings->count = 0;
	if (elf_open_dynamic(elf))
		return;
	read_table(elf, DT_RELA, endings);
	read_table(elf, DT_JMPREL, endings);
}

bool is_ending(const struct endings *endings, uint64_t slot)
{
	for (size_t i = 0; slot && i < endings->count; i++)
		if (endings->slot[i] == slot)
			return true;
	return false;
}
