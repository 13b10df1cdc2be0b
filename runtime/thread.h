/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The per-thread record, behind one 8-byte thread-local pointer: arena, failure detail, kernel thread id. Made at a
 * thread's first need, retired by a pthread key destructor into totals. Lock-free for its owner.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include "runtime/why.h"

struct thread;

/* This thread's record; NULL when memory is short. */
struct thread *get_thread(void);

/* Keeps why's text as this thread's tenon_error_detail() and returns its status. */
__attribute__((cold)) int report_failure(const struct why *why);

#endif
