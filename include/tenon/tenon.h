/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/**
 * @file
 * <tenon/tenon.h>: the host API of libtenon.
 *
 * A host opens the runtime once and calls kernels from any thread. The code behind a kernel comes from a backend that
 * an operator may swap or roll back at any moment; with backends of class EXACT no bit of any answer changes.
 *
 * Every function returns 0 or a negative status (enum tenon_status) unless it says otherwise; after a failure
 * tenon_error_detail() has one line: what, where, why and the remedy. The library never prints, exits or aborts, but
 * for [arena] overflow = abort, where an operator wants just that.
 * Functions are safe to call from any thread unless they say otherwise.
 */
#ifndef TENON_H
#define TENON_H

#include <tenon/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Runtime ---------------------------------------------------------------------------------------------------- */

/**
 * Opens the process's one, reference-counted runtime and picks a backend. config is the path of an INI file that stands
 * in for the system's configuration files, or NULL for those. A backend that is refused does not make this fail (unless
 * `fallback = fail`): the runtime is then degraded, kernels run on scalar, and tenon_status_get() says why.
 * TENON_ECONFIG: the configuration is invalid; nothing was opened, kernel calls still run on scalar.
 * TENON_EBUSY: open already, with another configuration. The string is copied.
 *
 * @param config path of the INI file, or NULL for the system's; copied
 * @return #TENON_OK, #TENON_ECONFIG, #TENON_EBUSY, #TENON_ENOMEM, #TENON_ESYSTEM; with `fallback = fail` what refused the
 * backend
 * @remark Threads: any; not from a signal handler
 */
int tenon_open(const char *config);

/**
 * Gives back one reference; the last one stops the control thread, closes the socket and returns to scalar. Kernel
 * calls stay legal. Never waits for a reader that is stuck. TENON_ENOTOPEN without an open.
 *
 * @return #TENON_OK, or #TENON_ENOTOPEN
 */
int tenon_close(void);

/**
 * Reads the configuration again, from where tenon_open() read it, and applies it as one change or not at all: log,
 * arenas of new threads, label, and, unless it is pinned, the backend. The environment counts as it was at tenon_open().
 * What a running process cannot change (control socket, state folder) keeps its value, with a warning in the log.
 * TENON_ECONFIG, TENON_EREFUSED, ...: nothing changed.
 *
 * @return #TENON_OK, #TENON_ENOTOPEN, #TENON_EFORKED, #TENON_ECONFIG, #TENON_EREFUSED, #TENON_ENOENT, #TENON_EUNSUPPORTED,
 * #TENON_ENOMEM, #TENON_ESYSTEM
 * @remark Threads: any; waits for a proof, never for readers
 */
int tenon_reload(void);

/**
 * The version of the library that is running, as "1.2.3"; static.
 *
 * @return the text; never freed
 */
const char *tenon_version(void);

/**
 * The fixed text of a status code; static, never NULL.
 *
 * @param status what a function returned; any number
 * @return the text; never freed
 */
const char *tenon_strerror(int status);

/**
 * One line about this thread's last failure; "" if there was none. Valid until the thread's next failing call.
 *
 * @return the line, of this thread; never freed, copy it to keep it
 */
const char *tenon_error_detail(void);

/* ---- Kernels ---------------------------------------------------------------------------------------------------- */

/*
 * int tenon_<name>(const struct tenon_<name>_args *args), one for each kernel in <tenon/kernels.def>, which documents
 * the members. Shapes are validated once, here: TENON_EINVAL leaves the outputs untouched. Sizes of 0 are a successful
 * no-op. TENON_ENONFINITE: the outputs are complete and at least one is a NaN or an infinity. TENON_EARENA: the
 * thread's arena cannot hold the scratch of this call; outputs untouched. Before tenon_open() scalar serves.
 */
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) int tenon_##name(const struct tenon_##name##_args *args_);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/**
 * The tau of decay_exponential after which half of a value is left: half_life / ln 2, in double, then rounded to float.
 * Infinity gives infinity, which is no decay. TENON_EINVAL, *tau untouched: half_life is not above 0, or tau would not
 * be a normal float.
 *
 * @param half_life seconds, above 0
 * @param tau receives seconds
 * @return #TENON_OK, or #TENON_EINVAL
 */
int tenon_tau_from_half_life(double half_life, float *tau);

/** One call of a batch. args points to the argument struct of that kernel; the runtime writes status. */
struct tenon_call {
	uint32_t kernel;  /**< `TENON_ID_<name>` */
	int status;       /**< out: of this call */
	const void *args; /**< its argument struct */
};

/** Who served a batch. */
struct tenon_served {
	uint64_t
		generation; /**< of the table: 0 is scalar's; grows with each swap, and a rollback brings its target's back */
	char backend[32]; /**< the backend of the first call */
};

/**
 * Runs count calls in order under one read-side section and one table, so that no swap falls between them. Each call
 * gets its own status; the result is the first one that is not TENON_OK. served may be NULL.
 *
 * @param calls [count], in and out: each gets its status
 * @param count how many; 0 is a successful no-op
 * @param served receives who served, or NULL
 * @return the first status that is not #TENON_OK, or #TENON_OK
 */
int tenon_batch(struct tenon_call *calls, size_t count, struct tenon_served *served);

/**
 * Runs share `part` of `parts` of a call, 0 <= part < parts, in the calling thread: Tenon has no threads of its own for
 * kernels, so a host runs each share in a thread of its pool. args points to the argument struct of the whole call, the
 * same for every share. When all have returned, the outputs are those of the whole call, bit for bit, whatever `parts`
 * is. A kernel that cannot be divided (spreading_activation, top_k, delta_encode, delta_decode, crc32c) runs whole in
 * part 0. Each share is a call of its own: a swap may fall between two, and scratch comes from each thread's arena. The
 * call failed if any share did; TENON_ENONFINITE, if any share says so, is what the whole call would have said.
 * TENON_EINVAL: no such kernel or part, or the call is not legal.
 *
 * @param kernel `TENON_ID_<name>`
 * @param args the argument struct of the whole call
 * @param part which share, from 0
 * @param parts how many shares; at least 1
 * @return #TENON_OK, #TENON_ENONFINITE, #TENON_EINVAL, #TENON_EARENA, or what the kernel says
 */
int tenon_call_part(uint32_t kernel, const void *args, size_t part, size_t parts);

/**
 * The name of a kernel by id, or NULL; static.
 *
 * @param kernel `TENON_ID_<name>`, or any other number
 * @return the name without "tenon_", or NULL; never freed
 */
const char *tenon_kernel_name(uint32_t kernel);

/* ---- Graphs ------------------------------------------------------------------------------------------------------ */

/** The edges of a graph with the nodes 0 ... nodes-1: source[i] -> destination[i], weight[i] or, if NULL, 1. */
struct tenon_graph_edges {
	size_t nodes;                /**< at most TENON_GRAPH_LIMIT */
	size_t count;                /**< edges, at most TENON_GRAPH_LIMIT */
	const uint32_t *source;      /**< [count] */
	const uint32_t *destination; /**< [count] */
	const float *weight;         /**< [count], or NULL */
};

/** How a graph is kept. */
enum tenon_graph_flags {
	TENON_GRAPH_UNSLICED = 1 /**< without the sliced layout, the fastest one; saves about half the memory */
};

/**
 * Checks, copies and sorts the edges, in any order, in time proportional to them. Self-loops and several edges between
 * two nodes are legal, and so is any weight. The graph is immutable: any number of threads may use it at once. Free it
 * with tenon_graph_destroy().
 * TENON_EINVAL: an edge names a node that is not there (the detail says which edge), more than TENON_GRAPH_LIMIT nodes
 * or edges, a NULL, or an unknown flag. TENON_ENOMEM. *graph is set on success alone.
 *
 * @param edges what it is made of; only read
 * @param flags of enum tenon_graph_flags, or 0
 * @param graph receives the graph, which the caller owns
 * @return #TENON_OK, #TENON_EINVAL, #TENON_ENOMEM
 */
int tenon_graph_create(const struct tenon_graph_edges *edges, unsigned flags, struct tenon_graph **graph);

/**
 * Frees a graph, or does nothing for NULL. No call may be using it, and its workspaces must be gone.
 *
 * @param graph what tenon_graph_create() gave, or NULL
 */
void tenon_graph_destroy(struct tenon_graph *graph);

/**
 * The memory that a call over this graph needs, so that it takes none from the thread's arena. Belongs to the caller;
 * one call may use it at a time, from any thread. Free it with tenon_workspace_destroy() before the graph.
 * TENON_EINVAL: a NULL. TENON_ENOMEM. *workspace is set on success alone.
 *
 * @param graph must outlive the workspace
 * @param workspace receives it; the caller owns it
 * @return #TENON_OK, #TENON_EINVAL, #TENON_ENOMEM
 */
int tenon_workspace_create(const struct tenon_graph *graph, struct tenon_workspace **workspace);

/**
 * Frees a workspace, or does nothing for NULL.
 *
 * @param workspace what tenon_workspace_create() gave, or NULL
 */
void tenon_workspace_destroy(struct tenon_workspace *workspace);

/* ---- Packed matrices --------------------------------------------------------------------------------------------- */

/**
 * Packs count rows of dim floats, row r at rows + r*stride (stride >= dim), for similarity_matrix and
 * pairwise_similarity, which then need no scratch and pack nothing. Copies rows; immutable: any number of threads may
 * use it at once. Free it with tenon_packed_destroy().
 * TENON_EINVAL: a NULL, or a shape that no memory can have. TENON_ENOMEM. *packed is set on success alone.
 *
 * @param rows [count][stride], copied
 * @param count rows
 * @param dim elements of a row
 * @param stride elements from one row to the next
 * @param packed receives the matrix, which the caller owns
 * @return #TENON_OK, #TENON_EINVAL, #TENON_ENOMEM
 */
int tenon_packed_create(const float *rows, size_t count, size_t dim, size_t stride, struct tenon_packed **packed);

/**
 * Frees a packed matrix, or does nothing for NULL. No call may be using it.
 *
 * @param packed what tenon_packed_create() gave, or NULL
 */
void tenon_packed_destroy(struct tenon_packed *packed);

/* ---- Deltas ------------------------------------------------------------------------------------------------------ */

/**
 * Makes *delta, of a page of size bytes, over the caller's buffers: mask has TENON_DELTA_WORDS(size) words and payload size
 * bytes, which stay the caller's. For a delta that a kernel is to write, the mask may be zeros. order says which of two
 * deltas comes later.
 * TENON_EINVAL, *delta untouched: a NULL (the buffers may be, for size 0), size above TENON_DELTA_LIMIT, or a bit of the mask
 * that stands for no byte; the detail says which.
 *
 * @param delta receives the descriptor
 * @param size bytes of the page
 * @param mask [TENON_DELTA_WORDS(size)], referred to, not copied
 * @param payload [size], referred to, not copied
 * @param order a sequence number or a time
 * @return #TENON_OK, or #TENON_EINVAL
 */
int tenon_delta_init(struct tenon_delta *delta, size_t size, uint64_t *mask, unsigned char *payload, uint64_t order);

/* ---- Encoded deltas ---------------------------------------------------------------------------------------------- */

/** What the bytes of an encoded delta say about it. */
struct tenon_delta_info {
	uint64_t order; /**< the delta's */
	size_t size;    /**< of the page: the mask takes TENON_DELTA_WORDS(size) words, the payload size bytes */
	enum tenon_encoding encoding; /**< its kind */
};

/**
 * Checks header, length and checksum of encoded[length], so that a caller knows what buffers tenon_delta_decode() needs,
 * and what is wrong when it refuses. The body is not looked at: whether it is canonical, only decoding tells.
 * TENON_ECORRUPT, with the offending field and its value in the detail; TENON_EINVAL: a NULL. *info is set on success alone.
 *
 * @param encoded [length], only read
 * @param length bytes
 * @param info receives what the header says
 * @return #TENON_OK, #TENON_ECORRUPT, #TENON_EINVAL
 */
int tenon_delta_inspect(const void *encoded, size_t length, struct tenon_delta_info *info);

/* ---- Swap and rollback ------------------------------------------------------------------------------------------ */

/** What tenon_swap() may be told. */
enum tenon_swap_flags {
	TENON_SWAP_COLD = 1 /**< load a fresh image, and unload the replaced one as soon as it may be */
};

/**
 * Replaces the backend of every kernel by name ("avx2") or path (anything with a slash): all kernels or nothing. Calls
 * in flight finish on the old one. Kernels that the backend lacks, or whose features this CPU lacks, get scalar. Pins
 * the backend: nothing automatic changes it until tenon_unpin(). Repeating a finished swap changes nothing. cold: load
 * a fresh image even if one is warm, and unload the replaced one as soon as no call uses it and no rollback can need it.
 * TENON_ENOENT (the detail lists the valid names), TENON_EREFUSED, TENON_EUNSUPPORTED, TENON_EROLLEDBACK,
 * TENON_EAGAIN (64 replaced images wait for readers and one more would be loaded), TENON_EFORKED, TENON_ENOTOPEN,
 * TENON_EINVAL, TENON_ENOMEM, TENON_ESYSTEM. On any failure the serving backend stays.
 *
 * @param backend a name, or a path with a slash; copied
 * @param flags of enum tenon_swap_flags, or 0
 * @return #TENON_OK, or one of the codes above
 * @remark Threads: any; swaps wait for each other, calls for none
 */
int tenon_swap(const char *backend, unsigned flags);

/** What tenon_rollback() publishes. */
enum tenon_rollback_target {
	TENON_ROLLBACK_PREVIOUS = 0, /**< what served before the last completed swap */
	TENON_ROLLBACK_SCALAR = 1    /**< the reference */
};

/**
 * Publishes what served before the last completed swap, or scalar: one store, no lock, no allocation;
 * async-signal-safe, cannot fail, and wins over a swap in flight. Pins until tenon_unpin() or the last tenon_close(). A
 * second rollback is a no-op, also to the previous table after one to scalar.
 *
 * @param target what is to serve
 * @remark Threads: any, and signal handlers
 */
void tenon_rollback(enum tenon_rollback_target target);

/**
 * Lets automatic changes happen again.
 *
 * @return #TENON_OK, or #TENON_ESYSTEM if a pin that was saved cannot be removed
 */
int tenon_unpin(void);

/* ---- Status ----------------------------------------------------------------------------------------------------- */

/** A snapshot; strings are copies, truncated with "..." if need be. */
struct tenon_status_info {
	uint64_t generation;          /**< of the serving table */
	uint64_t swaps;               /**< since the process started */
	uint64_t rollbacks;           /**< since the process started */
	uint64_t images_loaded;       /**< plugin images mapped now, warm ones included */
	uint64_t images_pending;      /**< of these replaced: waiting for readers, or being unmapped */
	uint64_t images_unloaded;     /**< gone, and checked */
	uint64_t images_resident;     /**< dlclose'd but still mapped */
	uint64_t grace_periods;       /**< completed */
	uint64_t grace_period_age_ms; /**< of the one being waited for, 0 if none */
	int64_t grace_blocker_tid;    /**< kernel thread id that holds it up, 0 if none or unknown */
	int open;                     /**< 1 while the runtime is open, else 0 */
	int degraded;                 /**< 1 if it runs on less than was asked for */
	int pinned;                   /**< 1 if nothing automatic changes the backend */
	int forked;                   /**< 1 in a child before tenon_after_fork() */
	int unload_disabled;          /**< a grace period cannot be proven: nothing is unloaded any more */
	char backend[32];             /**< the selected backend; "mixed" if [kernels] chose several */
	char build_id[65];            /**< of the selected backend's file; "" for scalar and mixed */
	char degraded_reason[256];    /**< one line, "" if it is not */
	char unload_reason[160];      /**< why unload_disabled */
	char label[64];               /**< [runtime] label */
};

/**
 * Takes a snapshot.
 *
 * @param info receives it
 * @return #TENON_OK, or #TENON_EINVAL for NULL
 */
int tenon_status_get(struct tenon_status_info *info);

/**
 * The backend that serves a kernel now, copied to name[size]; "scalar" where it is inherited.
 *
 * @param kernel `TENON_ID_<name>`
 * @param name [size], receives the name, cut if need be
 * @param size bytes, the NUL included
 * @return #TENON_OK, or #TENON_EINVAL
 */
int tenon_kernel_backend(uint32_t kernel, char *name, size_t size);

/* ---- Thread arenas ---------------------------------------------------------------------------------------------- */

/**
 * A bump allocator per thread, made at its first use, released when the thread ends; its size and what happens when it
 * is full are configured ([arena] size, overflow). Kernels take their scratch from it and give it back.
 */
struct tenon_arena_stats {
	size_t size;           /**< bytes; 0 before this thread's first use */
	size_t current;        /**< bytes in use */
	size_t high_water;     /**< the most ever in use */
	uint64_t resets;       /**< calls of tenon_arena_reset() */
	uint64_t overflows;    /**< allocations for which there was no room */
	size_t fallback_bytes; /**< heap bytes held by overflow = fallback until the next reset */
};

/**
 * 64-byte aligned memory of this thread until its next reset. TENON_EARENA: full (overflow = error).
 *
 * @param size bytes; 0 gives an address, too
 * @param memory receives the address; this thread's, never freed alone
 * @return #TENON_OK, #TENON_EARENA, #TENON_EINVAL, #TENON_ENOMEM
 */
int tenon_arena_alloc(size_t size, void **memory);

/** Gives back everything that this thread allocated. O(1), plus the fallback blocks. */
void tenon_arena_reset(void);

/**
 * This thread's arena.
 *
 * @param stats receives them
 * @return #TENON_OK, or #TENON_EINVAL for NULL
 */
int tenon_arena_stats_get(struct tenon_arena_stats *stats);

/**
 * All threads, ended ones included: sums, but high_water and size are maxima. Takes no lock of any allocating thread.
 *
 * @param stats receives sums and maxima
 * @param threads_live receives how many threads have an arena now, or NULL
 * @param threads_ended receives how many had one, or NULL
 * @return #TENON_OK, or #TENON_EINVAL for a NULL stats
 */
int tenon_arena_stats_all(struct tenon_arena_stats *stats, uint64_t *threads_live, uint64_t *threads_ended);

/* ---- Process ---------------------------------------------------------------------------------------------------- */

/** How important a line of the log is. */
enum tenon_log_level {
	TENON_LOG_ERROR = 0, /**< something failed */
	TENON_LOG_WARN = 1,  /**< something is not as it should be */
	TENON_LOG_INFO = 2,  /**< something changed */
	TENON_LOG_DEBUG = 3  /**< why */
};

/**
 * Receives one line, without a newline, valid during the call; called from any thread, never from a kernel call. The line is
 * an event's text, or all its fields where [log] format asks for logfmt or JSON.
 *
 * @param level how important it is
 * @param line the text, without a newline
 * @param user as given to tenon_log_set()
 */
typedef void tenon_log_fn(enum tenon_log_level level, const char *line, void *user);

/**
 * Sets the host's log callback; NULL for silence, which is the default. Set it before tenon_open().
 *
 * @param callback receives the lines, or NULL
 * @param user is passed to it
 */
void tenon_log_set(tenon_log_fn *callback, void *user);

/**
 * A forked child keeps its parent's table and starts no thread. This makes open, swap, close and the control socket
 * available in it again; nothing is ever unloaded there, because no grace period can be proven (unload_reason says so). If
 * the parent was loading or unloading a backend at the fork, swaps in the child to what is not loaded yet are
 * TENON_EFORKED. Call it in the child, before it has more than one thread. 0, and no change, in any other process.
 *
 * @return #TENON_OK, #TENON_ENOMEM, #TENON_ESYSTEM
 * @remark Threads: of the child, before it makes any
 */
int tenon_after_fork(void);

#ifdef __cplusplus
}
#endif
#endif
