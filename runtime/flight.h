/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The flight record: one call that went wrong, as a file that can be called again. This is the format, both ways. Writing
 * is async-signal-safe and stays within the room it is given; reading believes nothing. Pure; flights.c has the places
 * where records wait, tests/conform/replay.c calls them again. docs/ARCHITECTURE.md has the table of the format.
 */
#ifndef RUNTIME_FLIGHT_H
#define RUNTIME_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/regions.h"
#include "runtime/why.h"

#define FLIGHT_MAGIC "TNFLIGHT"
#define FLIGHT_SUFFIX ".tenon"
enum { FLIGHT_VERSION = 1 };

/* The room for a record, by default and at least; the largest file that is read, the largest region of a whole record. */
#define FLIGHT_ROOM ((size_t)1 << 20)
#define FLIGHT_ROOM_LEAST ((size_t)32 << 10)
#define FLIGHT_FILE_MAX ((size_t)16 << 20)
#define FLIGHT_REGION_MAX ((size_t)16 << 20)

/* Can it be called again? TOO_LARGE: inputs did not fit. NOT_KEPT: what it changes in place was not kept. */
enum flight_cut { FLIGHT_WHOLE, FLIGHT_TOO_LARGE, FLIGHT_NOT_KEPT, FLIGHT_CUTS };

/* The record is of the part of a larger call that differed; what a workspace held was not kept. */
enum flight_flags { FLIGHT_IS_SHARE = 1, FLIGHT_NO_STATE = 2, FLIGHT_FLAGS = 3 };

/* All of a file is little-endian. Text ends with a 0. */
struct flight_header {
	char magic[8];
	uint32_t version, header_size;
	uint64_t size;   /* of the file, with its checksum */
	uint32_t kernel; /* id */
	uint32_t regions, region_size;
	uint32_t cut, cut_region; /* enum flight_cut, and the first region that is not whole */
	uint32_t flags;
	int32_t got_status, want_status;
	uint32_t signal;       /* of a fault; 0: the answers differed */
	uint32_t first_region; /* where they do first; `regions` if only the status does */
	uint64_t first_index;  /* element */
	uint64_t process, thread, core;
	uint64_t time; /* nanoseconds since 1970 */
	char backend[32], version_text[16], build_id[72], path[1024], cpu[64], program[32], tenon[16];
};

/* Bytes begin ... begin + size - 1 of a region are at byte `at` of the file. */
struct flight_part {
	uint64_t begin, size, at;
};

/* A struct region as the file has it; pointers in structs are 0. After the regions: their parts, then CRC-32C. */
struct flight_region {
	char name[24];
	uint64_t size, lead;
	uint32_t at;
	uint8_t role, kind;
	int8_t parent, alias;
	uint8_t is_inside, is_null;        /* an empty one may have had an address all the same */
	uint8_t misalignment, reserved[5]; /* its address modulo 64 */
	struct flight_part before, got, want;
};

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

struct flight_facts {
	const char *backend, *version, *build_id, *path, *cpu, *program;
	int got_status, want_status;
	int signal;
	uint64_t process, thread, core, time;
};

/*
 * The call after the backend's answer, and the copy that scalar answered. kept is what save_regions(got, kept_roles)
 * had kept before, NULL for nothing. After a fault only the inputs of got are looked at, and want may be got itself.
 */
struct flight_call {
	const struct regions *got, *want;
	unsigned kept_roles;
	const void *kept;
};

/*
 * Writes a record into room bytes, FLIGHT_ROOM_LEAST or more; returns its size. Of a call that does not fit the share in
 * which the answers differ is recorded; where that does not fit either, arguments and windows of its memory.
 */
size_t write_flight(const struct flight_facts *facts, const struct flight_call *call, void *to, size_t room);

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* A record within bytes that belong to the caller. */
struct flight {
	const unsigned char *bytes;
	size_t size;
	const struct flight_header *header;
	const struct flight_region *region;
	int kernel; /* index */
};

/* bytes: 8-byte aligned. 0, or TENON_ECORRUPT with why naming field, offset and value. */
int read_flight(const void *bytes, size_t size, struct flight *flight, struct why *why);

/* Why it cannot be called again, in words; 0 and "" if it can. */
int judge_flight(const struct flight *flight, struct why *why);

/*
 * To call it again: list_flight() gives the sizes of the regions; the caller sets `base` of each that has_own_memory(), at
 * flight->region[i].misalignment from a 64-byte boundary; fill_flight() puts everything there and checks that it is a legal
 * call with just that memory. TENON_ECORRUPT with why if not. Memory that is no workspace's is then safe to call with.
 */
void list_flight(const struct flight *flight, struct regions *regions);
int fill_flight(const struct flight *flight, struct regions *regions, struct why *why);

#endif
