/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The JSON face of a report; only for those who have jansson.
 */
#ifndef CONFORM_REPORT_JSON_H
#define CONFORM_REPORT_JSON_H

#include <jansson.h>

#include "tests/conform/report.h"

/* A new reference; NULL when memory is short. */
json_t *proofs_as_json(const struct report *report);

/* Of one file. */
json_t *lint_as_json(const struct lint *lint);

#endif
