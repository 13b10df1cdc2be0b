/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --output: written beside its final name and renamed when complete, so that a reader never sees half a report. Called
 * from the main thread of the tool; the one piece of state is the temporary name, which a fatal signal removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tool.h"

static char final_path[PATH_MAX];
static char temporary_path[PATH_MAX + 32]; /* "" when nothing is to be renamed */

static void remove_temporary(int signal_number)
{
	unlink(temporary_path);
	raise(signal_number); /* SA_RESETHAND: the default action */
}

/* Leaves alone what the launcher ignores, as nohup does with SIGHUP. */
static void remove_at_signal(int signal_number)
{
	struct sigaction old, action = {.sa_handler = remove_temporary, .sa_flags = (int)SA_RESETHAND};
	if (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(signal_number, &action, NULL);
}

static int cannot(struct tool *tool, const char *verb, const char *path)
{
	return fail(tool, EXIT_USAGE, "cannot %s %s: %s", verb, path, strerror(errno));
}

static int open_temporary(struct tool *tool, const char *path, mode_t mode, bool keep_mode)
{
	if (!realpath(path, final_path))
		snprintf(final_path, sizeof final_path, "%s", path);
	snprintf(temporary_path, sizeof temporary_path, "%s.tmp.%ld", final_path, (long)getpid());
	int fd = open(temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 || (keep_mode && fchmod(fd, mode) != 0) || !(tool->out = fdopen(fd, "w"))) {
		tool->out = stdout;
		int code = cannot(tool, "create", temporary_path);
		if (fd >= 0)
			unlink(temporary_path);
		temporary_path[0] = '\0';
		return code;
	}
	remove_at_signal(SIGINT);
	remove_at_signal(SIGTERM);
	remove_at_signal(SIGHUP);
	return EXIT_DONE;
}

int open_output(struct tool *tool, const char *path)
{
	struct stat status;
	if (!path[0])
		return fail(tool, EXIT_USAGE, "--output needs a file name");
	if (strlen(path) >= sizeof final_path)
		return fail(tool, EXIT_USAGE, "--output: the name is longer than %zu bytes", sizeof final_path - 1);
	if (stat(path, &status) != 0)
		return open_temporary(tool, path, 0666, false);
	if (S_ISREG(status.st_mode))
		return open_temporary(tool, path, status.st_mode & 07777, true);
	snprintf(final_path, sizeof final_path, "%s", path);
	FILE *out = fopen(path, "we");
	if (!out)
		return cannot(tool, "write", path);
	tool->out = out;
	return EXIT_DONE;
}

/* Everything written so far has reached the file or the pipe. */
static bool flush_stream(FILE *stream, bool close)
{
	errno = 0;
	bool good = fflush(stream) == 0 && !ferror(stream);
	return (!close || fclose(stream) == 0) && good;
}

int close_output(struct tool *tool, int code)
{
	bool file = tool->out != stdout;
	bool complete = !tool->failed, good = flush_stream(tool->out, file);
	int error = errno;
	tool->out = stdout;
	if (good && complete && temporary_path[0])
		good = rename(temporary_path, final_path) == 0, error = errno;
	if (temporary_path[0] && !(good && complete))
		unlink(temporary_path);
	temporary_path[0] = '\0';
	if (!good && complete) {
		tool->json = tool->json && file; /* the error object cannot be written where the result could not */
		errno = error ? error : EIO;
		code = cannot(tool, "write", file ? final_path : "standard output");
	}
	if (file && !flush_stream(stdout, false) && !code)
		code = cannot(tool, "write", "standard output");
	return code;
}
