/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maps a staged backend and agrees with it on what it offers; owns no list. From dlopen() on, code of the backend may
 * run: the checks here are for what vetting cannot see. Strings of a backend are copied, they vanish with it.
 */
#include "build.h"

#include "runtime/load.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tenon/tenon.h>

#include "runtime/prove.h"
#include "runtime/public.h"
#include "runtime/trust.h"

const struct image scalar_image = {
	.name = "scalar",
	.function =
		{
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = scalar_##name,
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
		},
	.staged = {.descriptor = -1},
};

/* ---- The dynamic linker ------------------------------------------------------------------------------------------ */

/* Threads that may hold a lock of the dynamic linker (dlsym and dl_iterate_phdr take it too). */
static atomic_int linking;
static atomic_bool link_lost; /* one may have, at the fork that made this process */

void restart_loading(void)
{
	if (atomic_exchange(&linking, 0))
		atomic_store(&link_lost, true);
}

struct search {
	const char *path;
	bool found;
	char build_id[65];
};

static void copy_build_id(const struct dl_phdr_info *object, const ElfW(Phdr) * segment, char *out, size_t size)
{
	const char *note = (const char *)object->dlpi_addr + segment->p_vaddr;
	const char *end = note + segment->p_memsz;
	while (note + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
		const char *name = note + sizeof *header;
		const unsigned char *bytes = (const unsigned char *)name + ((header->n_namesz + 3) & ~3u);
		if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
			for (size_t i = 0; i < header->n_descsz && 2 * i + 2 < size; i++)
				snprintf(out + 2 * i, 3, "%02x", bytes[i]);
			return;
		}
		note = (const char *)bytes + ((header->n_descsz + 3) & ~3u);
	}
}

static int match_object(struct dl_phdr_info *object, size_t size, void *data)
{
	struct search *search = data;
	(void)size;
	if (strcmp(object->dlpi_name, search->path) != 0)
		return 0;
	search->found = true;
	for (int i = 0; i < object->dlpi_phnum && !search->build_id[0]; i++)
		if (object->dlpi_phdr[i].p_type == PT_NOTE)
			copy_build_id(object, &object->dlpi_phdr[i], search->build_id, sizeof search->build_id);
	return 1;
}

/* By name, not by address: addresses are reused. */
static struct search find_object(const char *path)
{
	struct search search = {.path = path};
	dl_iterate_phdr(match_object, &search);
	return search;
}

/* ---- Floating-point state ---------------------------------------------------------------------------------------- */

/* The control bits (rounding, flush-to-zero, exception masks), not the sticky flags: what belongs to the host. */
static uint64_t read_float_control(void)
{
#if defined(__x86_64__)
	uint16_t x87;
	__asm__ volatile("fnstcw %0" : "=m"(x87));
	return (uint64_t)x87 << 32 | (__builtin_ia32_stmxcsr() & ~0x3fu);
#elif defined(__aarch64__)
	uint64_t control;
	__asm__ volatile("mrs %0, fpcr" : "=r"(control));
	return control;
#else
	return 0;
#endif
}

static void write_float_control(uint64_t control)
{
#if defined(__x86_64__)
	uint16_t x87 = (uint16_t)(control >> 32);
	__asm__ volatile("fldcw %0" : : "m"(x87));
	__builtin_ia32_ldmxcsr((uint32_t)control);
#elif defined(__aarch64__)
	__asm__ volatile("msr fpcr, %0" : : "r"(control));
#else
	(void)control;
#endif
}

/* ---- Negotiation ------------------------------------------------------------------------------------------------- */

/*
 * Where the structs of ABI 1.0 end. A plugin of any later one has at least these bytes; who reads what came later looks at the
 * plugin's own size first (docs/ABI.md).
 */
#define LEAST_SIZE(type, last) (offsetof(type, last) + sizeof(((type *)NULL)->last))
#define BACKEND_LEAST LEAST_SIZE(struct tenon_backend, kernel_size)
#define KERNEL_LEAST LEAST_SIZE(struct tenon_backend_kernel, function)

struct negotiation {
	const struct config *config;
	const struct cpu *cpu;
	const struct candidate *candidate;
	const struct vetted *vetted;
	struct image *image;
	bool is_proven; /* or need not be */
	struct why *why;
};

static int refuse_number(const struct negotiation *n, const char *field, uint32_t got, uint32_t want)
{
	return explain(n->why, TENON_EREFUSED,
		       "%s: its descriptor's %s is %#x, this host knows %#x; rebuild it with "
		       "this host's <tenon/backend.h>",
		       n->candidate->path, field, got, want);
}

static int check_string(const struct negotiation *n, const char *field, const char *got, const char *noted)
{
	if (got && strcmp(got, noted) == 0)
		return TENON_OK;
	return explain(n->why, TENON_EREFUSED,
		       "%s: its descriptor's %s is \"%.40s\", its note says \"%s\"; define "
		       "both with TENON_BACKEND()",
		       n->candidate->path, field, got ? got : "(null)", noted);
}

static int check_descriptor(const struct negotiation *n, const struct tenon_backend *backend)
{
	const struct vetted *noted = n->vetted;
	int status;
	if (!backend)
		return explain(n->why, TENON_EREFUSED,
			       "%s: tenon_backend_entry() declined this host (ABI %u.%u to %u.%u)", n->candidate->path,
			       TENON_ABI_OLDEST >> 16, TENON_ABI_OLDEST & 0xffff, TENON_ABI_CURRENT >> 16,
			       TENON_ABI_CURRENT & 0xffff);
	if (backend->magic != TENON_BACKEND_MAGIC)
		return refuse_number(n, "magic", backend->magic, TENON_BACKEND_MAGIC);
	if (backend->size < BACKEND_LEAST)
		return refuse_number(n, "size", backend->size, BACKEND_LEAST);
	if (backend->kernel_size < KERNEL_LEAST)
		return refuse_number(n, "kernel_size", backend->kernel_size, KERNEL_LEAST);
	if (backend->abi_min > TENON_ABI_CURRENT)
		return refuse_number(n, "abi_min", backend->abi_min, TENON_ABI_CURRENT);
	if (backend->abi_max < TENON_ABI_OLDEST)
		return refuse_number(n, "abi_max", backend->abi_max, TENON_ABI_OLDEST);
	if (backend->abi_min != noted->abi_min || backend->abi_max != noted->abi_max)
		return explain(n->why, TENON_EREFUSED,
			       "%s: its descriptor's ABI range %#x to %#x is not its note's, "
			       "%#x to %#x",
			       n->candidate->path, backend->abi_min, backend->abi_max, noted->abi_min, noted->abi_max);
	if ((status = check_string(n, "name", backend->name, noted->name)) ||
	    (status = check_string(n, "version", backend->version, noted->version)) ||
	    (status = check_string(n, "vendor", backend->vendor, noted->vendor)))
		return status;
	if (backend->kernel_count && !backend->kernels)
		return explain(n->why, TENON_EREFUSED, "%s: its descriptor has %u kernels at NULL", n->candidate->path,
			       backend->kernel_count);
	return TENON_OK;
}

/* Takes an entry into the image, skips it (a kernel or a feature that is not here), or refuses it. */
static int take_entry(const struct negotiation *n, const struct tenon_backend_kernel *entry)
{
	int index = find_kernel_id(entry->id);
	if (index < 0 || n->image->function[index])
		return TENON_OK;
	const char *kernel = kernels[index].name, *path = n->candidate->path;
	if (!entry->function)
		return explain(n->why, TENON_EREFUSED, "%s: its %s is NULL", path, kernel);
	if (entry->numeric_class > TENON_BOUNDED)
		return explain(n->why, TENON_EREFUSED, "%s: its %s has the unknown class %u", path, kernel,
			       entry->numeric_class);
	struct why needs = {0};
	int status = check_needs(n->cpu, entry->needs ? entry->needs : "", &needs);
	if (status == TENON_EUNSUPPORTED) {
		char *lacks = n->image->lacks[index];
		if (!*lacks)
			snprintf(lacks, sizeof n->image->lacks[index], "%.90s", needs.text);
		return TENON_OK;
	}
	if (status)
		return explain(n->why, status, "%s: its %s: %.300s", path, kernel, needs.text);
	if (entry->numeric_class == TENON_BOUNDED && !n->config->bounded)
		return explain(n->why, TENON_EREFUSED,
			       "%s: its %s is BOUNDED: not the bits of the other backends; to "
			       "accept that set numerics = bounded in [runtime]",
			       path, kernel);
	n->image->function[index] = entry->function;
	n->image->numeric_class[index] = entry->numeric_class;
	return TENON_OK;
}

static int take_entries(const struct negotiation *n, const struct tenon_backend *backend)
{
	const char *entry = (const char *)backend->kernels;
	for (uint32_t i = 0; i < backend->kernel_count; i++, entry += backend->kernel_size) {
		int status = take_entry(n, (const struct tenon_backend_kernel *)entry);
		if (status)
			return status;
	}
	return TENON_OK;
}

/* The power-on self-test. It demands scalar's bits, which a BOUNDED kernel does not promise. */
static int test_kernels(const struct negotiation *n)
{
	for (int i = 0; i < KERNEL_COUNT; i++) {
		struct why found = {0};
		if (!n->image->function[i] || n->image->numeric_class[i] != TENON_EXACT)
			continue;
		if (kernels[i].test(n->image->function[i], &found))
			return explain(n->why, TENON_EREFUSED, "%s: %.400s; report it to its vendor (%s)",
				       n->candidate->path, found.text, n->candidate->vetted.vendor);
	}
	return TENON_OK;
}

static int negotiate(const struct negotiation *n)
{
	static const struct tenon_services services = {
		.size = sizeof services,
		.abi_min = TENON_ABI_OLDEST,
		.abi_max = TENON_ABI_CURRENT,
		.host_version = PACKAGE_VERSION,
	};
	union {
		void *object;
		tenon_backend_entry_fn *function;
	} entry = {.object = dlsym(n->image->handle, "tenon_backend_entry")};
	if (!entry.object)
		return explain(n->why, TENON_EREFUSED,
			       "%s: exports no tenon_backend_entry; define it with TENON_BACKEND()",
			       n->candidate->path);
	const struct tenon_backend *backend = entry.function(&services);
	int status = check_descriptor(n, backend);
	if (status == TENON_OK)
		status = take_entries(n, backend);
	if (status == TENON_OK)
		status = test_kernels(n);
	return status;
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

/* A line of /proc/self/maps; the range, if it is of the file with this inode at path or in a memfd. */
static bool parse_mapping(char *line, const char *path, ino_t inode, void **start, size_t *size)
{
	uintptr_t first, end;
	uintmax_t number;
	int name = 0;
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %" SCNuMAX " %n", &first, &end, &number, &name) != 3 ||
	    !name)
		return false;
	*start = (void *)first;
	*size = end - first;
	return number == inode && (strcmp(line + name, path) == 0 || strncmp(line + name, "/memfd:", 7) == 0);
}

/* glibc forgets what it has mapped of a file when it cannot map the rest (2.36 does). */
static void unmap_remains(const char *path)
{
	char line[PATH_MAX + 128];
	struct stat status;
	void *start;
	size_t size;
	FILE *maps = find_object(path).found || stat(path, &status) ? NULL : fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof line, maps))
		if (parse_mapping(line, path, status.st_ino, &start, &size))
			munmap(start, size);
	if (maps)
		fclose(maps);
}

static int map_image(const struct negotiation *n)
{
	const char *path = n->candidate->path;
	struct image *image = n->image;
	if (find_object(image->staged.path).found)
		return explain(n->why, TENON_EREFUSED,
			       "%s: is mapped already, and the dynamic linker would hand back "
			       "the old image; set stage = auto",
			       path);
	image->handle = dlopen(image->staged.path, RTLD_NOW | RTLD_LOCAL);
	if (!image->handle) {
		explain(n->why, TENON_EREFUSED, "%s: cannot be mapped: %s", path, dlerror());
		unmap_remains(image->staged.path);
		return TENON_EREFUSED;
	}
	struct search mapped = find_object(image->staged.path);
	if (!mapped.found || strcmp(mapped.build_id, n->vetted->build_id) != 0)
		return explain(n->why, TENON_EREFUSED, "%s: build-id %s was vetted, %s was mapped", path,
			       n->vetted->build_id, mapped.found ? mapped.build_id : "nothing");
	return TENON_OK;
}

static int map_and_negotiate(const struct negotiation *n)
{
	uint64_t before = read_float_control();
	int status = map_image(n);
	if (status == TENON_OK)
		status = negotiate(n);
	uint64_t after = read_float_control();
	if (before == after)
		return status;
	write_float_control(before);
	return explain(n->why, TENON_EREFUSED,
		       "%s: changes the floating-point control state (%#jx to %#jx), which "
		       "belongs to the host; link it without -ffast-math",
		       n->candidate->path, (uintmax_t)before, (uintmax_t)after);
}

static int stage_and_map(const struct negotiation *n, const struct file *source)
{
	struct image *image = n->image;
	int status =
		stage_source(source, n->candidate->path, n->vetted->name, n->config->stage, &image->staged, n->why);
	if (status)
		return status;
	if (!n->is_proven)
		status = prove_staged(n->config, n->cpu, n->candidate, source, &image->staged, n->why);
	if (status == TENON_OK) {
		atomic_fetch_add(&linking, 1);
		status = map_and_negotiate(n);
		atomic_fetch_sub(&linking, 1);
	}
	close_staged(&image->staged);
	return status;
}

/* Everything but the allocation of image and the reading of source. */
static int fill_image(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
		      enum proving proving, const struct file *source, struct image *image, struct why *why)
{
	struct vetted vetted;
	int status = check_trust(candidate->path, source->owner, source->mode, &config->trusted_owners, why);
	if (status)
		return status;
	status = vet_bytes(source->bytes, source->size, candidate->path, cpu, &vetted, why);
	if (status)
		return status;
	snprintf(image->name, sizeof image->name, "%s", vetted.name);
	snprintf(image->version, sizeof image->version, "%s", vetted.version);
	snprintf(image->needs, sizeof image->needs, "%s", vetted.needs);
	snprintf(image->path, sizeof image->path, "%s", candidate->path);
	snprintf(image->build_id, sizeof image->build_id, "%s", vetted.build_id);
	image->key = source->key;
	struct negotiation negotiation = {config, cpu, candidate, &vetted, image, proving == PROVE_NOT, why};
	return stage_and_map(&negotiation, source);
}

int load_image(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
	       enum proving proving, struct image **out, struct why *why)
{
	struct file source;
	if (atomic_load(&link_lost))
		return explain(why, TENON_EFORKED,
			       "%s: cannot be loaded: the parent was loading or unloading a "
			       "backend when it forked this child; only what is loaded already can serve here",
			       candidate->path);
	int status = read_file(candidate->path, BACKEND_FILE_MAX, TENON_EREFUSED, &source, why);
	if (status)
		return status;
	struct image *image = calloc(1, sizeof *image);
	if (image) {
		image->staged.descriptor = -1;
		status = fill_image(config, cpu, candidate, proving, &source, image, why);
	} else {
		status = explain(why, TENON_ENOMEM, "%s: no memory to load it", candidate->path);
	}
	free(source.bytes);
	if (status == TENON_OK)
		*out = image;
	else if (image)
		unload_image(image, NULL);
	return status;
}

bool unload_image(struct image *image, struct why *why)
{
	bool gone = true;
	if (image->handle) {
		atomic_fetch_add(&linking, 1);
		dlclose(image->handle);
		gone = !find_object(image->staged.path).found;
		atomic_fetch_sub(&linking, 1);
		if (!gone)
			explain(why, TENON_EREFUSED,
				"%s (%s): resident, because the dynamic linker kept %s after "
				"dlclose(): a reference from another library, a thread-local destructor or a unique "
				"symbol",
				image->name, image->path, image->staged.path);
	}
	unstage(&image->staged);
	free(image);
	return gone;
}
