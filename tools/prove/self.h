/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which program this is: what verdicts and certificates are bound to beside the plugin. No state.
 */
#ifndef TOOLS_PROVE_SELF_H
#define TOOLS_PROVE_SELF_H

#include <stddef.h>

enum { BUILD_ID_SIZE = 65 }; /* of at most 32 bytes, in hexadecimal, and the NUL */

/* Of the running program, which the harness, scalar and the policy are linked into; "" if it was linked without. */
void read_build_id(char id[BUILD_ID_SIZE]);

#endif
