/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public functions over graphs and workspaces: graph.c, with failures kept for tenon_error_detail(). Any thread.
 */
#include <tenon/tenon.h>

#include "runtime/graph.h"
#include "runtime/public.h"
#include "runtime/thread.h"

TENON_PUBLIC int tenon_graph_create(const struct tenon_graph_edges *edges, unsigned flags, struct tenon_graph **graph)
{
	struct why why;
	return make_graph(edges, flags, graph, &why) ? report_failure(&why) : TENON_OK;
}

TENON_PUBLIC void tenon_graph_destroy(struct tenon_graph *graph)
{
	free_graph(graph);
}

TENON_PUBLIC int tenon_workspace_create(const struct tenon_graph *graph, struct tenon_workspace **workspace)
{
	struct why why;
	return make_workspace(graph, workspace, &why) ? report_failure(&why) : TENON_OK;
}

TENON_PUBLIC void tenon_workspace_destroy(struct tenon_workspace *workspace)
{
	free_workspace(workspace);
}
