/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates of conformance: canonical JSON (sorted keys, no times, no paths), so that the same plugin, CPU and harness
 * always give the same bytes. For tenon verify alone.
 */
#ifndef TOOLS_CERTIFICATE_H
#define TOOLS_CERTIFICATE_H

#include "tests/conform/report.h"
#include "tools/offline.h"

/* Why this build can neither write nor check certificates, or NULL. */
const char *why_no_certificate(void);

/* Writes that of the report's only proof, which conforms; report->score was measured. EXIT_DONE, or the code of fail(). */
int write_certificate(struct tool *tool, const char *path, const struct report *report);

/*
 * Is it a certificate of this plugin, by this harness, on a CPU like this one? Prints what differs; EXIT_DIFFERS if
 * anything does, EXIT_USAGE for what is no certificate, EXIT_REFUSED for a plugin that cannot be read.
 */
int check_certificate(struct tool *tool, const struct machine *machine, const char *path, const char *plugin);

#endif
