/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The screen of tenon top and its keys, with ncurses. Called from the main thread; draws what page.c composes of what
 * reader.c read, and asks no process itself.
 */
#ifndef TOOLS_TOP_SCREEN_H
#define TOOLS_TOP_SCREEN_H

#include "tools/top/reader.h"

/* Can this terminal be drawn on? why says what not; false always in a build without ncurses. */
bool can_draw(char *why, size_t size);

/*
 * Shows what the reader reads until the user quits, or the terminal is gone; gives orders only with control. False, with
 * why: the screen cannot be opened.
 */
bool run_screen(const struct watching *watching, bool control, char *why, size_t size);

#endif
