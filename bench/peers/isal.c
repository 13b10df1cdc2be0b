/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * isa-l: CRC-32C under the name iSCSI, with a state that it inverts at neither end.
 */
#include <limits.h>

#include "bench/peers/peers.h"

static any_fn *crc32_iscsi;
static const struct symbol symbols[] = {{"crc32_iscsi", &crc32_iscsi}};

typedef unsigned crc_fn(const void *data, int size, unsigned crc);

static bool open_isal(char *message, size_t size)
{
	return OPEN_LIBRARY(symbols, message, size, "libisal.so.2", "libisal.so");
}

static bool fits(struct trial *trial)
{
	return ((const struct tenon_crc32c_args *)trial->args)->size <= INT_MAX;
}

static void run_crc(void *context, size_t times)
{
	const struct tenon_crc32c_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		*a->result = ~((crc_fn *)crc32_iscsi)(a->data, (int)a->size, ~a->crc);
}

static bool check_crc(struct trial *trial, const void *expected)
{
	return check_bytes(trial, trial->race->output, expected, trial->race->size);
}

static const struct peer peers[] = {
	{.kernel = "crc32c", .name = "isa-l", .run = run_crc, .prepare = fits, .check = check_crc},
};
const struct library library_isal = {"isa-l", "Debian package libisal2", open_isal, PEERS(peers)};
