/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Marks a definition as part of libtenon's ABI; everything else is hidden.
 */
#ifndef RUNTIME_PUBLIC_H
#define RUNTIME_PUBLIC_H

#define TENON_PUBLIC __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
