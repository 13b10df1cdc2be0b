/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
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

/* The ABI that this header describes. Minor versions only add; a host and a plugin meet if their ranges overlap. */
#define TENON_ABI(major, minor) (((uint32_t)(major) << 16) | (uint32_t)(minor))
#define TENON_ABI_CURRENT TENON_ABI(1, 0)
#define TENON_ABI_OLDEST TENON_ABI(1, 0)

/* Status codes of every function and kernel: 0 is success, errors are negative. */
enum tenon_status {
#define TENON_STATUS(name, number, text) name = number,
#include <tenon/status.def>
#undef TENON_STATUS
};

/* Kernel ids, TENON_ID_<name>. */
enum tenon_kernel_id {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) TENON_ID_##name = id,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	TENON_ID_LIMIT = 1 << 16
};

/*
 * A directed, weighted graph, validated when tenon_graph_create() made it and immutable since; kernels only read it.
 * It keeps each edge in rows by destination, in rows by source, and (unless it was made without) in slices. In a row
 * by destination edges are ordered by source, then by input position: this is the order of every sum over a row.
 */
#define TENON_GRAPH_LIMIT 0x7ffffff0u /* most nodes, and most edges: they fit a signed 32-bit index */
#define TENON_SLICE_ROWS 16
#define TENON_EDGE_PADDING 16 /* edges behind the last that may be read, so that kernels can take them in vectors */

/* An edge as a row keeps it: its other end. */
struct tenon_graph_edge {
	uint32_t node;
	float weight;
};

/*
 * Slices (sliced ELLPACK): the rows by destination, longest first, 16 to a slice. Slice s sums into the nodes
 * slice_row[16*s ... 16*s+15] and has the columns slice_column[s] up to slice_column[s + 1]. Column c is 16 entries
 * from index 16*c on, one a row: the source (slice_source, or slice_narrow when nodes <= 65535; the other is NULL) and
 * the weight. A row shorter than its slice ends in padding: source `nodes`, weight 1. A kernel keeps the term -0 for
 * that source, since x + (-0 * 1) is x for every x. A last slice that has fewer than 16 rows repeats its last one,
 * whole. Rows so long that their slice would be mostly padding are in no slice but in the list of hubs.
 */
struct tenon_graph {
	uint32_t nodes;
	uint32_t edges;
	uint32_t finite;                          /* 1 if no weight is an infinity or a NaN, else 0 */
	uint32_t sliced;                          /* 1 if there are slices and hubs, else 0 */
	const uint32_t *in_offset;                /* [nodes + 1]: row v is in[in_offset[v] ... in_offset[v + 1] - 1] */
	const struct tenon_graph_edge *in;        /* [edges], by destination; .node is the source */
	const uint32_t *out_offset;               /* [nodes + 1], likewise; a row's length is the fan (out-degree) */
	const struct tenon_graph_edge *out;       /* [edges], by source, then input position; .node: destination;
						     TENON_EDGE_PADDING more may be read, and mean nothing */
	uint32_t slices;
	uint32_t hubs;
	const uint32_t *slice_row;                /* [16 * slices] */
	const uint32_t *slice_column;             /* [slices + 1] */
	const uint32_t *slice_source;             /* [16 * columns] */
	const uint16_t *slice_narrow;
	const float *slice_weight;                /* [16 * columns] */
	const uint32_t *hub;                      /* [hubs] */
	uint64_t scratch[2];                      /* bytes of memory of one call, by enum tenon_spread_mode */
};

/*
 * The memory of one call over a graph: made by tenon_workspace_create(), or laid out in a call's scratch. The kernel
 * owns term and frontier during a call. The other arrays are at rest between calls, in the state given below, so that a
 * call need not touch all of them; a kernel clears at_rest before it changes one of them and sets it when it has put
 * everything back; where it finds at_rest clear it must first bring them into that state.
 */
struct tenon_workspace {
	const struct tenon_graph *graph;
	float *term;        /* [nodes + 16]: source terms */
	float *sum;         /* [nodes rounded up to 16]: -0 */
	float *delta;       /* [nodes]: +0 */
	uint8_t *block;     /* [one per 16 nodes, rounded up to 256]: 0 */
	uint8_t *group;     /* [one per 256 blocks, rounded up to 8]: 0 */
	uint32_t *frontier; /* [nodes] */
	uint32_t at_rest;
};

/* Bytes of one array of nodes + 16 floats, and of a whole workspace; both multiples of 64. */
static inline uint64_t tenon_workspace_floats(uint32_t nodes)
{
	return ((uint64_t)nodes + 31) / 16 * 64;
}
__attribute__((unused)) static inline uint64_t tenon_workspace_size(uint32_t nodes)
{
	uint64_t groups = ((uint64_t)nodes + 4095) / 4096;
	return 4 * tenon_workspace_floats(nodes) + 256 * groups + (groups + 63) / 64 * 64;
}

/* Lays out *workspace in memory: 64-byte aligned, tenon_workspace_size() bytes, or, for term alone, _floats(). */
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

/*
 * A matrix packed once for similarity_matrix and pairwise_similarity by tenon_packed_create(), immutable since. A panel
 * is 16 rows side by side, dimension-major: element k of row 16*p + c is panel[(p*dim + k)*16 + c], +0 behind the last
 * row. Both arrays are aligned to 64 bytes.
 */
#define TENON_PANEL_ROWS 16
struct tenon_packed {
	size_t count, dim;
	const float *panel;   /* [ceil(count/16) * dim * 16] */
	const float *squared; /* [ceil(count/16) * 16]: each row's squared norm over 32 lanes, +0 behind the last */
};

/*
 * The scratch in which those kernels pack a matrix of count rows that comes unpacked, a few panels at a time: three where
 * that is not too much, else one.
 */
#define TENON_PANEL_DIM 4096 /* the largest dim of three panels */
#define TENON_PANEL_SCRATCH(count, dim) \
	((dim) * TENON_PANEL_ROWS * sizeof(float) * ((count) > TENON_PANEL_ROWS && (dim) <= TENON_PANEL_DIM ? 3 : 1))

/*
 * A change of a page of `size` bytes: bit i of mask (of word i/64 the bit i%64, LSB first) is set where byte i changes,
 * to payload[i]. tenon_delta_init() checks one: bits from size on are clear. Bytes of the payload under a clear bit mean
 * nothing on input; kernels write 0 there. order says which delta comes later: a sequence number or a time.
 */
#define TENON_DELTA_LIMIT (1u << 30) /* most bytes of a page */
#define TENON_DELTA_WORDS(size) (((size_t)(size) + 63) / 64)
struct tenon_delta {
	uint64_t order;
	size_t size;
	uint64_t *mask;         /* [TENON_DELTA_WORDS(size)] */
	unsigned char *payload; /* [size] */
};

/*
 * How delta_encode wrote a delta; the format is in docs/NUMERICS.md. The bound is the most bytes that a delta of a page
 * of `size` bytes can take: header, checksum, mask and payload.
 */
enum tenon_encoding {
	TENON_ENCODING_RAW = 0,          /* every byte changes: the payload */
	TENON_ENCODING_BITMAP = 1,       /* the mask, the bytes that change */
	TENON_ENCODING_HIERARCHICAL = 2, /* a bitmap of the bitmap of the mask, what is not 0 of each, the bytes */
	TENON_ENCODING_RLE = 3,          /* lengths of what stays and what changes, in turn, the bytes */
	TENON_ENCODING_SPARSE = 4        /* the gap before each byte that changes, the bytes */
};
#define TENON_DELTA_OVERHEAD 28 /* bytes: a header of 24, and the CRC-32C of all that goes before it */
#define TENON_DELTA_BOUND(size) (TENON_DELTA_OVERHEAD + 8 * TENON_DELTA_WORDS(size) + (size_t)(size))

/* What spreading_activation computes: see docs/NUMERICS.md. */
enum tenon_spread_mode { TENON_SPREAD_STEP = 0, TENON_SPREAD_BFS = 1 };
/* How: no layout changes a bit of the result. AUTO chooses by graph and arguments alone. */
enum tenon_spread_layout {
	TENON_LAYOUT_AUTO = 0,
	TENON_LAYOUT_PULL = 1,  /* rows by destination */
	TENON_LAYOUT_PUSH = 2,  /* rows by source */
	TENON_LAYOUT_SLICED = 3 /* 16 rows by destination at a time */
};
/*
 * What a node's activation is divided by: 1, its fan, or the square root of its fan. ACT_R, for fan_effect alone: what
 * is added is weight * (strength - ln fan).
 */
enum tenon_fan { TENON_FAN_ONE = 0, TENON_FAN_LINEAR = 1, TENON_FAN_SQRT = 2, TENON_FAN_ACT_R = 3 };
/* After each step: nothing, clamp to [0, 1], or divide by the maximum if that is above 1. */
enum tenon_norm { TENON_NORM_NONE = 0, TENON_NORM_CLAMP = 1, TENON_NORM_MAX = 2 };

/* How binding_decay forgets: by 1 - rate*dt, but not below 0, or by exp(-rate*dt). */
enum tenon_forgetting { TENON_FORGETTING_LINEAR = 0, TENON_FORGETTING_EXPONENTIAL = 1 };

/* Argument structs, struct tenon_<name>_args; <tenon/kernels.def> says what each member is. */
#define TENON_ARG(type, member) type member;
#define TENON_KERNEL(id, name, scratch, args) struct tenon_##name##_args { args };
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/*
 * A kernel. args points to its argument struct, scratch to as many bytes, 64-byte aligned, as kernels.def says (NULL
 * for none). Returns TENON_OK, or TENON_ENONFINITE when the outputs are complete but not all finite.
 */
typedef int tenon_kernel_fn(const void *args, void *scratch);

/* EXACT: the bits of docs/NUMERICS.md. BOUNDED: within its derived error bound, in an order of its own. */
enum tenon_class { TENON_EXACT = 0, TENON_BOUNDED = 1 };

/*
 * One kernel of a backend. needs: features beyond those of the whole file, a comma-separated list of names (`tenon
 * probe` prints them) or raw requirements `cpuid:LEAF.SUBLEAF.REG=MASK`, `xcr0:MASK`, `hwcap:MASK`, `hwcap2:MASK`
 * (numbers in hexadecimal); an entry whose features the CPU lacks is skipped. Several entries may name one kernel:
 * the first usable one serves.
 */
struct tenon_backend_kernel {
	uint32_t id;
	uint32_t numeric_class;
	const char *needs;
	tenon_kernel_fn *function;
};

#define TENON_BACKEND_MAGIC 0x4e4f4e54u /* "TNON" */

/* What tenon_backend_entry returns; static, and valid as long as the plugin is loaded. */
struct tenon_backend {
	uint32_t magic;       /* TENON_BACKEND_MAGIC */
	uint32_t size;        /* sizeof (struct tenon_backend) as the plugin was compiled */
	uint32_t abi_min;     /* the oldest and the newest ABI that the plugin speaks */
	uint32_t abi_max;
	const char *name;     /* the same strings as in the note */
	const char *version;
	const char *vendor;
	const struct tenon_backend_kernel *kernels;
	uint32_t kernel_count;
	uint32_t kernel_size; /* sizeof (struct tenon_backend_kernel) as the plugin was compiled */
};

/* What the host offers to tenon_backend_entry. */
struct tenon_services {
	uint32_t size; /* sizeof (struct tenon_services) as the host was compiled */
	uint32_t abi_min;
	uint32_t abi_max;
	uint32_t reserved;
	const char *host_version;
};

typedef const struct tenon_backend *tenon_backend_entry_fn(const struct tenon_services *services);

#define TENON_NOTE_OWNER "Tenon"
#define TENON_NOTE_TYPE 1

/* The ELF note (owner "Tenon", type 1), strings NUL-terminated and zero-padded. A file holds exactly one. */
struct tenon_note {
	uint32_t owner_size;
	uint32_t desc_size;
	uint32_t type;
	char owner[8];
	uint32_t abi_min;
	uint32_t abi_max;
	char name[32];
	char version[16];
	char vendor[32];
	char needs[128]; /* features without which no instruction of the file may run */
	char uses[128];  /* the union of what its entries need beyond that */
};

/*
 * TENON_BACKEND(name, version, vendor, needs, uses, kernels): defines the note and the entry point. All but kernels,
 * an array of struct tenon_backend_kernel, are string literals.
 */
#ifdef __cplusplus
#define TENON_EXTERN_C extern "C"
#else
#define TENON_EXTERN_C
#endif
#define TENON_BACKEND(backend_name, backend_version, backend_vendor, backend_needs, backend_uses, backend_kernels) \
	__attribute__((used, section(".note.tenon"), aligned(4))) static const struct tenon_note tenon_note_ = {   \
		sizeof TENON_NOTE_OWNER, sizeof(struct tenon_note) - 20, TENON_NOTE_TYPE, TENON_NOTE_OWNER,        \
		TENON_ABI_OLDEST, TENON_ABI_CURRENT,                                                               \
		backend_name, backend_version, backend_vendor, backend_needs, backend_uses};                       \
	static const struct tenon_backend tenon_backend_ = {                                                       \
		TENON_BACKEND_MAGIC, sizeof(struct tenon_backend), TENON_ABI_OLDEST, TENON_ABI_CURRENT,            \
		backend_name, backend_version, backend_vendor,                                                     \
		backend_kernels, sizeof(backend_kernels) / sizeof(backend_kernels[0]),                             \
		sizeof(struct tenon_backend_kernel)};                                                              \
	TENON_EXTERN_C __attribute__((visibility("default"))) const struct tenon_backend *tenon_backend_entry(     \
		const struct tenon_services *services);                                                            \
	const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)                     \
	{                                                                                                          \
		(void)services;                                                                                    \
		return &tenon_backend_;                                                                            \
	}

#define TENON_BACKEND_KERNEL(kernel, numeric_class, needs, function) \
	{TENON_ID_##kernel, numeric_class, needs, function}

#ifdef __cplusplus
}
#endif
#endif
