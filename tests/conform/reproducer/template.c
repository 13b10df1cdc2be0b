#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What a backend is, from <tenon/backend.h> ------------------------------------------------------------------- */

struct tenon_services {
	uint32_t size, abi_min, abi_max, reserved;
	const char *host_version;
};
struct tenon_backend_kernel {
	uint32_t id, numeric_class;
	const char *needs;
	int (*function)(const void *args, void *scratch);
};
struct tenon_backend {
	uint32_t magic, size, abi_min, abi_max;
	const char *name, *version, *vendor;
	const struct tenon_backend_kernel *kernels;
	uint32_t kernel_count, kernel_size;
};

/* ---- The case ---------------------------------------------------------------------------------------------------- */

enum role { IN, OUT, INOUT };
enum element { F32, U8, U32, U64 };
static const size_t sizes[] = {4, 1, 4, 8};

struct bound { /* the oracle's: INFINITY allows anything, 0 nothing but the value */
	double value, bound;
};

struct buffer {
	const char *name;
	enum role role;
	enum element element;
	size_t count, align, offset; /* offset: how many elements it stands off, on the left */
	const void *content;         /* what a call finds; NULL: poison */
	size_t counted;              /* how many elements a call leaves defined */
	const void *want;
	const struct bound *bounds;  /* where an oracle judges; want is then scalar's */
};

/* Word `word` of a buffer, or of the arguments, is the address of byte `at` of buffer `target`. */
struct pointer {
	int in;
	size_t word;
	unsigned target;
	size_t at;
};
#define ARGS (-1)

/*@DATA@*/
/* ---- Memory ------------------------------------------------------------------------------------------------------ */

enum { BUFFERS = sizeof buffers / sizeof *buffers, ALL = BUFFERS + 2, GUARD = 1 << 20, PAGE = 1 << 16 };

static struct place {
	const char *name;
	unsigned char *body, *at; /* accessible; the buffer in it */
	size_t body_size, size;
} places[ALL]; /* the buffers, the arguments, the scratch */

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(2);
}

/* Flush with the inaccessible page behind it, or beside the one before it. */
static void place(struct place *p, const char *name, size_t size, size_t align, size_t offset, int left, int poison)
{
	p->name = name;
	p->size = size;
	p->body_size = (size + offset + PAGE - 1) / PAGE * PAGE + PAGE;
	unsigned char *memory = mmap(NULL, p->body_size + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + GUARD, p->body_size, PROT_READ | PROT_WRITE))
		die("mmap");
	p->body = memory + GUARD;
	memset(p->body, poison, p->body_size);
	p->at = left ? p->body + offset : p->body + (p->body_size - size) / align * align;
}

static size_t size_of(const struct buffer *b)
{
	return b->count * sizes[b->element];
}

static void place_all(int left, int poison)
{
	for (int b = 0; b < BUFFERS; b++) {
		place(&places[b], buffers[b].name, size_of(&buffers[b]), buffers[b].align, buffers[b].offset * buffers[b].align, left,
			poison);
		if (buffers[b].content)
			memcpy(places[b].at, buffers[b].content, size_of(&buffers[b]));
	}
	place(&places[BUFFERS], "args", sizeof arguments, 8, 0, left, poison);
	memcpy(places[BUFFERS].at, &arguments, sizeof arguments);
	place(&places[BUFFERS + 1], "scratch", SCRATCH, 64, 0, left, poison);
	for (size_t i = 0; i < POINTERS; i++) {
		unsigned char *address = places[pointers[i].target].at + pointers[i].at;
		memcpy(places[pointers[i].in == ARGS ? BUFFERS : pointers[i].in].at + 8 * pointers[i].word, &address, 8);
	}
	for (int b = 0; b <= BUFFERS; b++)
		if (b == BUFFERS || buffers[b].role == IN)
			mprotect(places[b].body, places[b].body_size, PROT_READ);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t *returned; /* shared with the parent */

static void say_fault(int number, siginfo_t *info, void *context)
{
	const unsigned char *address = info->si_addr;
	(void)context;
	if (number == SIGALRM)
		printf("got: no return within 10 s\n");
	else
		printf("got: signal %d (%s) at %p\n", number, strsignal(number), info->si_addr);
	for (int i = 0; number != SIGALRM && i < ALL; i++) {
		const struct place *p = &places[i];
		if (address >= p->at + p->size && address < p->body + p->body_size + GUARD)
			printf("     that is past `%s`, at its byte +%td\n", p->name, address - p->at - (ptrdiff_t)p->size);
		else if (address >= p->body - GUARD && address < p->at)
			printf("     that is %td bytes before `%s`\n", p->at - address, p->name);
		else if (address >= p->at && address < p->at + p->size)
			printf("     that is in `%s`, which is not to be written\n", p->name);
	}
	fflush(stdout);
	_exit(1);
}

static void catch_faults(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM};
	static _Alignas(16) char stack[65536];
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
	struct sigaction action = {.sa_sigaction = say_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

/* ---- What a call must leave alone -------------------------------------------------------------------------------- */

/* enter(function, args, scratch): the call, with marks in callee-saved registers and on the stack; kept: what is left. */
#define MARK 0x57ac457ac457ac45
int enter(int (*function)(const void *, void *), const void *args, void *scratch);
uint64_t kept[24], flags;
static uint32_t upper;
#if defined(__x86_64__)
enum { KEPT = 6 };
__asm__(".text\nenter:\n push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rax\n"
	" movabs $0x57ac457ac457ac45, %rax\n mov %rax, %rbx\n mov %rax, %rbp\n mov %rax, %r12\n mov %rax, %r13\n"
	" mov %rax, %r14\n mov %rax, %r15\n mov $32, %ecx\n1: push %rax\n dec %ecx\n jnz 1b\n"
	" mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n call *%rax\n"
	" pushf\n pop %rcx\n cld\n mov %rcx, flags(%rip)\n"
	" mov %rbx, kept(%rip)\n mov %rbp, kept+8(%rip)\n mov %r12, kept+16(%rip)\n mov %r13, kept+24(%rip)\n"
	" mov %r14, kept+32(%rip)\n mov %r15, kept+40(%rip)\n"
	" movabs $0x57ac457ac457ac45, %rdx\n mov $32, %ecx\n2: pop %rsi\n cmp %rsi, %rdx\n je 3f\n"
	" btsq $63, flags(%rip)\n3: dec %ecx\n jnz 2b\n"
	" pop %rcx\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static uint64_t read_control(void)
{
	uint32_t mxcsr;
	uint16_t x87;
	__asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(mxcsr), "=m"(x87));
	return (uint64_t)x87 << 32 | (mxcsr & 0xffc0);
}

/* Not every CPU has this register; the one where it was found has. */
static void read_upper(void)
{
	uint32_t high;
	if (strcmp(found, "upper-halves") == 0)
		__asm__ volatile("xgetbv" : "=a"(upper), "=d"(high) : "c"(1));
}

static int check_machine(void)
{
	uint32_t environment[7];
	__asm__ volatile("fnstenv %0\n fldenv %0" : "=m"(environment));
	if (flags >> 10 & 1)
		return printf("got: the direction flag is set\n");
	if (flags >> 63)
		return printf("got: the caller's stack was written to\n");
	if ((environment[2] & 0xffff) != 0xffff)
		return printf("got: an x87 register is in use\n");
	return upper & 4 ? printf("got: upper halves are in use: a vzeroupper is missing\n") : 0;
}
#elif defined(__aarch64__)
enum { KEPT = 18 };
__asm__(".text\nenter:\n stp x29, x30, [sp, #-432]!\n stp x19, x20, [sp, #272]\n stp x21, x22, [sp, #288]\n"
	" stp x23, x24, [sp, #304]\n stp x25, x26, [sp, #320]\n stp x27, x28, [sp, #336]\n stp d8, d9, [sp, #352]\n"
	" stp d10, d11, [sp, #368]\n stp d12, d13, [sp, #384]\n stp d14, d15, [sp, #400]\n"
	" stp x29, x30, [sp, #416]\n mov x16, x0\n mov x0, x1\n mov x1, x2\n ldr x9, =0x57ac457ac457ac45\n mov x10, #0\n"
	"1: add x11, sp, x10\n str x9, [x11]\n add x10, x10, #8\n cmp x10, #256\n b.lo 1b\n"
	" .irp r, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n mov x\\r, x9\n .endr\n"
	" .irp r, 8, 9, 10, 11, 12, 13, 14, 15\n fmov d\\r, x9\n .endr\n blr x16\n"
	" adrp x9, kept\n add x9, x9, :lo12:kept\n stp x19, x20, [x9]\n stp x21, x22, [x9, #16]\n stp x23, x24, [x9, #32]\n"
	" stp x25, x26, [x9, #48]\n stp x27, x28, [x9, #64]\n stp d8, d9, [x9, #80]\n stp d10, d11, [x9, #96]\n"
	" stp d12, d13, [x9, #112]\n stp d14, d15, [x9, #128]\n adrp x9, flags\n str xzr, [x9, :lo12:flags]\n"
	" ldr x11, =0x57ac457ac457ac45\n mov x10, #0\n2: add x12, sp, x10\n ldr x12, [x12]\n cmp x12, x11\n b.eq 3f\n"
	" mov x12, #1\n str x12, [x9, :lo12:flags]\n3: add x10, x10, #8\n cmp x10, #256\n b.lo 2b\n"
	" ldp x19, x20, [sp, #272]\n ldp x21, x22, [sp, #288]\n ldp x23, x24, [sp, #304]\n ldp x25, x26, [sp, #320]\n"
	" ldp x27, x28, [sp, #336]\n ldp d8, d9, [sp, #352]\n ldp d10, d11, [sp, #368]\n ldp d12, d13, [sp, #384]\n"
	" ldp d14, d15, [sp, #400]\n ldp x29, x30, [sp, #416]\n add sp, sp, #432\n ret\n .ltorg\n");

static uint64_t read_control(void)
{
	uint64_t control;
	__asm__ volatile("mrs %0, fpcr" : "=r"(control));
	return control;
}

static void read_upper(void)
{
}

static int check_machine(void)
{
	return flags || upper ? printf("got: the caller's stack was written to\n") : 0;
}
#else
enum { KEPT = 0 };
int enter(int (*function)(const void *, void *), const void *args, void *scratch)
{
	return function(args, scratch);
}

static uint64_t read_control(void)
{
	return 0;
}

static void read_upper(void)
{
}

static int check_machine(void)
{
	return upper != 0;
}
#endif

#ifdef WATCH_HEAP
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);
static unsigned long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	allocations++;
	return __libc_realloc(memory, size);
}

void free(void *memory)
{
	allocations++;
	__libc_free(memory);
}
#endif

static uint64_t add(uint64_t sum, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = 31 * sum + ((const unsigned char *)bytes)[i];
	return sum;
}

/* The first bytes of a file that the system writes. */
static void read_start(const char *path, char *text, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	if (file >= 0)
		close(file);
}

/* A sum that changes with the process: what a kernel must leave alone beside memory. */
static uint64_t look_at_process(void)
{
	extern char **environ;
	uint64_t sum = 0;
	char text[4096] = "";
	stack_t stack;
	mode_t mask_of_files = umask(0);
	umask(mask_of_files);
	memset(&stack, 0, sizeof stack);
	sigaltstack(NULL, &stack);
	sum = add(add(sum, &mask_of_files, sizeof mask_of_files), &stack.ss_sp, sizeof stack.ss_sp);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;
		getrlimit(i, &limit);
		sum = add(sum, &limit, sizeof limit);
	}
	for (int i = ITIMER_VIRTUAL; i <= ITIMER_PROF; i++) {
		struct itimerval timer;
		getitimer(i, &timer);
		sum = 31 * sum + (timer.it_value.tv_sec || timer.it_value.tv_usec);
	}
	if (getcwd(text, sizeof text))
		sum = add(sum, text, strlen(text));
	read_start("/proc/self/timers", text, sizeof text);
	sum = add(sum, text, strlen(text));
	if (strcmp(found, "process") == 0 || strcmp(found, "heap") == 0) { /* a stack may grow, so only where this is the question */
		read_start("/proc/self/statm", text, sizeof text);
		sum = add(sum, text, strcspn(text, " "));
	}
	sigset_t mask;
	struct sigaction action;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int i = 1; i < 65; i++) {
		sum = 31 * sum + (unsigned)sigismember(&mask, i);
		if (sigaction(i, NULL, &action) == 0)
			sum = 31 * sum + (uintptr_t)action.sa_handler;
	}
	for (int i = 0; i < 1024; i++)
		sum = 31 * sum + (fcntl(i, F_GETFD) >= 0);
	for (char **variable = environ; *variable; variable++)
		sum = add(sum, *variable, strlen(*variable));
	read_start("/proc/self/status", text, sizeof text);
	if (strstr(text, "Threads:"))
		sum = 31 * sum + (unsigned)atoi(strstr(text, "Threads:") + 8);
	return sum;
}

/* Kernels keep no state: the plugin's own variables are read-only while one runs. */
static int protect_own(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	for (int i = 0; strcmp(object->dlpi_name, data) == 0 && i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *load = &object->dlpi_phdr[i];
		uintptr_t begin = (object->dlpi_addr + load->p_vaddr) & ~(uintptr_t)4095;
		if (load->p_type == PT_LOAD && load->p_flags & PF_W)
			mprotect((void *)begin, object->dlpi_addr + load->p_vaddr + load->p_memsz - begin, PROT_READ);
	}
	return 0;
}

/* ---- Looking ----------------------------------------------------------------------------------------------------- */

static uint64_t load(enum element element, const void *memory, size_t i)
{
	uint64_t bits = 0;
	memcpy(&bits, (const unsigned char *)memory + i * sizes[element], sizes[element]);
	return element == F32 && (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits; /* any NaN equals any NaN */
}

static float to_float(uint64_t bits)
{
	uint32_t word = (uint32_t)bits;
	float x;
	memcpy(&x, &word, sizeof x);
	return x;
}

static int is_within(float got, const struct bound *due)
{
	float want = (float)due->value;
	if (isinf(due->bound))
		return 1;
	if (isnan(due->value))
		return isnan(got);
	if (due->bound == 0 || isinf(due->value))
		return (got == want && (signbit(got) == signbit(want) || ANY_ORDER));
	return fabs((double)got - due->value) <= due->bound;
}

static int compare(const struct buffer *b, const unsigned char *memory)
{
	int bad = 0;
	for (size_t i = 0; i < b->counted; i++) {
		uint64_t got = load(b->element, memory, i), want = b->want ? load(b->element, b->want, i) : 0;
		if (b->bounds ? is_within(to_float(got), &b->bounds[i]) : got == want)
			continue;
		if (bad++ >= 8)
			continue;
		if (b->bounds)
			printf("%s[%zu]: got %a, want %a within %g\n", b->name, i, (double)to_float(got), b->bounds[i].value,
				b->bounds[i].bound);
		else if (b->element == F32)
			printf("%s[%zu]: got %a, want %a\n", b->name, i, (double)to_float(got), (double)to_float(want));
		else
			printf("%s[%zu]: got %#jx, want %#jx\n", b->name, i, (uintmax_t)got, (uintmax_t)want);
	}
	if (bad > 8)
		printf("... %d elements of %s in all\n", bad, b->name);
	return bad;
}

static int check_around(const struct place *p, int poison)
{
	for (size_t i = 0; i < p->body_size; i++)
		if ((p->body + i < p->at || p->body + i >= p->at + p->size) && p->body[i] != poison)
			return printf("got: wrote outside `%s`, at its byte %td\n", p->name, p->body + i - p->at);
	return 0;
}

static int judge(int status, int poison)
{
	int bad = 0;
	for (int i = 0; i < KEPT; i++)
		if (kept[i] != MARK)
			bad += printf("got: callee-saved register %d came back as %#jx\n", i, (uintmax_t)kept[i]);
	bad += check_machine();
	for (int b = 0; b < BUFFERS; b++)
		if (buffers[b].role != IN)
			bad += check_around(&places[b], poison) + compare(&buffers[b], places[b].at);
	bad += check_around(&places[BUFFERS + 1], poison);
	if (status != STATUS && STATUS_COUNTS)
		bad += printf("status: got %d, want %d\n", status, STATUS);
	return bad;
}

/* ---- The call ---------------------------------------------------------------------------------------------------- */

static const struct tenon_backend_kernel *find_entry(const struct tenon_backend *backend)
{
	const struct tenon_backend_kernel *found_entry = NULL;
	for (uint32_t i = 0; i < backend->kernel_count; i++) {
		const struct tenon_backend_kernel *entry = (const void *)((const char *)backend->kernels + i * backend->kernel_size);
		if (entry->id == KERNEL && (!found_entry || strcmp(entry->needs ? entry->needs : "", NEEDS) == 0))
			found_entry = entry;
	}
	return found_entry;
}

static int call(const struct tenon_backend_kernel *entry, int left, char *path)
{
	int poison = left ? 0x5a : 0xa5, bad = 0;
	place_all(left, poison);
	catch_faults();
	uint64_t process = look_at_process(), control = read_control();
	if (strcmp(found, "state") == 0)
		dl_iterate_phdr(protect_own, path);
	alarm(10);
	errno = 0x7e40;
#ifdef WATCH_HEAP
	unsigned long before = allocations;
#endif
	int status = enter(entry->function, places[BUFFERS].at, SCRATCH ? places[BUFFERS + 1].at : NULL);
	read_upper();
	int number = errno;
#ifdef WATCH_HEAP
	if (allocations != before)
		bad += printf("got: called the allocator\n");
#endif
	uint64_t control_after = read_control();
	unsigned left_of_alarm = alarm(0);
	*returned = 1;
	if (left_of_alarm < 1 || left_of_alarm > 10)
		bad += printf("got: set an alarm\n");
	if (number != 0x7e40)
		bad += printf("got: errno is %d\n", number);
	if (control_after != control)
		bad += printf("got: floating-point control is %#jx, was %#jx\n", (uintmax_t)control_after, (uintmax_t)control);
	if (look_at_process() != process)
		bad += printf("got: the process changed: its signals, timers, limits, descriptors, threads, environment ...\n");
	return bad + judge(status, poison);
}

/* In a child, because it may not come back: 0 where the call was right. */
static int try_call(const struct tenon_backend_kernel *entry, int left, char *path)
{
	int status = 0;
	*returned = 0;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		int bad = call(entry, left, path);
		fflush(stdout);
		_exit(bad != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	if (!*returned && WIFEXITED(status) && !WEXITSTATUS(status))
		printf("got: ended the process\n");
	else if (WIFSIGNALED(status))
		printf("got: died of signal %d\n", WTERMSIG(status));
	return !*returned || status != 0;
}

int main(int argc, char **argv)
{
	static const struct tenon_services services = {sizeof services, 0x10000, 0x10000, 0, "reproducer"};
	char path[4096];
	if (argc != 2 || !realpath(argv[1], path))
		return fprintf(stderr, "usage: %s PLUGIN.so\n", argv[0]), 2;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct tenon_backend *(*open_backend)(const struct tenon_services *) = NULL;
	if (handle)
		*(void **)&open_backend = dlsym(handle, "tenon_backend_entry");
	if (!open_backend)
		return fprintf(stderr, "%s\n", dlerror()), 2;
	const struct tenon_backend *backend = open_backend(&services);
	const struct tenon_backend_kernel *entry = backend ? find_entry(backend) : NULL;
	if (!entry)
		return fprintf(stderr, "%s: declines, or has no kernel %d\n", path, KERNEL), 2;
	returned = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (returned == MAP_FAILED)
		die("mmap");
	int wrong = try_call(entry, 0, path) + try_call(entry, 1, path);
	printf(wrong ? "reproduced: %s\n" : "not reproduced: %s is right here\n", path);
	return wrong != 0;
}
