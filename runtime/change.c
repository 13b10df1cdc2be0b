/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may change the backend, and what that means for pins: the layer between those who give orders (API, control
 * socket, open, reload) and those who carry them out (swap.c, rollout.c). Any thread; takes the runtime's lock where
 * change.h does not say otherwise.
 */
#include "build.h"

#include "runtime/change.h"

#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/find.h"
#include "runtime/load.h"
#include "runtime/log.h"
#include "runtime/public.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/thread.h"
#include "runtime/untold.h"

/* ---- By hand ---------------------------------------------------------------------------------------------------- */

static void describe_change(const struct swap *swap, struct change *change)
{
	change->differs = differs_from_serving(swap);
	change->loaded = swap->loaded_count > 0;
	copy_text(change->note, sizeof change->note, swap->note.text);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		copy_text(change->source[i], sizeof change->source[i], swap->table.image[i]->name);
		change->is_quarantined[i] = swap->is_quarantined[i];
	}
}

static bool is_degraded(void)
{
	struct tenon_status_info info = {0};
	report_runtime(&info);
	return info.degraded;
}

/* Nobody is to learn after the change that it cannot be kept. */
static int check_saving(struct why *why)
{
	char path[PATH_MAX], reason[sizeof why->text];
	report_state(path, sizeof path, reason, sizeof reason);
	if (path[0])
		return TENON_OK;
	return explain(why, TENON_ENOENT, "persist: there is nowhere to save a pin: %.400s", reason);
}

static void note_active(const struct swap *swap, const char *reason, const char *what, const char *backend)
{
	const struct image *selected = swap->table.selected;
	hold_event(TENON_LOG_INFO,
		   FACTS(EVENT_active, .backend = selected ? selected->name : "mixed", .reason = reason), "%s %s", what,
		   backend);
}

static void note_trouble(const char *backend, const char *text)
{
	hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .backend = backend, .reason = text), "%s%s%s",
		   backend ? backend : "", backend ? ": " : "", text);
}

static int finish_by_hand(const struct runtime *runtime, const struct swap *swap, const struct change_order *order,
			  struct why *why)
{
	int status = finish_at_once(swap, order->backend, runtime->config.shadow, why);
	if (status)
		return status;
	count_swap();
	set_pinned(true);
	set_degraded("");
	note_active(swap, "by hand", "swapped to", order->backend);
	return order->persist ? save_pin(runtime->config.label, order->backend, why) : TENON_OK;
}

static int change_prepared(const struct runtime *runtime, const struct swap *swap, const struct change_order *order,
			   struct change *change, struct why *why)
{
	const struct rollout_order rollout = {order->backend, order->plan, .pin = true, .persist = order->persist};
	describe_change(swap, change);
	change->outcome = order->plan.steps.count && change->differs ? CHANGE_ROLLOUT : CHANGE_AT_ONCE;
	change->repeats =
		!change->differs && !order->persist && is_pinned() && !is_rollout_under_way() && !is_degraded();
	if (order->dry_run || change->repeats)
		return TENON_OK;
	if (change->note[0])
		hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .backend = order->backend, .reason = change->note),
			   "swap to %s: %s", order->backend, change->note);
	if (change->outcome == CHANGE_ROLLOUT)
		return begin_rollout(swap, &rollout, &change->rollout, why);
	return finish_by_hand(runtime, swap, order, why);
}

static int change_locked(const struct runtime *runtime, const struct change_order *order, struct change *change,
			 struct why *why)
{
	struct swap swap;
	if (!runtime->references)
		return explain(why, TENON_ENOTOPEN, "tenon_swap: the runtime is not open; call tenon_open() first");
	int status = order->persist ? check_saving(why) : TENON_OK;
	if (status)
		return status;
	status = prepare_swap(runtime, order->backend, order->flags, &swap, why);
	if (status == TENON_OK)
		status = change_prepared(runtime, &swap, order, change, why);
	if (order->dry_run)
		forget_swap(&swap);
	end_swap(&swap);
	return status;
}

int change_backend(const struct change_order *order, struct change *change, struct why *why)
{
	struct runtime *runtime;
	tell_rollbacks();
	*change = (struct change){.rollout = 0};
	int status = lock_runtime(&runtime, why);
	if (status == TENON_OK) {
		status = change_locked(runtime, order, change, why);
		unlock_runtime();
	}
	if (status && !order->dry_run)
		log_event(TENON_LOG_WARN,
			  FACTS(status == TENON_EROLLEDBACK ? EVENT_rolled_back : EVENT_refused,
				.backend = order->backend, .reason = why->text),
			  "swap to %s: %s", order->backend, why->text);
	return status;
}

int read_rollout_plan(struct rollout_plan *plan, struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	plan_rollout(&runtime->config, plan);
	unlock_runtime();
	return TENON_OK;
}

/* ---- Pins that are saved ---------------------------------------------------------------------------------------- */

/* What serves, as somebody would ask for it: by its name where that leads to the same file, else by its path. */
static int name_serving(const struct runtime *runtime, char backend[PATH_MAX], struct why *why)
{
	bool section;
	char name[BACKEND_NAME_SIZE] = "", path[PATH_MAX] = "";
	const struct table *active = enter_table(&section);
	if (active->selected) {
		copy_text(name, sizeof name, active->selected->name);
		copy_text(path, sizeof path, active->selected->path);
	}
	leave_table(section);
	if (!name[0])
		return explain(why, TENON_EINVAL,
			       "several backends serve, as [kernels] says, and none of them can stand for all; "
			       "swap to the one that is meant");
	static struct candidate candidate; /* under the runtime's lock */
	bool found = path[0] && resolve_backend(&runtime->config, &runtime->cpu, name, &candidate, NULL) == TENON_OK;
	snprintf(backend, PATH_MAX, "%s", !path[0] || (found && strcmp(candidate.path, path) == 0) ? name : path);
	return TENON_OK;
}

int save_serving_pin(struct why *why)
{
	struct runtime *runtime;
	char backend[PATH_MAX];
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	status = check_saving(why);
	if (status == TENON_OK)
		status = name_serving(runtime, backend, why);
	if (status == TENON_OK)
		status = save_pin(runtime->config.label, backend, why);
	unlock_runtime();
	return status;
}

static int serve_at_once(const struct runtime *runtime, const char *backend, unsigned flags, const char *reason,
			 struct why *why)
{
	struct swap swap;
	int status = prepare_swap(runtime, backend, flags, &swap, why);
	if (status == TENON_OK && swap.note.text[0])
		note_trouble(backend, swap.note.text);
	if (status == TENON_OK)
		status = finish_at_once(&swap, backend, runtime->config.shadow, why);
	if (status == TENON_OK)
		note_active(&swap, reason, "serving from", backend);
	end_swap(&swap);
	return status;
}

static int compose_again(const struct runtime *runtime, bool *changed, struct why *why)
{
	char backend[PATH_MAX];
	struct swap swap;
	int status = name_serving(runtime, backend, why);
	if (status)
		return status;
	status = prepare_swap(runtime, backend, 0, &swap, why);
	*changed = status == TENON_OK && differs_from_serving(&swap);
	if (*changed)
		status = finish_at_once(&swap, backend, runtime->config.shadow, why);
	if (*changed && status == TENON_OK)
		note_active(&swap, "without what is quarantined now", "serving from", backend);
	end_swap(&swap);
	if (status != TENON_EREFUSED)
		return status;
	*changed = true; /* nothing is left of it */
	return serve_at_once(runtime, "scalar", 0, "all kernels of what served are quarantined now", why);
}

int leave_quarantined(bool *changed, struct why *why)
{
	struct runtime *runtime;
	*changed = false;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	if (runtime->references)
		status = compose_again(runtime, changed, why);
	unlock_runtime();
	return status;
}

/* ---- Without a person ------------------------------------------------------------------------------------------- */

/* A person chose it, perhaps for what is wrong with the configured one: if it cannot be had, scalar serves. */
static int open_pinned(const struct runtime *runtime, const struct pin *pin, struct why *why)
{
	char time[RECORD_TIME_SIZE];
	struct why refusal;
	format_time(pin->time, time);
	set_pinned(true);
	int status = serve_at_once(runtime, pin->backend, SWAP_OPENING, "its pin was saved", &refusal);
	if (status == TENON_OK || status == TENON_EROLLEDBACK)
		hold_event(TENON_LOG_INFO, FACTS(EVENT_active, .backend = pin->backend, .reason = "its pin was saved"),
			   "pinned to %s by the pin that was saved at %s; tenon unpin ends that", pin->backend, time);
	else
		explain(why, status, "the pin to %s, saved at %s, cannot be kept: %.300s; tenon unpin ends it",
			pin->backend, time, refusal.text);
	return status;
}

int open_backend(const struct runtime *runtime, struct why *why)
{
	struct why trouble = {0};
	struct pin pin;
	if (configure_state(&runtime->config, &trouble) != TENON_ENOENT && trouble.text[0])
		note_trouble(NULL, trouble.text);
	trouble = (struct why){0};
	find_saved_pin(runtime->config.label, &pin, &trouble);
	if (trouble.text[0])
		note_trouble(NULL, trouble.text);
	return pin.backend[0] ? open_pinned(runtime, &pin, why)
			      : serve_at_once(runtime, runtime->config.backend, SWAP_OPENING, "as configured", why);
}

int apply_backend(const struct runtime *runtime, bool *rolls_out, struct why *why)
{
	struct swap swap;
	uint64_t id;
	struct rollout_order order = {.backend = runtime->config.backend};
	plan_rollout(&runtime->config, &order.plan);
	int status = prepare_swap(runtime, order.backend, 0, &swap, why);
	if (status == TENON_OK && swap.note.text[0])
		note_trouble(order.backend, swap.note.text);
	bool differs = status == TENON_OK && differs_from_serving(&swap);
	*rolls_out = differs && order.plan.steps.count;
	if (*rolls_out)
		status = begin_rollout(&swap, &order, &id, why);
	else if (status == TENON_OK)
		status = finish_at_once(&swap, order.backend, runtime->config.shadow, why);
	if (differs && !*rolls_out && status == TENON_OK)
		note_active(&swap, "as configured", "serving from", order.backend);
	end_swap(&swap);
	return status;
}

/* ---- Public ----------------------------------------------------------------------------------------------------- */

TENON_PUBLIC int tenon_swap(const char *backend, unsigned flags)
{
	struct why why;
	struct change change;
	int status;
	if (!backend || !backend[0])
		status = explain(&why, TENON_EINVAL, "tenon_swap: backend is %s; give a name or a path",
				 backend ? "empty" : "NULL");
	else if (flags & ~(unsigned)TENON_SWAP_COLD)
		status = explain(&why, TENON_EINVAL, "tenon_swap: flags %#x has unknown bits", flags);
	else
		status = change_backend(&(struct change_order){.backend = backend, .flags = flags}, &change, &why);
	return status ? report_failure(&why) : TENON_OK;
}

TENON_PUBLIC void tenon_rollback(enum tenon_rollback_target target)
{
	roll_back(target);
}

TENON_PUBLIC int tenon_unpin(void)
{
	struct tenon_status_info info = {0};
	struct why why;
	bool was_pinned = is_pinned();
	if (was_pinned)
		set_adrift(true);
	set_pinned(false);
	if (is_forked())
		return TENON_OK;
	if (was_pinned)
		log_event(TENON_LOG_INFO, FACTS(EVENT_unpinned, .reason = "by hand"),
			  "unpinned: the configuration chooses again");
	report_runtime(&info);
	return forget_pin(info.label, &why) ? report_failure(&why) : TENON_OK;
}
