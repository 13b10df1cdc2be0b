/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Drawing and keys; see screen.h. ncurses sees to SIGWINCH and SIGTSTP; a signal that ends the program ends
 * the loop, so that the terminal is left as it was.
 */
#include "build.h"

#include "tools/top/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/top/page.h"

#ifdef HAVE_NCURSES
#include <curses.h>

static struct view {
	struct reading reading;
	struct page page, foot;
	bool control, help, quit;
	struct process chosen; /* by its socket, which it has from the first round on, and for itself */
	const char *confirm;   /* the verb that waits for a y */
	char message[256], outcome[ORDER_TEXT_SIZE];
	uint64_t timeout_ms;
} view;

static volatile sig_atomic_t told_to_end;

static void take_signal(int signal_number)
{
	told_to_end = signal_number;
}

/* Ours, where nobody has taken them: that of ncurses would end the program with a failure. */
static void take_signals(void)
{
	const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction action;
		if (sigaction(signals[i], NULL, &action) || action.sa_handler != SIG_DFL)
			continue;
		action = (struct sigaction){.sa_handler = take_signal};
		sigaction(signals[i], &action, NULL);
	}
}

static bool open_screen(void)
{
	const char *no_color = getenv("NO_COLOR");
	take_signals();
	if (!newterm(NULL, stdout, stdin))
		return false;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	timeout(200);
	if (has_colors() && !(no_color && *no_color)) {
		start_color();
		use_default_colors();
		init_pair(TONE_GOOD, COLOR_GREEN, -1);
		init_pair(TONE_BAD, COLOR_RED, -1);
	}
	return true;
}

/* What colour says is said by weight, too. */
static chtype attribute_of(enum tone tone)
{
	switch (tone) {
	case TONE_HEAD: return A_BOLD;
	case TONE_CHOSEN: return A_REVERSE;
	case TONE_GOOD: return COLOR_PAIR(TONE_GOOD);
	case TONE_BAD: return A_BOLD | COLOR_PAIR(TONE_BAD);
	case TONE_FAINT: return A_DIM;
	default: return A_NORMAL;
	}
}

static size_t find_chosen(void)
{
	size_t i = 0;
	while (i < view.reading.count && strcmp(view.reading.sample[i].process.socket, view.chosen.socket) != 0)
		i++;
	i = i < view.reading.count ? i : 0;
	view.chosen = view.reading.count ? view.reading.sample[i].process : (struct process){0};
	return i;
}

static void compose_help(struct page *page)
{
	add_page_line(page, TONE_HEAD, "keys");
	add_page_line(page, TONE_PLAIN, "  up, down  choose a process");
	add_page_line(page, TONE_PLAIN, "  h         this help");
	add_page_line(page, TONE_PLAIN, "  q         quit");
	add_page_line(page, TONE_PLAIN,
		      view.control ? "orders to the chosen process, after a y:" : "orders need tenon top --control:");
	add_page_line(page, TONE_PLAIN, "  p pause   r resume   m promote");
	add_page_line(page, TONE_PLAIN, "  b         roll back");
}

static void compose_body(struct page *page, size_t height)
{
	size_t chosen = find_chosen();
	if (view.reading.count) {
		add_body(page, view.reading.sample, view.reading.count, chosen, height);
		return;
	}
	add_page_line(page, TONE_PLAIN, view.reading.rounds ? "no process answers" : "looking ...");
	add_page_text(page, TONE_FAINT,
		      "set [control] socket = on in their configuration; a user sees only his own processes");
}

/* The last lines: how the last order went, and what is asked; else the keys. */
static void compose_foot(size_t width)
{
	copy_order(view.outcome);
	start_page(&view.foot, width > 1 ? width - 1 : 1); /* the last cell of a terminal may scroll it */
	if (view.outcome[0])
		add_page_text(&view.foot, TONE_HEAD, "%s", view.outcome);
	if (view.confirm)
		add_page_text(&view.foot, TONE_HEAD, "%s process %ld? y/n", view.confirm, (long)view.chosen.pid);
	else if (view.message[0])
		add_page_text(&view.foot, TONE_HEAD, "%s", view.message);
	else if (!view.outcome[0])
		add_page_text(&view.foot, TONE_HEAD, "%sh help, q quit",
			      view.control ? "p pause r resume m promote b rollback  " : "");
}

static void compose(size_t width, size_t height)
{
	char clock[16];
	time_t now = time(NULL);
	strftime(clock, sizeof clock, "%H:%M:%SZ", gmtime(&now));
	start_page(&view.page, width);
	add_page_line(&view.page, TONE_HEAD, "tenon top %s %zu process%s", clock, view.reading.count,
		      view.reading.count == 1 ? "" : "es");
	if (view.help)
		compose_help(&view.page);
	else
		compose_body(&view.page, height);
	fit_page(&view.page, height);
}

static void draw_page(const struct page *page, int from, int lines)
{
	for (int i = 0; i < lines && i < (int)page->count; i++) {
		attrset((attr_t)attribute_of(page->line[i].tone));
		mvaddstr(from + i, 0, page->line[i].text);
		if (page->line[i].tone == TONE_CHOSEN)
			mvchgat(from + i, 0, -1, A_REVERSE, 0, NULL);
	}
}

static void draw(void)
{
	size_t width = (size_t)COLS;
	compose_foot(width);
	int foot = (int)view.foot.count, rest = LINES > foot ? LINES - foot : 0;
	compose(width, (size_t)rest);
	erase();
	draw_page(&view.page, 0, rest);
	draw_page(&view.foot, rest, LINES - rest);
	refresh();
}

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

static void choose(int step)
{
	size_t chosen = find_chosen();
	if (view.reading.count == 0 || (step < 0 && chosen == 0) || (step > 0 && chosen + 1 >= view.reading.count))
		return;
	view.chosen = view.reading.sample[(int)chosen + step].process;
}

static void ask_for(const char *verb)
{
	if (!view.control)
		snprintf(view.message, sizeof view.message, "%s: needs tenon top --control", verb);
	else if (view.reading.count == 0)
		snprintf(view.message, sizeof view.message, "no process to %s", verb);
	else
		view.confirm = verb;
}

static void answer_confirm(int key)
{
	if (key != 'y' && key != 'Y')
		snprintf(view.message, sizeof view.message, "%s: not done", view.confirm);
	else if (!send_order(&view.chosen, view.confirm, view.timeout_ms))
		snprintf(view.message, sizeof view.message, "an order is under way");
	view.confirm = NULL;
}

static void take_key(int key)
{
	if (key == ERR || key == KEY_RESIZE)
		return;
	view.message[0] = '\0';
	forget_order(view.outcome);
	if (view.confirm) {
		answer_confirm(key);
		return;
	}
	switch (key) {
	case 'q': view.quit = true; break;
	case 'h':
	case '?': view.help = !view.help; break;
	case KEY_UP:
	case 'k': choose(-1); break;
	case KEY_DOWN:
	case 'j': choose(1); break;
	case 'p': ask_for("pause"); break;
	case 'r': ask_for("resume"); break;
	case 'm': ask_for("promote"); break;
	case 'b': ask_for("rollback"); break;
	}
}

/* A process that was chosen and is gone takes the question about it along. */
static void look(void)
{
	const struct process before = view.chosen;
	take_reading(&view.reading);
	find_chosen();
	bool same = strcmp(view.chosen.socket, before.socket) == 0 && (!before.pid || view.chosen.pid == before.pid);
	if (!before.socket[0] || same)
		return;
	snprintf(view.message, sizeof view.message, "process %ld is gone", (long)before.pid);
	view.confirm = NULL;
}

/* Without a terminal, keys never come again, and getch() does not wait for them. */
static bool has_terminal(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	return poll(&input, 1, 0) < 1 || !(input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

bool run_screen(const struct watching *watching, bool control, char *why, size_t size)
{
	if (!open_screen()) {
		snprintf(why, size, "the terminal cannot be opened");
		return false;
	}
	view.control = control;
	view.timeout_ms = watching->targets->timeout_ms;
	while (!view.quit && !told_to_end && has_terminal()) {
		look();
		draw();
		take_key(getch());
	}
	endwin();
	return true;
}

#else

bool run_screen(const struct watching *watching, bool control, char *why, size_t size)
{
	(void)watching;
	(void)control;
	return can_draw(why, size);
}

#endif
