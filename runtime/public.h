/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every file of the runtime may want to know: what is part of the ABI (all else is hidden), what is likely, and whether
 * ThreadSanitizer looks on.
 */
#ifndef RUNTIME_PUBLIC_H
#define RUNTIME_PUBLIC_H

#define TENON_PUBLIC __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#if defined(__SANITIZE_THREAD__)
#define RUNTIME_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RUNTIME_TSAN
#endif
#endif

#endif
