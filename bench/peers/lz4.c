/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LZ4 over what a delta is before it is encoded, its mask and its payload, as one block. It adds no checksum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/peers.h"

static any_fn *compress, *decompress, *version_string;
static const struct symbol symbols[] = {
	{"LZ4_compress_default", &compress},
	{"LZ4_decompress_safe", &decompress},
	{"LZ4_versionString", &version_string},
};

typedef int lz4_fn(const char *source, char *target, int source_size, int target_size);

static bool open_lz4(char *message, size_t size)
{
	if (!OPEN_LIBRARY(symbols, message, size, "liblz4.so.1", "liblz4.so"))
		return false;
	snprintf(message, size, "%s", ((const char *(*)(void))version_string)());
	return true;
}

struct own {
	int size, capacity, length; /* of plain, of packed, of what is in it */
	char *plain, *packed, *copy;
};

static void run_compress(void *context, size_t times)
{
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < times; t++)
		own->length = ((lz4_fn *)compress)(own->plain, own->packed, own->size, own->capacity);
}

static void run_decompress(void *context, size_t times)
{
	struct own *own = ((struct trial *)context)->own;
	for (size_t t = 0; t < times; t++)
		((lz4_fn *)decompress)(own->packed, own->copy, own->length, own->size);
}

static bool prepare(struct trial *trial, const struct tenon_delta *delta)
{
	size_t mask = TENON_DELTA_WORDS(delta->size) * sizeof *delta->mask, size = mask + delta->size;
	struct own *own = make_memory(sizeof *own);
	*own = (struct own){(int)size,         (int)(size + size / 255 + 16),       0,
			    make_memory(size), make_memory(size + size / 255 + 16), make_memory(size)};
	memcpy(own->plain, delta->mask, mask);
	memcpy(own->plain + mask, delta->payload, delta->size);
	trial->own = own;
	return true;
}

static bool prepare_encode(struct trial *trial)
{
	return prepare(trial, ((const struct tenon_delta_encode_args *)trial->args)->delta);
}

/* The backends have decoded into this delta before. */
static bool prepare_decode(struct trial *trial)
{
	prepare(trial, ((const struct tenon_delta_decode_args *)trial->args)->delta);
	run_compress(trial, 1);
	return true;
}

static bool check_copy(struct trial *trial, const void *expected)
{
	struct own *own = trial->own;
	(void)expected;
	run_decompress(trial, 1);
	return check_bytes(trial, own->copy, own->plain, (size_t)own->size);
}

static void finish(struct trial *trial)
{
	struct own *own = trial->own;
	free(own->plain);
	free(own->packed);
	free(own->copy);
	free(own);
}

static const struct peer peers[] = {
	{.kernel = "delta_encode",
	 .name = "LZ4",
	 .run = run_compress,
	 .prepare = prepare_encode,
	 .check = check_copy,
	 .finish = finish},
	{.kernel = "delta_decode",
	 .name = "LZ4",
	 .run = run_decompress,
	 .prepare = prepare_decode,
	 .check = check_copy,
	 .finish = finish},
};
const struct library library_lz4 = {"LZ4", "Debian package liblz4-1", open_lz4, PEERS(peers)};
