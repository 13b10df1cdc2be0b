/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stores: mapping, verifying and writing them. See store.h. No state of its own.
 */
#include "build.h"

#include "tools/demo/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "stores are little-endian"
#endif

static const char magic[8] = {'T', 'E', 'N', 'O', 'N', 'D', 'A', 'T'};
static const unsigned char zeros[STORE_ALIGN];

static size_t round_up(size_t size)
{
	return (size + STORE_ALIGN - 1) / STORE_ALIGN * STORE_ALIGN;
}

/*
 * Damage and truncation are what it is for, so one multiplication a word is enough. The data are numbers of any type: read
 * as words where they stand, they may be written later, by a compiler that sees both.
 */
uint32_t sum_words(uint32_t sum, const void *data, size_t size)
{
	for (const char *at = data, *end = at + size / 4 * 4; at < end; at += 4) {
		uint32_t word;
		memcpy(&word, at, sizeof word);
		sum = ((sum << 5 | sum >> 27) ^ word) * 0x9e3779b1u;
	}
	return sum;
}

static uint32_t sum_header(struct store_header header)
{
	header.header_sum = 0;
	return sum_words(0, &header, sizeof header);
}

static bool sections_fit(const struct store_header *header)
{
	if (header->sections > STORE_SECTIONS)
		return false;
	for (uint32_t i = 0; i < header->sections; i++) {
		uint64_t start = header->section[i].start, size = header->section[i].size;
		if (start % STORE_ALIGN != 0 || start < sizeof *header || start > header->size ||
		    size > header->size - start)
			return false;
	}
	return true;
}

/* What is wrong with the mapped file of that size, or NULL. */
static const char *judge(const struct store_header *header, size_t size, enum store_kind kind, uint64_t stamp)
{
	if (size < sizeof *header || memcmp(header->magic, magic, sizeof magic) != 0)
		return "not a store";
	if (header->version != STORE_VERSION)
		return "written by another version";
	if (header->header_sum != sum_header(*header) || header->size != size || size % STORE_ALIGN != 0 ||
	    !sections_fit(header))
		return "damaged header";
	if (header->kind != (uint32_t)kind)
		return "another kind of store";
	if (header->stamp != stamp)
		return "stale: its source has changed";
	if (header->sum != sum_words(0, header + 1, size - sizeof *header))
		return "damaged: wrong checksum";
	return NULL;
}

static int map_store(struct store *store, int fd, enum store_kind kind, uint64_t stamp, const char **wrong)
{
	struct stat status;
	*wrong = NULL;
	if (fstat(fd, &status) != 0)
		return -1;
	*wrong = "not a store";
	if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof *store->header)
		return -1;
	void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	*wrong = NULL;
	if (map == MAP_FAILED)
		return -1;
	*wrong = judge(map, (size_t)status.st_size, kind, stamp);
	if (*wrong) {
		munmap(map, (size_t)status.st_size);
		return -1;
	}
	store->header = map;
	return 0;
}

int open_store(struct store *store, const char *path, enum store_kind kind, uint64_t stamp, char *why, size_t size)
{
	const char *wrong = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || map_store(store, fd, kind, stamp, &wrong) != 0) {
		snprintf(why, size, "%s: %s", path, wrong ? wrong : strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int write_all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size > 0;) {
		ssize_t done = write(fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

/* Adds the part to the sum; what is left over of the last word goes in with its padding. */
static uint32_t sum_part(uint32_t sum, const struct store_part *part)
{
	unsigned char tail[STORE_ALIGN] = {0};
	size_t whole = part->size / STORE_ALIGN * STORE_ALIGN;
	sum = sum_words(sum, part->data, whole);
	if (part->size == whole)
		return sum;
	memcpy(tail, (const char *)part->data + whole, part->size - whole);
	return sum_words(sum, tail, sizeof tail);
}

static int write_store(int fd, struct store_header header, const struct store_part *parts)
{
	uint64_t at = sizeof header;
	memcpy(header.magic, magic, sizeof magic);
	header.version = STORE_VERSION;
	header.sum = 0;
	for (uint32_t i = 0; i < header.sections; i++) {
		header.section[i].start = at;
		header.section[i].size = parts[i].size;
		header.sum = sum_part(header.sum, &parts[i]);
		at += round_up(parts[i].size);
	}
	header.size = at;
	header.header_sum = sum_header(header);
	if (write_all(fd, &header, sizeof header) != 0)
		return -1;
	for (uint32_t i = 0; i < header.sections; i++)
		if (write_all(fd, parts[i].data, parts[i].size) != 0 ||
		    write_all(fd, zeros, round_up(parts[i].size) - parts[i].size) != 0)
			return -1;
	return 0;
}

/* A temporary file beside path, with its name in temporary; else a file in memory. */
static int create_store(const char *path, char *temporary, size_t size, bool *kept)
{
	int length = snprintf(temporary, size, "%s.XXXXXX", path);
	int fd = length < 0 || (size_t)length >= size ? -1 : mkostemp(temporary, O_CLOEXEC);
	*kept = fd >= 0;
	return *kept ? fd : memfd_create("tenon-demo", MFD_CLOEXEC);
}

int make_store(struct store *store, const char *path, const struct store_header *like, const struct store_part *parts,
	       bool *kept, char *why, size_t size)
{
	char temporary[4096];
	const char *wrong = NULL;
	int fd = create_store(path, temporary, sizeof temporary, kept);
	if (fd < 0 || fchmod(fd, 0644) != 0 || write_store(fd, *like, parts) != 0 ||
	    map_store(store, fd, (enum store_kind)like->kind, like->stamp, &wrong) != 0)
		goto failed;
	if (*kept && rename(temporary, path) != 0) {
		close_store(store);
		goto failed;
	}
	close(fd);
	return 0;
failed:
	snprintf(why, size, "%s: cannot write: %s", path, wrong ? wrong : strerror(errno));
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && *kept)
		unlink(temporary);
	return -1;
}

const void *store_section(const struct store *store, unsigned section, size_t element, size_t *count)
{
	const struct store_header *header = store->header;
	if (section >= header->sections) {
		*count = 0;
		return NULL;
	}
	*count = header->section[section].size / element;
	return (const char *)header + header->section[section].start;
}

void close_store(struct store *store)
{
	if (store->header)
		munmap((void *)(uintptr_t)store->header, store->header->size);
	store->header = NULL;
}
