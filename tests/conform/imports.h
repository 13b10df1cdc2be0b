/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Imports of a loaded plugin that a kernel must not use: its calls to the allocator are led through counters of ours, so
 * that memory that is given back at once is seen, too. Runs in the child; one thread.
 */
#ifndef CONFORM_IMPORTS_H
#define CONFORM_IMPORTS_H

/* Redirects the plugin that dlopen() returned; does nothing for one that imports no allocator. */
void redirect_imports(void *handle);

/* How often the plugin called the allocator so far. */
unsigned long count_allocations(void);

#endif
