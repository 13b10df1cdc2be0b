/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a fuzzer over the files of a folder, once each: `replay_NAME [FOLDER]`, by default its corpus. Speaks TAP.
 */
#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { FILE_LIMIT = 1 << 16 };

static int replay(const char *folder, const char *name)
{
	static uint8_t bytes[FILE_LIMIT];
	char path[2 * PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		return -1;
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	/* A copy of just that size, so that a tool sees what is read behind it. */
	uint8_t *copy = malloc(size + !size);
	if (!copy)
		return -1;
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

int main(int argc, char **argv)
{
	char folder[PATH_MAX];
	const char *top = getenv("top_srcdir"), *name = strrchr(argv[0], '_');
	int files = 0;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top ? top : ".", name ? name + 1 : "");
	DIR *stream = opendir(argc > 1 ? argv[1] : folder);
	if (!stream) {
		printf("Bail out! no folder %s\n", argc > 1 ? argv[1] : folder);
		return 1;
	}
	LLVMFuzzerInitialize(&argc, &argv);
	for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
		if (entry->d_name[0] != '.') {
			int status = replay(argc > 1 ? argv[1] : folder, entry->d_name);
			printf("%sok %d - %s\n", status ? "not " : "", ++files, entry->d_name);
		}
	closedir(stream);
	printf("1..%d\n", files);
	return files == 0;
}
