/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/**
 * @file
 * <tenon/backend.h>: the plugin ABI, the only header that the author of a backend needs.
 *
 * A backend is a shared object with code for some or all kernels. It exports one symbol, tenon_backend_entry, and
 * carries an ELF note so that it can be judged before any of its code runs. TENON_BACKEND() writes both:
 *
 *     static const struct tenon_backend_kernel kernels[] = {
 *         TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", acme_inner_product),
 *     };
 *     TENON_BACKEND("acme", "1.0", "Acme Inc.", "x86-64-v3", "", kernels)
 *
 * Kernels are pure functions: no state, locks, allocation or errno; they may be called from any number of threads at
 * once, leave the floating-point environment as they found it, and get only calls that the runtime validated.
 */
#ifndef TENON_BACKEND_H
#define TENON_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The ABI that this header describes. Minor versions only add; a host and a plugin meet if their ranges overlap. */
#define TENON_ABI(major, minor) (((uint32_t)(major) << 16) | (uint32_t)(minor))
/** The newest ABI that this header speaks. */
#define TENON_ABI_CURRENT TENON_ABI(1, 0)
/** The oldest one. */
#define TENON_ABI_OLDEST TENON_ABI(1, 0)

/** Status codes of every function and kernel: 0 is success, errors are negative. */
enum tenon_status {
#define TENON_STATUS(name, number, text) name = number,
#include <tenon/status.def>
#undef TENON_STATUS
};

/** Kernel ids, TENON_ID_<name>. */
enum tenon_kernel_id {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) TENON_ID_##name = id,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	TENON_ID_LIMIT = 1 << 16 /**< above every id */
};

#define TENON_GRAPH_LIMIT 0x7ffffff0u /**< most nodes, and most edges: they fit a signed 32-bit index */
#define TENON_SLICE_ROWS 16           /**< rows of a slice */
#define TENON_EDGE_PADDING 16 /**< edges behind the last that may be read, so that kernels can take them in vectors */

/** An edge as a row keeps it: its other end. */
struct tenon_graph_edge {
	uint32_t node; /**< the other end */
	float weight;  /**< any float */
};

/**
 * A directed, weighted graph, validated when tenon_graph_create() made it and immutable since; kernels only read it.
 * It keeps each edge in rows by destination, in rows by source, and (unless it was made without) in slices. In a row
 * by destination edges are ordered by source, then by input position: this is the order of every sum over a row.
 *
 * Slices (sliced ELLPACK): the rows by destination, longest first, 16 to a slice. Slice s sums into the nodes
 * slice_row[16*s ... 16*s+15] and has the columns slice_column[s] up to slice_column[s + 1]. Column c is 16 entries
 * from index 16*c on, one a row: the source (slice_source, or slice_narrow when nodes <= 65535; the other is NULL) and
 * the weight. A row shorter than its slice ends in padding: source `nodes`, weight 1. A kernel keeps the term -0 for
 * that source, since x + (-0 * 1) is x for every x. A last slice that has fewer than 16 rows repeats its last one,
 * whole. Rows so long that their slice would be mostly padding are in no slice but in the list of hubs.
 */
struct tenon_graph {
	uint32_t nodes;                     /**< at most TENON_GRAPH_LIMIT */
	uint32_t edges;                     /**< at most TENON_GRAPH_LIMIT */
	uint32_t finite;                    /**< 1 if no weight is an infinity or a NaN, else 0 */
	uint32_t sliced;                    /**< 1 if there are slices and hubs, else 0 */
	const uint32_t *in_offset;          /**< [nodes + 1]: row v is in[in_offset[v] ... in_offset[v + 1] - 1] */
	const struct tenon_graph_edge *in;  /**< [edges], by destination; .node is the source */
	const uint32_t *out_offset;         /**< [nodes + 1], likewise; a row's length is the fan (out-degree) */
	const struct tenon_graph_edge *out; /**< [edges], by source, then input position; .node: destination;
						     TENON_EDGE_PADDING more may be read, and mean nothing */
	uint32_t slices;                    /**< 0 if it is not sliced */
	uint32_t hubs;                      /**< 0 if it is not sliced */
	const uint32_t *slice_row;          /**< [16 * slices] */
	const uint32_t *slice_column;       /**< [slices + 1] */
	const uint32_t *slice_source;       /**< [16 * columns], or NULL */
	const uint16_t *slice_narrow;       /**< [16 * columns], or NULL */
	const float *slice_weight;          /**< [16 * columns] */
	const uint32_t *hub;                /**< [hubs] */
	uint64_t scratch[2];                /**< bytes of memory of one call, by enum tenon_spread_mode */
};

/**
 * The memory of one call over a graph: made by tenon_workspace_create(), or laid out in a call's scratch. The kernel
 * owns term and frontier during a call. The other arrays are at rest between calls, in the state given below, so that a
 * call need not touch all of them; a kernel clears at_rest before it changes one of them and sets it when it has put
 * everything back; where it finds at_rest clear it must first bring them into that state.
 */
struct tenon_workspace {
	const struct tenon_graph *graph; /**< what it is for */
	float *term;                     /**< [nodes + 16], source terms */
	float *sum;                      /**< [nodes rounded up to 16], at rest -0 */
	float *delta;                    /**< [nodes], at rest +0 */
	uint8_t *block;                  /**< [one per 16 nodes, rounded up to 256], at rest 0 */
	uint8_t *group;                  /**< [one per 256 blocks, rounded up to 8], at rest 0 */
	uint32_t *frontier;              /**< [nodes] */
	uint32_t at_rest;                /**< 1 if the arrays are in the states given here */
};

/**
 * Bytes of one array of nodes + 16 floats; a multiple of 64.
 *
 * @param nodes of the graph
 * @return bytes
 */
static inline uint64_t tenon_workspace_floats(uint32_t nodes)
{
	return ((uint64_t)nodes + 31) / 16 * 64;
}

/**
 * Bytes of a whole workspace; a multiple of 64.
 *
 * @param nodes of the graph
 * @return bytes
 */
__attribute__((unused)) static inline uint64_t tenon_workspace_size(uint32_t nodes)
{
	uint64_t groups = ((uint64_t)nodes + 4095) / 4096;
	return 4 * tenon_workspace_floats(nodes) + 256 * groups + (groups + 63) / 64 * 64;
}

/**
 * Lays out *workspace in memory: 64-byte aligned, tenon_workspace_size() bytes, or, for term alone, _floats().
 *
 * @param workspace receives the addresses
 * @param graph it is for
 * @param memory 64-byte aligned, at least as large as said above
 */
__attribute__((unused)) static inline void tenon_workspace_place(struct tenon_workspace *workspace,
								 const struct tenon_graph *graph, void *memory)
{
	uint64_t floats = tenon_workspace_floats(graph->nodes);
	unsigned char *at = (unsigned char *)memory;

	workspace->graph = graph;
	workspace->term = (float *)memory;
	workspace->sum = (float *)(void *)(at + floats);
	workspace->delta = (float *)(void *)(at + 2 * floats);
	workspace->frontier = (uint32_t *)(void *)(at + 3 * floats);
	workspace->block = at + 4 * floats;
	workspace->group = workspace->block + ((uint64_t)graph->nodes + 4095) / 4096 * 256;
	workspace->at_rest = 0;
}

#define TENON_PANEL_ROWS 16 /**< rows of a panel */

/**
 * A matrix packed once for similarity_matrix and pairwise_similarity by tenon_packed_create(), immutable since. A panel
 * is 16 rows side by side, dimension-major: element k of row 16*p + c is panel[(p*dim + k)*16 + c], +0 behind the last
 * row. Both arrays are aligned to 64 bytes.
 */
struct tenon_packed {
	size_t count;         /**< rows */
	size_t dim;           /**< elements of a row */
	const float *panel;   /**< [ceil(count/16) * dim * 16] */
	const float *squared; /**< [ceil(count/16) * 16]: each row's squared norm over 32 lanes, +0 behind the last */
};

#define TENON_PANEL_DIM 4096 /**< the largest dim of three panels */

/**
 * The scratch in which those kernels pack a matrix of count rows that comes unpacked, a few panels at a time: three where
 * that is not too much, else one. In bytes.
 */
#define TENON_PANEL_SCRATCH(count, dim) \
	((dim)*TENON_PANEL_ROWS * sizeof(float) * ((count) > TENON_PANEL_ROWS && (dim) <= TENON_PANEL_DIM ? 3 : 1))

#define TENON_DELTA_LIMIT (1u << 30) /**< most bytes of a page */
/** Words of the mask of a page of size bytes. */
#define TENON_DELTA_WORDS(size) (((size_t)(size) + 63) / 64)

/**
 * A change of a page of `size` bytes: bit i of mask (of word i/64 the bit i%64, LSB first) is set where byte i changes,
 * to payload[i]. tenon_delta_init() checks one: bits from size on are clear. Bytes of the payload under a clear bit mean
 * nothing on input; kernels write 0 there. order says which delta comes later: a sequence number or a time.
 */
struct tenon_delta {
	uint64_t order;         /**< a sequence number or a time */
	size_t size;            /**< bytes of the page, at most TENON_DELTA_LIMIT */
	uint64_t *mask;         /**< [TENON_DELTA_WORDS(size)] */
	unsigned char *payload; /**< [size] */
};

/** How delta_encode wrote a delta; the format is in docs/NUMERICS.md. */
enum tenon_encoding {
	TENON_ENCODING_RAW = 0,          /**< every byte changes: the payload */
	TENON_ENCODING_BITMAP = 1,       /**< the mask, the bytes that change */
	TENON_ENCODING_HIERARCHICAL = 2, /**< a bitmap of the bitmap of the mask, what is not 0 of each, the bytes */
	TENON_ENCODING_RLE = 3,          /**< lengths of what stays and what changes, in turn, the bytes */
	TENON_ENCODING_SPARSE = 4        /**< the gap before each byte that changes, the bytes */
};
#define TENON_DELTA_OVERHEAD 28 /**< bytes: a header of 24, and the CRC-32C of all that goes before it */
/** The most bytes that an encoded delta of a page of size bytes can take: header, checksum, mask and payload. */
#define TENON_DELTA_BOUND(size) (TENON_DELTA_OVERHEAD + 8 * TENON_DELTA_WORDS(size) + (size_t)(size))

/** What spreading_activation computes: see docs/NUMERICS.md. */
enum tenon_spread_mode {
	TENON_SPREAD_STEP = 0, /**< all nodes at once, step by step */
	TENON_SPREAD_BFS = 1   /**< a wave that travels from the active nodes */
};
/** How: no layout changes a bit of the result. AUTO chooses by graph and arguments alone. */
enum tenon_spread_layout {
	TENON_LAYOUT_AUTO = 0,  /**< the kernel's choice */
	TENON_LAYOUT_PULL = 1,  /**< rows by destination */
	TENON_LAYOUT_PUSH = 2,  /**< rows by source */
	TENON_LAYOUT_SLICED = 3 /**< 16 rows by destination at a time */
};
/**
 * What a node's activation is divided by: 1, its fan, or the square root of its fan. ACT_R, for fan_effect alone: what
 * is added is weight * (strength - ln fan).
 */
enum tenon_fan {
	TENON_FAN_ONE = 0,    /**< 1 */
	TENON_FAN_LINEAR = 1, /**< the fan */
	TENON_FAN_SQRT = 2,   /**< its square root */
	TENON_FAN_ACT_R = 3   /**< the sum of ACT-R */
};
/** After each step: nothing, clamp to [0, 1], or divide by the maximum if that is above 1. */
enum tenon_norm {
	TENON_NORM_NONE = 0,  /**< nothing */
	TENON_NORM_CLAMP = 1, /**< clamp to [0, 1] */
	TENON_NORM_MAX = 2    /**< divide by the maximum if that is above 1 */
};

/** How binding_decay forgets: by 1 - rate*dt, but not below 0, or by exp(-rate*dt). */
enum tenon_forgetting {
	TENON_FORGETTING_LINEAR = 0,     /**< by 1 - rate*dt */
	TENON_FORGETTING_EXPONENTIAL = 1 /**< by exp(-rate*dt) */
};

/* Argument structs, struct tenon_<name>_args; <tenon/kernels.def> says what each member is. */
#define TENON_ARG(type, member) type member;
#define TENON_KERNEL(id, name, scratch, args) \
	struct tenon_##name##_args {          \
		args                          \
	};
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/**
 * A kernel. args points to its argument struct, scratch to as many bytes, 64-byte aligned, as kernels.def says (NULL
 * for none). Returns TENON_OK, or TENON_ENONFINITE when the outputs are complete but not all finite.
 *
 * @param args the argument struct of the kernel, valid and only read
 * @param scratch memory of this call, or NULL
 * @return #TENON_OK, #TENON_ENONFINITE; of delta_decode also #TENON_ECORRUPT
 * @remark Threads: any, at the same time
 */
typedef int tenon_kernel_fn(const void *args, void *scratch);

/** EXACT: the bits of docs/NUMERICS.md. BOUNDED: within its derived error bound, in an order of its own. */
enum tenon_class {
	TENON_EXACT = 0,  /**< bit for bit */
	TENON_BOUNDED = 1 /**< within a bound; refused unless `numerics = bounded` */
};

/**
 * One kernel of a backend. needs: features beyond those of the whole file, a comma-separated list of names (`tenon
 * probe` prints them) or raw requirements `cpuid:LEAF.SUBLEAF.REG=MASK`, `xcr0:MASK`, `hwcap:MASK`, `hwcap2:MASK`
 * (numbers in hexadecimal); an entry whose features the CPU lacks is skipped. Several entries may name one kernel:
 * the first usable one serves.
 */
struct tenon_backend_kernel {
	uint32_t id;               /**< `TENON_ID_<name>`; one that the host does not know is ignored */
	uint32_t numeric_class;    /**< enum tenon_class */
	const char *needs;         /**< features, or "" */
	tenon_kernel_fn *function; /**< the code */
};

#define TENON_BACKEND_MAGIC 0x4e4f4e54u /**< "TNON" */

/** What tenon_backend_entry returns; static, and valid as long as the plugin is loaded. */
struct tenon_backend {
	uint32_t magic;                             /**< TENON_BACKEND_MAGIC */
	uint32_t size;                              /**< sizeof (struct tenon_backend) as the plugin was compiled */
	uint32_t abi_min;                           /**< the oldest ABI that the plugin speaks */
	uint32_t abi_max;                           /**< the newest one */
	const char *name;                           /**< as in the note */
	const char *version;                        /**< as in the note */
	const char *vendor;                         /**< as in the note */
	const struct tenon_backend_kernel *kernels; /**< [kernel_count], each kernel_size bytes */
	uint32_t kernel_count;                      /**< entries */
	uint32_t kernel_size; /**< sizeof (struct tenon_backend_kernel) as the plugin was compiled */
};

/** What the host offers to tenon_backend_entry. */
struct tenon_services {
	uint32_t size;            /**< sizeof (struct tenon_services) as the host was compiled */
	uint32_t abi_min;         /**< the oldest ABI that the host speaks */
	uint32_t abi_max;         /**< the newest one */
	uint32_t reserved;        /**< 0 */
	const char *host_version; /**< of libtenon, as "1.2.3" */
};

/**
 * The one symbol that a plugin exports, tenon_backend_entry: TENON_BACKEND() writes it.
 *
 * @param services what the host offers, valid during the call
 * @return the descriptor, or NULL to refuse this host
 */
typedef const struct tenon_backend *tenon_backend_entry_fn(const struct tenon_services *services);

#define TENON_NOTE_OWNER "Tenon" /**< the owner of the note */
#define TENON_NOTE_TYPE 1        /**< its type */

/** The ELF note (owner "Tenon", type 1), strings NUL-terminated and zero-padded. A file holds exactly one. */
struct tenon_note {
	uint32_t owner_size; /**< bytes of owner, its NUL included */
	uint32_t desc_size;  /**< bytes of what follows owner */
	uint32_t type;       /**< TENON_NOTE_TYPE */
	char owner[8];       /**< TENON_NOTE_OWNER */
	uint32_t abi_min;    /**< the oldest ABI that the plugin speaks */
	uint32_t abi_max;    /**< the newest one */
	char name[32];       /**< of the backend */
	char version[16];    /**< of the backend */
	char vendor[32];     /**< who made it */
	char needs[128];     /**< features without which no instruction of the file may run */
	char uses[128];      /**< the union of what its entries need beyond that */
};

#ifdef __cplusplus
#define TENON_EXTERN_C extern "C"
#else
#define TENON_EXTERN_C
#endif
/**
 * TENON_BACKEND(name, version, vendor, needs, uses, kernels): defines the note and the entry point. All but kernels,
 * an array of struct tenon_backend_kernel, are string literals.
 */
#define TENON_BACKEND(backend_name, backend_version, backend_vendor, backend_needs, backend_uses, backend_kernels) \
	__attribute__((used, section(".note.tenon"), aligned(4))) static const struct tenon_note tenon_note_ = {   \
		sizeof TENON_NOTE_OWNER,                                                                           \
		sizeof(struct tenon_note) - 20,                                                                    \
		TENON_NOTE_TYPE,                                                                                   \
		TENON_NOTE_OWNER,                                                                                  \
		TENON_ABI_OLDEST,                                                                                  \
		TENON_ABI_CURRENT,                                                                                 \
		backend_name,                                                                                      \
		backend_version,                                                                                   \
		backend_vendor,                                                                                    \
		backend_needs,                                                                                     \
		backend_uses};                                                                                     \
	static const struct tenon_backend tenon_backend_ = {TENON_BACKEND_MAGIC,                                   \
							    sizeof(struct tenon_backend),                          \
							    TENON_ABI_OLDEST,                                      \
							    TENON_ABI_CURRENT,                                     \
							    backend_name,                                          \
							    backend_version,                                       \
							    backend_vendor,                                        \
							    backend_kernels,                                       \
							    sizeof(backend_kernels) / sizeof(backend_kernels[0]),  \
							    sizeof(struct tenon_backend_kernel)};                  \
	TENON_EXTERN_C __attribute__((visibility("default"))) const struct tenon_backend *tenon_backend_entry(     \
		const struct tenon_services *services);                                                            \
	const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)                     \
	{                                                                                                          \
		(void)services;                                                                                    \
		return &tenon_backend_;                                                                            \
	}

/** One entry of the array: a kernel by its name, enum tenon_class, features or "", and its function. */
#define TENON_BACKEND_KERNEL(kernel, numeric_class, needs, function) \
	{                                                            \
		TENON_ID_##kernel, numeric_class, needs, function    \
	}

#ifdef __cplusplus
}
#endif
#endif
