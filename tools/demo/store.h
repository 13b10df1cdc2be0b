/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store: one file of arrays that the demo maps and uses in place, so that a second run parses nothing. Little-endian:
 * a header of 512 bytes, then sections that start at multiples of 64. tools/convert-vectors.mjs writes the same format;
 * change both, and STORE_VERSION, together. A store is immutable once open; any thread may read it.
 */
#ifndef TOOLS_DEMO_STORE_H
#define TOOLS_DEMO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_VERSION = 1, STORE_SECTIONS = 28, STORE_ALIGN = 64 };
enum store_kind { STORE_WORDNET = 1, STORE_VECTORS = 2 };

struct store_header {
	char magic[8]; /* "TENONDAT" */
	uint32_t version;
	uint32_t kind;
	uint32_t count; /* synsets or vectors */
	uint32_t dim;
	uint32_t sum;        /* sum_words() of all that follows the header */
	uint32_t header_sum; /* of the header, with this member 0 */
	uint64_t size;       /* of the file */
	uint64_t stamp;      /* what it was made from; a store with another stamp is stale */
	uint32_t sections;
	uint32_t reserved[3];
	struct {
		uint64_t start, size;
	} section[STORE_SECTIONS];
};
_Static_assert(sizeof(struct store_header) == 512, "the header is part of the format");

struct store {
	const struct store_header *header; /* NULL: not open */
};

struct store_part {
	const void *data;
	size_t size;
};

/* Maps and verifies path. Returns 0, or -1 with the reason in why: absent, stale, damaged. */
int open_store(struct store *store, const char *path, enum store_kind kind, uint64_t stamp, char *why, size_t size);

/*
 * Writes the parts as a store to path, whole or not at all, and opens it. Where the folder cannot be written the store
 * lives in memory and *kept is false. Returns 0, or -1 with the reason in why.
 */
int make_store(struct store *store, const char *path, const struct store_header *like, const struct store_part *parts,
	       bool *kept, char *why, size_t size);

/* The elements of a section, and how many there are. */
const void *store_section(const struct store *store, unsigned section, size_t element, size_t *count);

void close_store(struct store *store);

/* The checksum of size bytes, a multiple of 4; sum continues an earlier one, 0 starts. */
uint32_t sum_words(uint32_t sum, const void *data, size_t size);

#endif
