/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this program is; see self.h.
 */
#include "build.h"

#include "tools/prove/self.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

static void find_build_id(const char *note, const char *end, char id[BUILD_ID_SIZE])
{
	while (note + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
		const char *name = note + sizeof *header;
		const unsigned char *bytes = (const unsigned char *)name + ((header->n_namesz + 3) & ~3u);
		if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
			for (unsigned i = 0; i < header->n_descsz && 2 * i + 2 < BUILD_ID_SIZE; i++)
				snprintf(id + 2 * i, 3, "%02x", bytes[i]);
		note = (const char *)bytes + ((header->n_descsz + 3) & ~3u);
	}
}

/* The program is the first object that is listed. */
static int read_program(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_NOTE) {
			const char *note = (const char *)object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
			find_build_id(note, note + object->dlpi_phdr[i].p_memsz, data);
		}
	return 1;
}

void read_build_id(char id[BUILD_ID_SIZE])
{
	*id = '\0';
	dl_iterate_phdr(read_program, id);
}
