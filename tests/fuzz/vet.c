/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes the judgement of backend files. The first byte of an input chooses what the others are:
 *
 *     0   a file, as it is
 *     1   changes of scalar.so of this build: in turn two bytes of where (of its first 64 KiB), one of how many bytes
 *         (0 to 8), and those bytes; what is left over, less than such an entry, cuts as many bytes off the end
 *
 * Whatever the bytes, every rule has a verdict, twice the same, a refusal has a text, and what is accepted has a name, an
 * entry and a build-id. The copy has just its size, so that the address sanitizer sees what is read behind it.
 */
#include "tests/fuzz/fuzz.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

#include "runtime/file.h"
#include "runtime/vet.h"

static struct cpu cpu;
static struct file base;

/* What is behind the last segment nobody reads: without it there is less to copy. */
static size_t find_end(const struct file *file)
{
	Elf64_Ehdr header;
	size_t end = 0;
	memcpy(&header, file->bytes, sizeof header);
	for (int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		memcpy(&segment, file->bytes + header.e_phoff + (size_t)i * sizeof segment, sizeof segment);
		if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end)
			end = segment.p_offset + segment.p_filesz;
	}
	return end;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *folder = getenv("TENON_BACKEND_PATH");
	char path[PATH_MAX];
	struct why why = {0};
	(void)argc;
	(void)argv;
	probe_cpu(&cpu);
	snprintf(path, sizeof path, "%s/scalar.so", folder ? folder : "backends/.libs");
	MUST(read_file(path, BACKEND_FILE_MAX, TENON_EREFUSED, &base, &why) == 0, "%s", why.text);
	base.size = find_end(&base);
	struct vetted vetted;
	int status = vet_bytes(base.bytes, base.size, path, &cpu, &vetted, &why);
	MUST(status == 0, "the plugin to change is refused: %s", why.text);
	return 0;
}

static size_t change(unsigned char *file, const uint8_t *data, size_t size)
{
	size_t length = base.size;
	memcpy(file, base.bytes, length);
	while (size >= 3 && size - 3 >= data[2] % 9u) {
		size_t at = (size_t)data[0] << 8 | data[1], count = data[2] % 9u;
		if (at + count <= length)
			memcpy(file + at, data + 3, count);
		data += 3 + count;
		size -= 3 + count;
	}
	return length - size;
}

struct verdicts {
	unsigned rules, refused;
	uint64_t hash;
};

static void note(void *user, const char *rule, int verdict, const char *text)
{
	struct verdicts *v = user;
	MUST(rule && *rule && text && *text, "a verdict %d without a word", verdict);
	v->rules++;
	v->refused += verdict < 0;
	for (const char *c = text; *c; c++)
		v->hash = v->hash * 31 + (unsigned char)*c;
}

static int judge(const unsigned char *bytes, size_t size, struct vetted *vetted, struct verdicts *v)
{
	struct why why = {0};
	*v = (struct verdicts){0};
	int status = vet_every_rule(bytes, size, "it", &cpu, vetted, note, v, &why);
	MUST(!status == !v->refused, "status %d, but %u rules refused", status, v->refused);
	MUST(!status || (why.status == status && *why.text), "a refusal without a reason");
	MUST(!status || status == TENON_EREFUSED || status == TENON_EUNSUPPORTED, "status %d", status);
	return status;
}

static void judge_twice(const unsigned char *bytes, size_t size)
{
	struct vetted vetted, again;
	struct verdicts one, two;
	struct why why;
	int status = judge(bytes, size, &vetted, &one);
	MUST(judge(bytes, size, &again, &two) == status && one.hash == two.hash && one.rules == two.rules, "two verdicts differ");
	int quick = vet_bytes(bytes, size, "it", &cpu, &again, &why);
	MUST(!quick == !status, "all rules say %d, the first that refuses %d", status, quick);
	MUST(status || (*vetted.name && *vetted.build_id && vetted.abi_min <= vetted.abi_max), "accepted, but it is nobody");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t limit = base.size > size ? base.size : size;
	unsigned char *whole = size ? malloc(limit) : NULL;
	if (!whole)
		return 0;
	size_t length = data[0] & 1 ? change(whole, data + 1, size - 1) : size - 1;
	if (!(data[0] & 1))
		memcpy(whole, data + 1, length);
	unsigned char *exact = length == limit ? whole : realloc(whole, length + !length);
	if (exact)
		judge_twice(exact, length);
	free(exact ? exact : whole);
	return 0;
}
