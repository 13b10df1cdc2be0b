/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU's microcode; see microcode.h.
 */
#include "runtime/microcode.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The kernel says it for each CPU; the first will do. aarch64 has no microcode, but a revision. */
void read_microcode(char *text, size_t size)
{
	char start[2048];
	int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, start, sizeof start - 1);
	if (file >= 0)
		close(file);
	start[length > 0 ? length : 0] = '\0';
	const char *line = strstr(start, "\nmicrocode");
	if (!line)
		line = strstr(start, "\nCPU revision");
	const char *value = line ? strchr(line, ':') : NULL;
	value = value ? value + 1 + strspn(value + 1, " ") : "unknown";
	snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
}
