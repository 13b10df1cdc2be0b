/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Can this terminal be drawn on; see screen.h. Away from the screen because term.h makes macros of common words.
 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/top/screen.h"

#ifdef HAVE_NCURSES
#include <curses.h>
#include <term.h>

/* Is there a description of it, and can its cursor be moved? */
static bool is_drawable(const char *term)
{
	int problem;
	if (setupterm(term, STDOUT_FILENO, &problem) == ERR)
		return false;
	const char *move = tigetstr("cup");
	bool drawable = move && move != (const char *)-1;
	del_curterm(cur_term);
	return drawable;
}

bool can_draw(char *why, size_t size)
{
	const char *term = getenv("TERM");
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		snprintf(why, size, "standard input or output is no terminal");
	else if (!term || !*term || !is_drawable(term))
		snprintf(why, size, "the terminal '%.40s' cannot be drawn on", term ? term : "");
	else
		return true;
	return false;
}

#else

bool can_draw(char *why, size_t size)
{
	snprintf(why, size, "this tenon was built without ncurses (install libncurses-dev and configure again)");
	return false;
}

#endif
