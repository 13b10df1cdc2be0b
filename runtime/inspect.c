/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns tenon_delta_inspect(): the frame of an encoded delta, judged and put into words. Any thread; no state.
 */
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/thread.h"

enum { CHECKSUM = 4, KINDS = TENON_ENCODING_SPARSE + 1 };

#define refuse(why, ...) explain(why, TENON_ECORRUPT, "tenon_delta_inspect: " __VA_ARGS__)

static uint64_t get_number(const unsigned char *p, int bytes)
{
	uint64_t value = 0;
	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

static uint32_t sum(const unsigned char *p, size_t size)
{
	uint32_t result;
	struct tenon_crc32c_args args = {p, size, 0, &result};
	scalar_crc32c(&args, NULL);
	return result;
}

static int check_frame(const unsigned char *p, size_t length, struct why *why)
{
	if (length < TENON_DELTA_OVERHEAD)
		return refuse(why, "%zu bytes are no encoded delta, which has %d at least; was it cut?", length,
			      TENON_DELTA_OVERHEAD);
	if (memcmp(p, "TND\1", 4) != 0)
		return refuse(why, "it begins with %02x %02x %02x %02x; an encoded delta begins with 54 4e 44 01", p[0],
			      p[1], p[2], p[3]);
	if (p[4] >= KINDS)
		return refuse(why, "byte 4, the kind, is %d; %d is the highest", p[4], KINDS - 1);
	if (p[5] || p[6] || p[7])
		return refuse(why, "bytes 5 to 7 are %02x %02x %02x, but reserved: 0", p[5], p[6], p[7]);
	if (get_number(p + 16, 4) > TENON_DELTA_LIMIT)
		return refuse(why, "bytes 16 to 19, the size, are %u; TENON_DELTA_LIMIT is %u",
			      (unsigned)get_number(p + 16, 4), TENON_DELTA_LIMIT);
	if (get_number(p + 20, 4) != length - TENON_DELTA_OVERHEAD)
		return refuse(why, "it is %zu bytes long, and says that it has %zu; was it cut?", length,
			      (size_t)get_number(p + 20, 4) + TENON_DELTA_OVERHEAD);
	return 0;
}

static int inspect(const unsigned char *p, size_t length, struct tenon_delta_info *info, struct why *why)
{
	if (!info || (!p && length))
		return explain(why, TENON_EINVAL, "tenon_delta_inspect: %s is NULL", info ? "encoded" : "info");
	int status = check_frame(p, length, why);
	if (status)
		return status;
	uint32_t got = (uint32_t)get_number(p + length - CHECKSUM, CHECKSUM), want = sum(p, length - CHECKSUM);
	if (got != want)
		return refuse(why, "its checksum is %08x, that of its bytes %08x; they are damaged", got, want);
	*info = (struct tenon_delta_info){get_number(p + 8, 8), get_number(p + 16, 4), (enum tenon_encoding)p[4]};
	return 0;
}

TENON_PUBLIC int tenon_delta_inspect(const void *encoded, size_t length, struct tenon_delta_info *info)
{
	struct why why;
	int status = inspect(encoded, length, info, &why);
	return unlikely(status) ? report_failure(&why) : TENON_OK;
}
