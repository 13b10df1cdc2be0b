/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a verdict depends on; see identity.h. The harness, scalar and the runtime's policy are linked into this program, so
 * its build-id stands for them all.
 */
#include "build.h"

#include "tools/prove/identity.h"

#include "runtime/logfmt.h"
#include "runtime/prove.h"
#include "runtime/microcode.h"
#include "tools/prove/self.h"

void describe_identity(const char *plugin_digest, const struct cpu *cpu, char out[IDENTITY_SIZE])
{
	char id[BUILD_ID_SIZE], features[CPU_LIST_SIZE], microcode[64];
	struct text text;
	start_text(&text, out, IDENTITY_SIZE);
	read_build_id(id);
	if (!*plugin_digest || !*id)
		return;
	list_features(cpu, features);
	read_microcode(microcode, sizeof microcode);
	add_pair(&text, "plugin", "%s", plugin_digest);
	add_text(&text, "\n");
	add_pair(&text, "cpu", "%s %s", cpu->vendor, cpu->model);
	add_pair(&text, "microcode", "%s", microcode);
	add_pair(&text, "state", "%#jx", (uintmax_t)cpu->xcr0);
	add_text(&text, "\n");
	add_pair(&text, "features", "%s", features);
	add_text(&text, "\n");
	add_pair(&text, "harness", "%s", id);
	add_pair(&text, "version", "%s", PACKAGE_VERSION);
	add_pair(&text, "profile", "quick");
	add_text(&text, "\n");
}
