/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What calls.c, which runs under qemu, and plugin.c, which runs in qemu, agree on: a system call that does not exist.
 */
#ifndef BENCH_COUNT_MARKS_H
#define BENCH_COUNT_MARKS_H

enum { MARK = 0x54454e, MARK_BEGIN = 0, MARK_END = 1 };

#endif
