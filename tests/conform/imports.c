/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counting a plugin's calls to the allocator: its relocations for those functions are pointed at ours. State: the count.
 */
#include "build.h"

#include "tests/conform/imports.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned long allocations;

unsigned long count_allocations(void)
{
	return allocations;
}

/* ---- Counters ---------------------------------------------------------------------------------------------------- */

static void *count_malloc(size_t size)
{
	allocations++;
	return malloc(size);
}

static void *count_calloc(size_t count, size_t size)
{
	allocations++;
	return calloc(count, size);
}

static void *count_realloc(void *memory, size_t size)
{
	allocations++;
	return realloc(memory, size);
}

static void *count_aligned_alloc(size_t align, size_t size)
{
	allocations++;
	return aligned_alloc(align, size);
}

static int count_posix_memalign(void **memory, size_t align, size_t size)
{
	allocations++;
	return posix_memalign(memory, align, size);
}

static void count_free(void *memory)
{
	allocations++;
	free(memory);
}

static const struct {
	const char *name;
	void *function;
} counters[] = {
	{"malloc", (void *)count_malloc},
	{"calloc", (void *)count_calloc},
	{"realloc", (void *)count_realloc},
	{"aligned_alloc", (void *)count_aligned_alloc},
	{"posix_memalign", (void *)count_posix_memalign},
	{"free", (void *)count_free},
};

/* ---- Relocations ------------------------------------------------------------------------------------------------- */

struct dynamic {
	uintptr_t base;
	const char *strings;
	const ElfW(Sym) * symbols;
	const ElfW(Rela) * table[2];
	size_t size[2];
};

/* glibc adds the base to the addresses in the dynamic section where it may write to it. */
static const void *resolve(uintptr_t base, uintptr_t address)
{
	return (const void *)(address < base ? base + address : address);
}

static struct dynamic read_dynamic(const struct link_map *map)
{
	struct dynamic d = {.base = map->l_addr};
	for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
		switch (entry->d_tag) {
		case DT_STRTAB: d.strings = resolve(d.base, entry->d_un.d_ptr); break;
		case DT_SYMTAB: d.symbols = resolve(d.base, entry->d_un.d_ptr); break;
		case DT_RELA: d.table[0] = resolve(d.base, entry->d_un.d_ptr); break;
		case DT_RELASZ: d.size[0] = entry->d_un.d_val; break;
		case DT_JMPREL: d.table[1] = resolve(d.base, entry->d_un.d_ptr); break;
		case DT_PLTRELSZ: d.size[1] = entry->d_un.d_val; break;
		default: break;
		}
	return d;
}

/* The slot may be in memory that was made read-only after relocation. */
static void write_slot(uintptr_t address, void *function)
{
	uintptr_t page = address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	if (mprotect((void *)page, address + sizeof function - page, PROT_READ | PROT_WRITE) == 0)
		memcpy((void *)address, &function, sizeof function);
}

static void redirect_one(const struct dynamic *d, const ElfW(Rela) * relocation)
{
	const char *name = d->strings + d->symbols[ELF64_R_SYM(relocation->r_info)].st_name;
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		if (strcmp(name, counters[i].name) == 0)
			write_slot(d->base + relocation->r_offset, counters[i].function);
}

void redirect_imports(void *handle)
{
	struct link_map *map;
	if (dlinfo(handle, RTLD_DI_LINKMAP, &map))
		return;
	struct dynamic d = read_dynamic(map);
	for (int t = 0; t < 2 && d.strings && d.symbols; t++)
		for (size_t i = 0; d.table[t] && i < d.size[t] / sizeof *d.table[t]; i++)
			if (ELF64_R_SYM(d.table[t][i].r_info))
				redirect_one(&d, &d.table[t][i]);
}
