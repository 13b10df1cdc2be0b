/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An image is a loaded backend. load.c maps one, negotiates with it, tests it, and unmaps it; it knows nothing of
 * tables. load_image() is called with the runtime's lock held, unload_image() from the retire thread or for an image
 * that never served; neither from a kernel call.
 */
#ifndef RUNTIME_LOAD_H
#define RUNTIME_LOAD_H

#include "runtime/find.h"
#include "runtime/kernels.h"
#include "runtime/stage.h"

struct image {
	char name[BACKEND_NAME_SIZE];
	char version[16];
	char needs[sizeof((struct vetted *)0)->needs]; /* of the CPU; "" for the baseline */
	char path[PATH_MAX];                           /* the installed file; "" for scalar */
	char build_id[65];
	tenon_kernel_fn *function[KERNEL_COUNT]; /* NULL: the kernel inherits scalar */
	uint32_t numeric_class[KERNEL_COUNT];
	char lacks[KERNEL_COUNT][96]; /* what its first entry wants that is not here; "" for nothing */
	/* load.c */
	struct file_key key;
	unsigned policy; /* of the runtime that had it loaded */
	struct staged staged;
	void *handle;
	/* retire.c, under its lock */
	struct image *next;
	size_t uses;       /* table entries that point here */
	uint64_t last_use; /* generation of the youngest table that used it */
	bool is_leaving;   /* to be unloaded when no table uses it */
};

/* The linked-in reference; never unloaded. */
extern const struct image scalar_image;

/* Not proven are what auto takes of the shipped ones when the runtime opens, and what a tool loads to look at it. */
enum proving { PROVE_FIRST, PROVE_NOT };

/*
 * Reads, vets, stages, proves, maps, negotiates and tests the candidate's file. On success *image is a new image; free it with
 * unload_image(). On failure nothing is left behind.
 */
int load_image(const struct config *config, const struct cpu *cpu, const struct candidate *candidate,
	       enum proving proving, struct image **image, struct why *why);

/* Unmaps and frees image. False if its file is still in the link map afterwards, with why. */
bool unload_image(struct image *image, struct why *why);

/*
 * In a forked child. If another thread was inside the dynamic linker on our behalf at the fork, the linker's locks may
 * be held for ever here: from then on load_image() is TENON_EFORKED.
 */
void restart_loading(void);

#endif
