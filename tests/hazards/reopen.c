/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host that loads libtenon at run time, uses it, and drops it, again and again, with threads that outlive the drop.
 */
#include "build.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/live.h"

#define TIMES 20

static int (*open_runtime)(const char *config);
static int (*close_runtime)(void);
static int (*swap)(const char *backend, unsigned flags);
static int (*inner_product)(const struct tenon_inner_product_args *args);
static int (*get_state)(struct tenon_status_info *info);

static void *library;

static bool load_library(void)
{
	library = dlopen(built(".libs/libtenon.so.1"), RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		printf("# %s\n", dlerror());
		return false;
	}
	*(void **)&open_runtime = dlsym(library, "tenon_open");
	*(void **)&close_runtime = dlsym(library, "tenon_close");
	*(void **)&swap = dlsym(library, "tenon_swap");
	*(void **)&inner_product = dlsym(library, "tenon_inner_product");
	*(void **)&get_state = dlsym(library, "tenon_status_get");
	return open_runtime && close_runtime && swap && inner_product && get_state;
}

static bool call(void)
{
	const float vector[2] = {3, 4};
	float score = 0;
	const struct tenon_inner_product_args args = {vector, vector, 1, 2, 2, &score};
	return inner_product(&args) == TENON_OK && score == 25.0f;
}

static pthread_barrier_t called, dropped;

/* Ends after the library was dropped: the destructors of its thread-specific data must still be there. */
static void *call_and_linger(void *ok)
{
	*(bool *)ok = call();
	pthread_barrier_wait(&called);
	pthread_barrier_wait(&dropped);
	return NULL;
}

static bool has_unloaded(void)
{
	struct tenon_status_info info;
	return get_state(&info) == TENON_OK && info.images_loaded == 0;
}

static bool use_library(void)
{
	bool ok = open_runtime(NULL) == TENON_OK && call();
	ok = ok && swap(HOOKED_PLUGIN, 0) == TENON_OK && call();
	ok = ok && swap("scalar", TENON_SWAP_COLD) == TENON_OK && call();
	ok = ok && swap(ODD_PLUGIN, 0) == TENON_OK && call();
	ok = ok && close_runtime() == TENON_OK && call();
	return ok && wait_until(has_unloaded());
}

static bool load_use_drop(void)
{
	pthread_t thread;
	bool called_ok = false;
	if (!load_library())
		return false;
	pthread_barrier_init(&called, NULL, 2);
	pthread_barrier_init(&dropped, NULL, 2);
	bool ok = pthread_create(&thread, NULL, call_and_linger, &called_ok) == 0;
	pthread_barrier_wait(&called);
	ok = use_library() && ok;
	ok = dlclose(library) == 0 && ok;
	pthread_barrier_wait(&dropped);
	pthread_join(thread, NULL);
	return ok && called_ok;
}

int main(void)
{
	int before = 0, descriptors = 0;
	printf("1..2\n");
	bool ok = true;
	for (int i = 0; ok && i < TIMES; i++) {
		ok = load_use_drop();
		if (i == 0) {
			before = count_mappings("");
			descriptors = count_entries("/proc/self/fd");
		}
	}
	printf("%sok 1 - libtenon is loaded, used and dropped %d times\n", ok ? "" : "not ", TIMES);
	bool clean = count_mappings("tenon-stage-") == 0 && count_entries("/proc/self/fd") == descriptors;
#ifndef TENON_SANITIZED
	/* Stacks of threads and the like may come and go; an image more each time would not hide. */
	clean = clean && count_mappings("") < before + TIMES;
#endif
	printf("%sok 2 - nothing is left behind (%d mappings, %d at first)\n", clean ? "" : "not ", count_mappings(""),
	       before);
	return ok && clean ? 0 : 1;
}
