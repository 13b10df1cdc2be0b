/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What hazards share. A hazard fails by CHECK() or by dying, hangs at its peril, and otherwise returns.
 */
#ifndef TESTS_HAZARDS_H
#define TESTS_HAZARDS_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/leave.h"
#include "tests/live.h"
#include "tests/plugins/hooked.h"

#define HAZARD(name, what) void hazard_##name(void);
#include "tests/hazards/hazards.def"
#undef HAZARD

/* Ends this process as failed, whichever process it is. */
_Noreturn void fail_hazard(const char *file, int line, const char *text);
#define CHECK(condition) ((condition) ? (void)0 : fail_hazard(__FILE__, __LINE__, #condition))

/* Ends this process: the hazard cannot be run here. */
_Noreturn void skip_hazard(const char *reason);

/* What neither the thread sanitizer nor qemu survives: threads in the child of a process with threads. */
void need_threads_after_fork(void);

/* The thread sanitizer's own state is gone in the last round of thread-specific destructors. */
void need_no_tsan(void);

/* Skips under the address sanitizer, saying why that cannot meet the hazard. */
void need_no_asan(const char *reason);
void need_no_emulator(const char *reason);

/* fork() with a child that runs function and then must exit with 0 within ten seconds. */
void check_child(void (*function)(void));

/* Threads that call kernels, swap warm and cold, and roll back, until stop_load(). Every answer is checked. */
void start_load(void);
void stop_load(void);

/* Closes; all that was replaced must be gone before long, and everything after. */
void check_everything_unloads(void);

#endif
