/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a touchpoint and a permit leave in the customer's cells.
 *
 * Any thread may apply a touchpoint; permits are the owner's.
 */
#pragma once

#include "rules/history.h"

/* Says which cells TOUCHPOINT will be recorded in, to be fetched. */
void tg_facts_need(struct tg_history *history, const struct tg_touchpoint *touchpoint);

/* Whether TOUCHPOINT has the body of its type. */
static inline bool tg_facts_whole(const struct tg_touchpoint *touchpoint)
{
        return touchpoint->type != TG_TYPE_CONSENT || touchpoint->consent.present;
}

/*
 * Records the touch in every counter that counts it, settles the permit it is about, and sets the
 * consent it gives or withdraws, or erases what came before it. HISTORY was made with the
 * touchpoint's traits. What finds no room marks the state incomplete. False, and nothing is
 * recorded, if it isn't whole.
 */
bool tg_facts_apply(struct tg_history *history, const struct tg_touchpoint *touchpoint);

/* The same of what has no window alone: of a fact that was kept for good. */
void tg_facts_apply_lasting(struct tg_history *history, const struct tg_touchpoint *touchpoint);

/*
 * Whether TOUCHPOINT, applied, is to be kept for good: it has no window, and nothing that was read
 * so far outdoes it. Reading it again gives the same answer until something does, so whoever keeps
 * what stands, in the order in which it is read, keeps the latest of everything; and who lost what
 * was kept need only read the same facts again.
 */
bool tg_facts_lasts(struct tg_history *history, const struct tg_touchpoint *touchpoint);

/*
 * Adds a permit at history->now_ms to every counter of permits that the request belongs to. TAG is
 * the one wanted; the next free one is taken and returned. False, and nothing is left behind, if
 * one of them has no room (its state is then incomplete).
 */
bool tg_facts_permit(struct tg_history *history, uint32_t tag, uint32_t *ret_tag);

/* The same for a permit that was given before, at TIME_MS: TAG is its own. */
bool tg_facts_permit_again(struct tg_history *history, int64_t time_ms, uint32_t tag);

/* Takes back what tg_facts_permit() added at TIME_MS. */
void tg_facts_take_back(struct tg_history *history, int64_t time_ms, uint32_t tag);

/*
 * How many permits the counter keeps that is full for this request: as many as its limit, or more
 * that were given under a larger one; 0 if none is full.
 */
uint32_t tg_facts_permits_full(struct tg_history *history);
