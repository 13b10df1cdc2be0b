/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bounded, unaligned-safe reads of an ELF64 little-endian image that nobody has vouched for. Every read is checked
 * against the image; nothing recurses or allocates. Judges nothing: vet.c does. No state, no threads.
 */
#ifndef RUNTIME_ELF_H
#define RUNTIME_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 64
#define ELF_DYNAMIC_MAX 256
#define ELF_SYMBOLS_MAX 65536

struct elf {
	const unsigned char *bytes;
	size_t size;
	Elf64_Ehdr header;
	Elf64_Phdr segment[ELF_SEGMENTS_MAX]; /* header.e_phnum of them */
	Elf64_Dyn dynamic[ELF_DYNAMIC_MAX];   /* up to DT_NULL */
	size_t dynamic_count;
	uint64_t symbols; /* file offset */
	uint64_t symbol_count;
	uint64_t strings, strings_size;
};

/* A note; the name and the description are file offsets. */
struct elf_note {
	uint32_t type, name_size, desc_size;
	uint64_t name, desc;
};

/* Copies size bytes at a file offset; false if they are not all in the file. */
bool elf_read(const struct elf *elf, uint64_t offset, void *out, size_t size);

/* The file offset of size bytes at a virtual address; false if no loaded segment has all of them in the file. */
bool elf_locate(const struct elf *elf, uint64_t address, uint64_t size, uint64_t *offset);

/* How often a tag stands in the dynamic section; *value is the last one's, which the loader obeys; else 0. */
size_t elf_find_tag(const struct elf *elf, int64_t tag, uint64_t *value);

/* Copies the string at a string table index, cut to size; false if it is not a terminated string of the table. */
bool elf_read_string(const struct elf *elf, uint64_t index, char *out, size_t size);

bool elf_read_symbol(const struct elf *elf, uint64_t index, Elf64_Sym *symbol);

/*
 * Where a table of relocations lies in the file (tag DT_RELA or DT_JMPREL), and how many it has; none if it is not
 * there. False if it is not in the file.
 */
bool elf_find_relocations(const struct elf *elf, int64_t tag, uint64_t *offset, uint64_t *count);

/* Walks the notes of all PT_NOTE segments: start with *segment = 0 and *offset = 0; false at the end. */
bool elf_next_note(const struct elf *elf, size_t *segment, uint64_t *offset, struct elf_note *note);

/*
 * The three steps of taking an image in, in this order; each says what is wrong, or NULL. Later functions may be called
 * only after the steps that fill what they read.
 */
const char *elf_open(struct elf *elf, const void *bytes, size_t size);
const char *elf_check_segments(const struct elf *elf);
const char *elf_open_dynamic(struct elf *elf);

#endif
