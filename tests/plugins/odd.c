/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that passes vetting and then, as $TENON_TEST_ODD says, shows one of the oddities that only negotiation and
 * self-test can see.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/scalar/scalar.h"

/* As a plugin of a later minor version would have it: longer entries, a longer descriptor. */
struct long_kernel {
	struct tenon_backend_kernel known;
	uint64_t unknown;
};

struct long_backend {
	struct tenon_backend known;
	uint64_t unknown;
};

static int wrong_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	int status = scalar_inner_product(args, scratch);
	uint32_t bits;
	memcpy(&bits, a->scores + a->count - 1, sizeof bits);
	bits ^= 1;
	memcpy(a->scores + a->count - 1, &bits, sizeof bits);
	return status;
}

static struct long_kernel odd_kernels[] = {
	{{60000, TENON_EXACT, "", wrong_inner_product}, ~0ull}, /* a kernel that this host does not know */
	{{TENON_ID_inner_product, TENON_EXACT, "cpuid:7fffffff.0.eax=80000000", wrong_inner_product}, ~0ull},
	{{TENON_ID_inner_product, TENON_EXACT, "", scalar_inner_product}, ~0ull},
};
static struct tenon_backend_kernel *const served = &odd_kernels[2].known;

static struct long_backend odd = {{TENON_BACKEND_MAGIC, sizeof odd, TENON_ABI_OLDEST, TENON_ABI_CURRENT, "odd", "1.0",
				   "Tenon tests", &odd_kernels[0].known, 3, sizeof(struct long_kernel)},
				  ~0ull};

/* What TENON_BACKEND() writes, by hand, because the entry point below is not the usual one. */
__attribute__((used, section(".note.tenon"), aligned(4))) static const struct tenon_note note = {
	sizeof TENON_NOTE_OWNER,
	sizeof(struct tenon_note) - 20,
	TENON_NOTE_TYPE,
	TENON_NOTE_OWNER,
	TENON_ABI_OLDEST,
	TENON_ABI_CURRENT,
	"odd",
	"1.0",
	"Tenon tests",
	"",
	"cpuid:7fffffff.0.eax=80000000"};

static void change_float_state(void)
{
#if defined(__x86_64__)
	__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined(__aarch64__)
	__asm__ volatile("msr fpcr, %0" : : "r"(1ul << 24));
#endif
}

static int is_asked(const char *oddity)
{
	const char *asked = getenv("TENON_TEST_ODD");
	return asked && strcmp(asked, oddity) == 0;
}

__attribute__((visibility("default"))) const struct tenon_backend *
tenon_backend_entry(const struct tenon_services *services);

const struct tenon_backend *tenon_backend_entry(const struct tenon_services *services)
{
	(void)services;
	if (is_asked("declines"))
		return NULL;
	if (is_asked("float"))
		change_float_state();
	if (is_asked("magic"))
		odd.known.magic ^= 1;
	if (is_asked("size"))
		odd.known.size = 8;
	if (is_asked("kernel_size"))
		odd.known.kernel_size = 8;
	if (is_asked("abi_min"))
		odd.known.abi_min = TENON_ABI(9, 0);
	if (is_asked("abi_max"))
		odd.known.abi_max = 1;
	if (is_asked("range"))
		odd.known.abi_max = TENON_ABI(9, 0);
	if (is_asked("name"))
		odd.known.name = "even";
	if (is_asked("vendor"))
		odd.known.vendor = NULL;
	if (is_asked("kernels"))
		odd.known.kernels = NULL;
	if (is_asked("function"))
		served->function = NULL;
	if (is_asked("class"))
		served->numeric_class = 7;
	if (is_asked("bounded"))
		served->numeric_class = TENON_BOUNDED;
	if (is_asked("needs"))
		served->needs = "three wishes";
	if (is_asked("bits"))
		served->function = wrong_inner_product;
	return &odd.known;
}
