/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The entry points of the kernels, expanded from kernels.def, and the batch: validate, take scratch, enter the table,
 * call, leave. This is the hot path: nothing here locks, allocates or branches on a feature that is off, and where a
 * kernel's scratch is the constant 0 the compiler drops all that concerns it. Any thread.
 */
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/load.h"
#include "runtime/public.h"
#include "runtime/share.h"
#include "runtime/table.h"
#include "runtime/thread.h"

/* ---- Scratch ----------------------------------------------------------------------------------------------------- */

struct scratch {
	struct arena *arena;
	struct arena_mark mark;
	void *memory;
};

static int take_scratch(size_t bytes, struct scratch *scratch, struct why *why)
{
	struct thread *thread = get_thread();
	if (unlikely(!thread))
		return explain(why, TENON_ENOMEM, "no memory for this thread's record");
	scratch->arena = &thread->arena;
	scratch->mark = mark_arena(scratch->arena);
	return take_memory(scratch->arena, bytes, &scratch->memory, why);
}

static void give_back_scratch(struct scratch *scratch)
{
	give_back_memory(scratch->arena, scratch->mark);
}

/* ---- One call ---------------------------------------------------------------------------------------------------- */

static inline int call_kernel(enum kernel_index kernel, const void *args, void *memory)
{
	bool section;
	const struct table *table = enter_table(&section);
	int status = table->function[kernel](args, memory);
	leave_table(section);
	return status;
}

/* A kernel that judges its input (delta_decode) has only a status to say it with. */
static __attribute__((cold, noinline)) int explain_kernel(enum kernel_index kernel, int status, struct why *why)
{
	return explain(why, status, "%s: %s", kernels[kernel].name, tenon_strerror(status));
}

static __attribute__((cold, noinline)) int report_kernel(enum kernel_index kernel, int status)
{
	struct why why;
	explain_kernel(kernel, status, &why);
	return report_failure(&why);
}

static inline bool is_failure(int status)
{
	return unlikely(status < 0 && status != TENON_ENONFINITE);
}

static inline int conclude(enum kernel_index kernel, int status)
{
	return is_failure(status) ? report_kernel(kernel, status) : status;
}

/* Apart, so that its frame, which holds a why, is no burden to kernels without scratch. */
static __attribute__((noinline)) int call_with_scratch(enum kernel_index kernel, const void *args, size_t bytes)
{
	struct scratch scratch;
	struct why why;
	int status = take_scratch(bytes, &scratch, &why);
	if (unlikely(status))
		return report_failure(&why);
	status = call_kernel(kernel, args, scratch.memory);
	give_back_scratch(&scratch);
	return conclude(kernel, status);
}

static inline int call_with(enum kernel_index kernel, const void *args, size_t bytes)
{
	return bytes ? call_with_scratch(kernel, args, bytes) : conclude(kernel, call_kernel(kernel, args, NULL));
}

/*
 * reject_<name>() is the cold half of a failed validation: it validates again, now with somewhere to say why. Another
 * thread may have made the arguments legal in between; the call is refused all the same.
 */
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                                                                     \
	static __attribute__((cold, noinline)) int reject_##name(const struct tenon_##name##_args *a, int status) \
	{                                                                                                         \
		struct why why = {.status = status};                                                              \
		if (status > 0)                                                                                   \
			return TENON_OK;                                                                          \
		check_##name(a, &why);                                                                            \
		return report_failure(&why);                                                                      \
	}                                                                                                         \
	TENON_PUBLIC int tenon_##name(const struct tenon_##name##_args *a)                                        \
	{                                                                                                         \
		int status = check_##name(a, NULL);                                                               \
		if (unlikely(status))                                                                             \
			return reject_##name(a, status);                                                          \
		return call_with(KERNEL_##name, a, (scratch));                                                    \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

/* ---- Several calls ----------------------------------------------------------------------------------------------- */

/* Bytes of scratch that a call needs, by kernel index. */
typedef size_t size_scratch_fn(const void *args);

#define TENON_KERNEL(id, name, scratch, args)              \
	static size_t size_scratch_##name(const void *any) \
	{                                                  \
		const struct tenon_##name##_args *a = any; \
		(void)a;                                   \
		return (scratch);                          \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args) size_scratch_##name,
static size_scratch_fn *const scratch_sizes[KERNEL_COUNT] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

/* One call of a batch, within the batch's section. why is filled where validation or the arena refuses. */
static int run_call(const struct table *table, const struct tenon_call *call, struct why *why)
{
	int kernel = find_kernel_id(call->kernel);
	if (kernel < 0)
		return explain(why, TENON_EINVAL, "no kernel has the id %u", (unsigned)call->kernel);
	int status = kernels[kernel].check(call->args, why);
	if (status)
		return status < 0 ? status : TENON_OK;
	struct scratch scratch = {.memory = NULL};
	size_t bytes = scratch_sizes[kernel](call->args);
	if (bytes)
		status = take_scratch(bytes, &scratch, why);
	if (status)
		return status;
	status = table->function[kernel](call->args, scratch.memory);
	if (bytes)
		give_back_scratch(&scratch);
	return is_failure(status) ? explain_kernel((enum kernel_index)kernel, status, why) : status;
}

static void describe_served(struct tenon_served *served, const struct table *table, const struct tenon_call *calls,
			    size_t count)
{
	int kernel = count ? find_kernel_id(calls[0].kernel) : -1;
	memset(served, 0, sizeof *served);
	served->generation = table->generation;
	if (kernel >= 0)
		memcpy(served->backend, table->image[kernel]->name, sizeof served->backend);
}

static __attribute__((cold)) int report_call(size_t index, int status, const struct why *cause)
{
	struct why why;
	explain(&why, status, "call %zu: %s", index, cause->text);
	return report_failure(&why);
}

TENON_PUBLIC int tenon_batch(struct tenon_call *calls, size_t count, struct tenon_served *served)
{
	struct why why;
	if (unlikely(!calls && count)) {
		explain(&why, TENON_EINVAL, "tenon_batch: calls is NULL");
		return report_failure(&why);
	}
	int first = TENON_OK;
	bool section;
	const struct table *table = enter_table(&section);
	for (size_t i = 0; i < count; i++) {
		why.text[0] = '\0';
		calls[i].status = run_call(table, &calls[i], &why);
		if (unlikely(calls[i].status != TENON_OK && first == TENON_OK)) {
			first = calls[i].status;
			if (why.text[0])
				report_call(i, first, &why);
		}
	}
	if (served)
		describe_served(served, table, calls, count);
	leave_table(section);
	return first;
}

/* ---- A share of a call ------------------------------------------------------------------------------------------- */

static int check_part(int kernel, uint32_t id, const void *args, size_t part, size_t parts, struct why *why)
{
	if (kernel < 0)
		return explain(why, TENON_EINVAL, "tenon_call_part: no kernel has the id %u", (unsigned)id);
	if (part >= parts)
		return explain(why, TENON_EINVAL, "tenon_call_part: part %zu of %zu; parts count from 0", part, parts);
	return kernels[kernel].check(args, why);
}

TENON_PUBLIC int tenon_call_part(uint32_t id, const void *args, size_t part, size_t parts)
{
	struct why why = {.status = TENON_OK};
	struct share share;
	int kernel = find_kernel_id(id), status = check_part(kernel, id, args, part, parts, &why);
	if (unlikely(status))
		return status > 0 ? TENON_OK : report_failure(&why);
	if (dividers[kernel](args, part, parts, &share))
		return TENON_OK;
	return call_with((enum kernel_index)kernel, &share.args, scratch_sizes[kernel](&share.args));
}
