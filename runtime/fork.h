/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fork hook. Only the child has one: hooks in the parent would wait for locks, ours and liburcu's, and a host may
 * have such hooks itself.
 */
#ifndef RUNTIME_FORK_H
#define RUNTIME_FORK_H

#include <stdbool.h>

/* Installs the hook, once. */
void watch_forks(void);

/* `fork = scalar`: a child starts on scalar. */
void set_fork_policy(bool scalar);

#endif
