/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verbs that change what serves: swap, promote, pause, resume, rollback, unpin. No state.
 */
#include "build.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/change.h"
#include "runtime/verb.h"

/* ---- swap ------------------------------------------------------------------------------------------------------- */

static int refuse_word(const struct request *request, int i, const char *expected, struct why *why)
{
	const char *value = request->value[i];
	return explain(why, TENON_EINVAL, "swap: %s%s%s is not known here; expected %s", request->word[i],
		       value ? "=" : "", value ? value : "", expected);
}

/* key=value: of the plan. */
static int take_plan_word(const struct request *request, int i, struct rollout_plan *plan, struct why *why)
{
	const char *word = request->word[i], *value = request->value[i];
	if (strcmp(word, "canary") == 0)
		return steps_value.parse(NULL, &plan->steps, value)
			       ? TENON_OK
			       : refuse_word(request, i,
					     "growing percentages that end with 100, such as 5,25,50,100, or off", why);
	if (strcmp(word, "hold") == 0)
		return duration_value.parse(NULL, &plan->hold_ms, value)
			       ? TENON_OK
			       : refuse_word(request, i, "a time with its unit: ms, s, m or h", why);
	if (strcmp(word, "shadow") == 0)
		return interval_value.parse(NULL, &plan->shadow, value) ? TENON_OK
									: refuse_word(request, i, "1/N, or off", why);
	return refuse_word(request, i, "canary, hold or shadow", why);
}

static int take_swap_word(const struct request *request, int i, struct change_order *order, struct why *why)
{
	const char *word = request->word[i];
	if (request->value[i])
		return take_plan_word(request, i, &order->plan, why);
	if (strcmp(word, "cold") == 0)
		order->flags |= TENON_SWAP_COLD;
	else if (strcmp(word, "persist") == 0)
		order->persist = true;
	else if (strcmp(word, "dry-run") == 0)
		order->dry_run = true;
	else
		return refuse_word(request, i, "cold, persist, dry-run, canary=, hold= or shadow=", why);
	return TENON_OK;
}

static int parse_swap(const struct request *request, struct change_order *order, struct why *why)
{
	int status;
	*order = (struct change_order){.backend = request->word[0]};
	if (request->value[0])
		return refuse_word(request, 0, "a backend first", why);
	status = read_rollout_plan(&order->plan, why);
	for (int i = 1; i < request->words && status == TENON_OK; i++)
		status = take_swap_word(request, i, order, why);
	return status;
}

static void answer_dry_run(const struct change *change, const struct change_order *order, struct text *answer)
{
	answer_state(answer, !change->differs                    ? "would change nothing"
			     : change->outcome == CHANGE_ROLLOUT ? "would begin a rollout"
								 : "would swap at once");
	add_line(answer, "note", change->note);
	add_flag(answer, "was_loaded", !change->loaded);
	add_count(answer, "would_hold_ms",
		  change->outcome == CHANGE_ROLLOUT ? order->plan.hold_ms * order->plan.steps.count : 0);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		add_pair(answer, "would", "%s", kernels[i].name);
		add_pair(answer, "source", "%s", change->source[i]);
		add_pair(answer, "quarantined", "%s", change->is_quarantined[i] ? "true" : "false");
		add_text(answer, "\n");
	}
}

/*
 * An operator, or a tool that retries, repeats an order. Of a finished swap only the swap itself can tell: under the
 * name of what serves there may be another file by now.
 */
static bool is_rolling_out(const struct rollout_status *rollout, const char *backend)
{
	bool under_way = rollout->state == ROLLOUT_CANARY || rollout->state == ROLLOUT_PAUSED;
	return under_way && strcmp(rollout->backend, backend) == 0;
}

/* Who waits for the end of a rollout has to be told that it is under way, though it may end meanwhile. */
static bool answer_repeat(const struct change_order *order, struct text *answer)
{
	struct serving serving;
	if (order->flags & TENON_SWAP_COLD || order->dry_run || order->persist)
		return false;
	read_serving(&serving);
	if (!is_rolling_out(&serving.rollout, order->backend))
		return false;
	answer_with(answer, "unchanged", &serving);
	return true;
}

void say_swap(const struct request *request, struct text *answer)
{
	struct change_order order;
	struct change change;
	struct why why;
	int status = parse_swap(request, &order, &why);
	if (status == TENON_OK && answer_repeat(&order, answer))
		return;
	if (status == TENON_OK)
		status = change_backend(&order, &change, &why);
	if (status)
		answer_why(answer, &why);
	else if (order.dry_run)
		answer_dry_run(&change, &order, answer);
	else
		answer_state(answer, change.outcome == CHANGE_ROLLOUT ? "rollout begun"
				     : change.repeats                 ? "unchanged"
								      : "swapped");
}

/* ---- The rest --------------------------------------------------------------------------------------------------- */

static void answer_order(struct text *answer, int status, const struct why *why, const char *done)
{
	if (status)
		answer_why(answer, why);
	else
		answer_state(answer, done);
}

void say_promote(const struct request *request, struct text *answer)
{
	struct why why;
	(void)request;
	answer_order(answer, promote_rollout(&why), &why, "promoted");
}

void say_pause(const struct request *request, struct text *answer)
{
	struct why why;
	(void)request;
	answer_order(answer, pause_rollout(&why), &why, "paused");
}

void say_resume(const struct request *request, struct text *answer)
{
	struct why why;
	(void)request;
	answer_order(answer, resume_rollout(&why), &why, "resumed");
}

/* The rollback comes first, and whatever becomes of its pin, it is done. */
static void roll_back_by_order(enum tenon_rollback_target target, bool persist, struct text *answer)
{
	struct why why, told;
	tenon_rollback(target);
	if (persist && save_serving_pin(&why)) {
		explain(&told, why.status, "rolled back, but its pin is not saved: %.400s", why.text);
		answer_why(answer, &told);
	} else {
		answer_state(answer, "rolled back");
	}
}

void say_rollback(const struct request *request, struct text *answer)
{
	enum tenon_rollback_target target = TENON_ROLLBACK_PREVIOUS;
	int words = request->words;
	bool persist = words && strcmp(request->word[words - 1], "persist") == 0, good = true;
	words -= persist;
	if (words && strcmp(request->word[0], "scalar") == 0)
		target = TENON_ROLLBACK_SCALAR;
	else if (words)
		good = strcmp(request->word[0], "previous") == 0;
	good = good && words <= 1;
	if (good)
		roll_back_by_order(target, persist, answer);
	else
		answer_status(answer, TENON_EINVAL, "rollback goes to previous or scalar, and persist may follow");
}

void say_unpin(const struct request *request, struct text *answer)
{
	(void)request;
	int status = tenon_unpin();
	if (status)
		answer_failure(answer, status);
	else
		answer_state(answer, "unpinned");
}
