/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graph descriptors and workspaces: what <tenon/tenon.h> says of tenon_graph_create() and its like, with the failure in
 * why. A graph is immutable once made, so any thread may read it; a workspace serves one call at a time.
 */
#ifndef RUNTIME_GRAPH_H
#define RUNTIME_GRAPH_H

#include <tenon/tenon.h>

#include "runtime/why.h"

int make_graph(const struct tenon_graph_edges *edges, unsigned flags, struct tenon_graph **graph, struct why *why);
void free_graph(struct tenon_graph *graph);

int make_workspace(const struct tenon_graph *graph, struct tenon_workspace **workspace, struct why *why);
void free_workspace(struct tenon_workspace *workspace);

#endif
