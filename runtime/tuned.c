/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The section [tuned]; see tuned.h. No state.
 */
#include "build.h"

#include "runtime/tuned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/microcode.h"

static const char *const key_names[TUNED_KEYS] = {"tenon", "vendor", "model", "features", "microcode", "max_isa"};

/* ---- This machine ------------------------------------------------------------------------------------------------ */

/* The first row of the feature table is the highest bit. */
static void write_features(const struct cpu *cpu, char *text, size_t size)
{
	size_t rows = count_cpu_features(), digits = (rows + 3) / 4;
	for (size_t d = 0; d < digits && d + 1 < size; d++) {
		unsigned digit = 0;
		for (size_t row = 4 * d; row < 4 * d + 4; row++)
			digit = digit << 1 | (row < rows && cpu->has[row]);
		snprintf(text + d, size - d, "%x", digit);
	}
}

/* What a value of an INI file cannot hold; a model's name is the vendor's to choose. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (strchr(";#\"'[]=", *text) || (unsigned char)*text < ' ')
			*text = '_';
}

void describe_tuned(const char *max_isa, struct tuned *tuned)
{
	struct cpu cpu;
	memset(tuned, 0, sizeof *tuned);
	probe_cpu(&cpu);
	snprintf(tuned->value[TUNED_TENON], TUNED_VALUE_SIZE, "%s", PACKAGE_VERSION);
	snprintf(tuned->value[TUNED_VENDOR], TUNED_VALUE_SIZE, "%s", cpu.vendor);
	snprintf(tuned->value[TUNED_MODEL], TUNED_VALUE_SIZE, "%s", cpu.model);
	write_features(&cpu, tuned->value[TUNED_FEATURES], TUNED_VALUE_SIZE);
	read_microcode(tuned->value[TUNED_MICROCODE], TUNED_VALUE_SIZE);
	snprintf(tuned->value[TUNED_MAX_ISA], TUNED_VALUE_SIZE, "%s", max_isa);
	for (int i = 0; i < TUNED_KEYS; i++)
		make_plain(tuned->value[i]);
}

/* ---- A file ------------------------------------------------------------------------------------------------------ */

void set_tuned(struct tuned *tuned, const char *key, const char *value)
{
	for (int i = 0; i < TUNED_KEYS; i++)
		if (strcmp(key, key_names[i]) == 0) {
			snprintf(tuned->value[i], TUNED_VALUE_SIZE, "%s", value);
			return;
		}
	snprintf(tuned->stranger, TUNED_VALUE_SIZE, "%s", key);
}

static unsigned read_digit(const char *text, size_t digit)
{
	char hex[2] = {digit < strlen(text) ? text[digit] : '0', '\0'};
	return (unsigned)strtoul(hex, NULL, 16);
}

/* The first feature that the two have not in common. */
static void name_difference(const char *there, const char *here, char *text, size_t size)
{
	snprintf(text, size, "it was measured with other CPU features");
	for (size_t row = 0; row < count_cpu_features(); row++) {
		bool had = read_digit(there, row / 4) >> (3 - row % 4) & 1,
		     has = read_digit(here, row / 4) >> (3 - row % 4) & 1;
		if (had == has)
			continue;
		snprintf(text, size, "it was measured on a CPU %s %s, which this one %s", had ? "with" : "without",
			 name_cpu_feature(row), has ? "has" : "has not");
		return;
	}
}

bool is_tuned_for_here(const struct tuned *tuned, char *text, size_t size)
{
	struct tuned here;
	describe_tuned("", &here);
	for (int i = 0; i < TUNED_MAX_ISA; i++) {
		const char *there = tuned->value[i];
		if (strcmp(there, here.value[i]) == 0)
			continue;
		if (i == TUNED_FEATURES)
			name_difference(there, here.value[i], text, size);
		else
			snprintf(text, size, "it was measured with %s '%s', here it is '%s'", key_names[i], there,
				 here.value[i]);
		return false;
	}
	if (*tuned->stranger)
		snprintf(text, size, "its section [tuned] has a key '%s' that Tenon %s does not know", tuned->stranger,
			 PACKAGE_VERSION);
	return !*tuned->stranger;
}

void print_tuned(const struct tuned *tuned, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "[" TUNED_SECTION "]\n");
	for (int i = 0; i < TUNED_KEYS && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s = %s\n", key_names[i], tuned->value[i]);
}
