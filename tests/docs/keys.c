/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints the table of configuration keys for check-docs, one a line: section, key, variable, default, separated by tabs.
 */
#include <stdio.h>

#include "runtime/config.h"

int main(void)
{
	for (size_t i = 0; i < count_config_keys(); i++) {
		const struct config_key *key = &config_keys[i];
		printf("%s\t%s\t%s\t%s\n", key->section, key->name, key->variable ? key->variable : "",
		       key->initial ? key->initial : "");
	}
	return 0;
}
