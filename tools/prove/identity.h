/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a verdict is about and depends on, as text: the plugin's bytes, the CPU with its microcode, and this very program.
 * No state.
 */
#ifndef TOOLS_PROVE_IDENTITY_H
#define TOOLS_PROVE_IDENTITY_H

#include "runtime/cpu.h"
#include "tools/prove/digest.h"

enum { IDENTITY_SIZE = 4096 };

/*
 * A line for each of them. "" if this program cannot tell: built without libsodium, or linked without a build-id; then no
 * verdict can be kept.
 */
void describe_identity(const char *plugin_digest, const struct cpu *cpu, char text[IDENTITY_SIZE]);

#endif
