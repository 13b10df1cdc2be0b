/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Retirement: keeps every table and image from its publication until no call and no rollback can reach it, then frees
 * and unmaps, many per grace period, on a thread of its own that exists only while it is needed. Callers hold the
 * runtime's lock unless said otherwise.
 */
#ifndef RUNTIME_RETIRE_H
#define RUNTIME_RETIRE_H

#include <tenon/tenon.h>

#include "runtime/load.h"
#include "runtime/table.h"
#include "runtime/why.h"

#define IMAGES_PENDING_MAX 64 /* replaced images that wait for readers */
#define IMAGES_WARM_MAX 16    /* loaded images that no table uses */
#define TABLES_KEPT_MAX 1024

/* Between these two nothing is unloaded, so that a swap may hold images that no table uses yet. */
void hold_images(void);
void release_images(void);

/*
 * Ends the swap that begin_swap() began: publishes a copy of composition with a generation of its own, unless the same
 * is serving already. TENON_SWAP_COLD sends the images that it replaces out. TENON_EROLLEDBACK, TENON_EAGAIN,
 * TENON_ENOMEM.
 */
int hand_over(uint64_t vetoes, const struct table *composition, unsigned flags, struct why *why);

/* Just before the last one that succeeded, in nanoseconds of the monotonic clock, even if the same was serving already. */
uint64_t last_hand_over(void);

/*
 * Counting was turned on or off: what a rollback goes back to has to follow, without its watch if it had one. TENON_EAGAIN,
 * TENON_ENOMEM.
 */
int renew_previous(struct why *why);

/* Back to scalar, and unloads everything; gives up waiting after a second and leaves the rest to the thread. */
void retire_everything(void);

/* Takes a newly loaded image. */
void keep_image(struct image *image);

/* The loaded image of this file in this state under this policy, or NULL. Other states of the file are on their way out from here on. */
struct image *find_warm_image(const char *path, const struct file_key *key, unsigned policy);

/* Is there room for one more image? TENON_EAGAIN says what everything waits for. */
int check_room(struct why *why);

/* Unloads image as soon as no table uses it. */
void drop_image(const struct image *image);

/* Fills images_*, grace_*, unload_*. From any thread, with no lock held; takes none in a forked child. */
void report_retirement(struct tenon_status_info *info);

/* In a forked child, from tenon_after_fork(): the thread is gone, and a lock may have been held. */
void restart_retirement(void);

#endif
