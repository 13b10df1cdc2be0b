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
