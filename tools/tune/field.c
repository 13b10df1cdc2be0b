/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may compete for the kernels: the backends that auto may choose, those that were named, each proven by the harness
 * in a process of its own first; see tune.h.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/load.h"
#include "tools/tune/proof.h"
#include "tools/tune/tune.h"

/* ---- Order ------------------------------------------------------------------------------------------------------- */

static const struct backend *chosen; /* by [runtime] backend, for the comparison below */

static int by_order(const void *a, const void *b)
{
	const struct backend *x = ((const struct competitor *)a)->backend, *y = ((const struct competitor *)b)->backend;
	if ((x == chosen) != (y == chosen))
		return x == chosen ? -1 : 1;
	if (!x->image != !y->image)
		return x->image ? -1 : 1;
	if (x->candidate.rank != y->candidate.rank)
		return y->candidate.rank - x->candidate.rank;
	return strcmp(x->candidate.name, y->candidate.name);
}

static int find_chosen(struct tool *tool, const struct config *config, const struct cpu *cpu)
{
	static struct candidate candidate;
	struct why why = {0};
	if (resolve_backend(config, cpu, config->backend, &candidate, &why))
		return fail(tool, EXIT_REFUSED,
			    "[runtime] backend = %s (%s) cannot be had, so there is nothing to tune: %s",
			    config->backend, config_origin(config, "runtime", "backend"), why.text);
	chosen = &backends[0];
	for (size_t i = 1; i < backend_count; i++)
		if (strcmp(backends[i].candidate.path, candidate.path) == 0)
			chosen = &backends[i];
	if (chosen == &backends[0] && *candidate.path)
		return fail(tool, EXIT_REFUSED,
			    "[runtime] backend = %s (%s) takes %s, which is not there to be measured; leave "
			    "it to --backend",
			    config->backend, config_origin(config, "runtime", "backend"), candidate.name);
	return EXIT_DONE;
}

/* ---- Proof ------------------------------------------------------------------------------------------------------- */

static int prove_competitor(struct tool *tool, const struct cpu *cpu, struct competitor *c)
{
	struct why why;
	if (!c->backend->image) {
		memset(c->conforms, true, sizeof c->conforms); /* what all are compared with */
		return EXIT_DONE;
	}
	if (!prove_kernels(cpu, &c->backend->candidate, c->conforms, c->reason, sizeof c->reason, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	c->fails = *c->reason != '\0';
	for (int i = 0; i < KERNEL_COUNT; i++)
		c->conforms[i] = c->conforms[i] && c->backend->function[i];
	return EXIT_DONE;
}

/* ---- The field --------------------------------------------------------------------------------------------------- */

static bool may_compete(const struct config *config, const struct backend *backend)
{
	const char *name = backend->candidate.name;
	return backend == chosen || !backend->image ||
	       (plan.backends ? is_listed(plan.backends, name) : auto_may_choose(config, name));
}

int enter_competitors(struct tool *tool, const struct config *config, const struct cpu *cpu, struct field *field)
{
	int code = find_chosen(tool, config, cpu);
	field->count = 0;
	for (size_t i = 0; i < backend_count && !code; i++)
		if (may_compete(config, &backends[i])) {
			struct competitor *c = &field->list[field->count++];
			*c = (struct competitor){.backend = &backends[i]};
			code = prove_competitor(tool, cpu, c);
		}
	qsort(field->list, field->count, sizeof *field->list, by_order);
	return code;
}

/* What the first has not is scalar's, which comes last. */
int find_incumbent(const struct field *field, int kernel)
{
	const struct competitor *first = &field->list[0];
	if (!first->backend->function[kernel])
		return (int)field->count - 1;
	return first->conforms[kernel] ? 0 : -1;
}
