/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What libtenon and the HTTP module (modules/http.c) agree on, so that only the module knows libmicrohttpd. scrape.c has
 * the listening socket, the thread and the pages; the module has the protocol. One thread calls it, but for abandon().
 */
#ifndef RUNTIME_HTTP_H
#define RUNTIME_HTTP_H

#include <stddef.h>

/* A page; body is on the heap and the module frees it. */
struct http_page {
	unsigned status;
	const char *type;
	char *body;
	size_t size;
};

/* False: there is no such page. */
typedef int render_page_fn(const char *path, struct http_page *page);

struct http_module {
	const char *version; /* of the release: both ends are of the same */
	/* Takes the listening socket, whatever it returns. The descriptor to poll for input, or -1 with errno. */
	int (*open)(int listener, render_page_fn *render);
	int (*wait_ms)(void); /* how long to poll at most; -1: for ever */
	void (*run)(void);    /* when there is input, or the time is over */
	void (*close)(void);
	void (*abandon)(void); /* in a forked child: closes its copies of all descriptors. Async-signal-safe. */
};

/* The module's one symbol. */
extern const struct http_module tenon_http_module;

#endif
