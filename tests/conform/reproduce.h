/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reproducers: one failing case as a C file that needs nothing of ours, compiles with one line and exits with 1 where the
 * plugin is wrong. One thread; builds the case in this process, which runs scalar but nothing of the plugin.
 */
#ifndef CONFORM_REPRODUCE_H
#define CONFORM_REPRODUCE_H

#include <stdio.h>

#include "tests/conform/prove.h"

/* Elements of all buffers; a larger case is refused, because nobody reads such a file and compilers choke on it. */
enum { REPRODUCER_MAX = 1 << 18 };

/*
 * The failure of an entry of the proof. name is what the file will be called, for its first lines. False with why: what
 * failed is no single call, or the case is too large.
 */
bool write_reproducer(FILE *out, const struct proof *proof, const struct proof_entry *entry, const char *name,
		      struct why *why);

#endif
