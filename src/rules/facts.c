/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/facts.h"

static bool belongs(const struct tg_history *history, const struct tg_counter *counter)
{
        return tg_history_has(history, counter->counting.scope) &&
               tg_counter_accepts(counter, &history->traits);
}

static void count_touch(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        const struct tg_counter_list *list = &history->counters->by_type[touchpoint->type];
        uint32_t tag;

        if (list->count == 0)
                return;
        tag = (uint32_t)tg_hash64(touchpoint->id);
        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                const struct tg_cell_view *view;

                if (!belongs(history, counter))
                        continue;
                view = tg_history_obtain(history, counter->counting.scope);
                if (view->cell)
                        tg_touches_record(view, counter->id.number, touchpoint->time_ms, tag);
        }
}

static uint32_t settled_tag(const struct tg_touchpoint *touchpoint)
{
        if (touchpoint->receipt.present)
                return (uint32_t)touchpoint->receipt.tag;
        return (uint32_t)tg_hash64(touchpoint->message_id) & TG_PERMIT_TAG_MASK;
}

/*
 * Settles in every counter of permits that may hold the permit: those of the scopes that the
 * touchpoint has a word for. Their `for` isn't asked: time and tag name the permit better than
 * words do.
 */
static void settle(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        const struct tg_counter_list *list = &history->counters->by_type[TG_TYPE_PERMIT];
        int64_t time_ms = touchpoint->receipt.present ? touchpoint->receipt.time_ms : TG_NO_TIME;
        uint32_t tag = settled_tag(touchpoint);

        if (tag > TG_PERMIT_TAG_MASK || (touchpoint->receipt.present && time_ms == TG_NO_TIME))
                return; /* a receipt that no permit was given */
        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                const struct tg_cell_view *view;

                if (touchpoint->type != TG_TYPE_BOUNCE &&
                    touchpoint->type != counter->counting.confirmed_by)
                        continue;
                if (!tg_history_has(history, counter->counting.scope))
                        continue;
                view = touchpoint->receipt.present
                               ? tg_history_obtain(history, counter->counting.scope)
                               : tg_history_view(history, counter->counting.scope);
                if (view->cell)
                        tg_permits_settle(view, counter->id.number, time_ms, tag);
        }
}

/* Where the touchpoint may settle a permit. */
static unsigned settled_scopes(const struct tg_history *history,
                               const struct tg_touchpoint *touchpoint)
{
        if (!tg_span_present(touchpoint->message_id))
                return 0;
        return history->scopes & history->counters->settled_by_type[touchpoint->type];
}

void tg_facts_need(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        const struct tg_counters *counters = history->counters;
        unsigned scopes = counters->scopes_by_type[touchpoint->type];
        unsigned settled = settled_scopes(history, touchpoint);

        if (touchpoint->type == TG_TYPE_ERASURE)
                scopes |= 1U << TG_SCOPE_CUSTOMER;
        scopes |= settled;
        /* Which permits it may settle is asked of cells as they are read: with erasures. */
        if (settled && !touchpoint->receipt.present)
                scopes |= 1U << TG_SCOPE_CUSTOMER;
        tg_history_need(history, scopes);
        if (touchpoint->consent.present && counters->consents)
                tg_history_need_consent(history, &touchpoint->consent);
}

void tg_facts_apply_lasting(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        if (!(history->counters->lasting >> touchpoint->type & 1))
                return;
        if (touchpoint->type == TG_TYPE_ERASURE)
                tg_history_erase(history, touchpoint->time_ms);
        else if (touchpoint->consent.present)
                tg_history_set_consent(history, &touchpoint->consent, touchpoint->time_ms);
}

bool tg_facts_lasts(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        if (!(history->counters->lasting >> touchpoint->type & 1) || touchpoint->bot)
                return false;
        if (touchpoint->type == TG_TYPE_ERASURE)
                return tg_history_erased(history) <= touchpoint->time_ms;
        return tg_history_consent_stands(history, &touchpoint->consent, touchpoint->time_ms);
}

bool tg_facts_apply(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        if (!tg_facts_whole(touchpoint))
                return false;
        if (touchpoint->bot || touchpoint->type == TG_TYPE_UNKNOWN)
                return true;
        tg_facts_apply_lasting(history, touchpoint);
        count_touch(history, touchpoint);
        if (settled_scopes(history, touchpoint))
                settle(history, touchpoint);
        return true;
}

/* Whether a permit of this very moment has TAG already: a receipt must name one permit. */
static bool tag_taken(struct tg_history *history, uint32_t tag)
{
        unsigned scopes = history->scopes & history->counters->scopes_by_type[TG_TYPE_PERMIT];

        for (; scopes; scopes &= scopes - 1) {
                const struct tg_cell_view *view =
                        tg_history_view(history, (enum tg_scope)__builtin_ctz(scopes));

                if (tg_permits_have(view, history->now_ms, tag))
                        return true;
        }
        return false;
}

/* The counters, by scope, that a permit for the record counts in. */
static const uint64_t *permits_of(struct tg_history *history)
{
        if (history->permits_listed)
                return history->permits;
        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++)
                history->permits[scope] =
                        tg_history_has(history, scope)
                                ? tg_counters_permits(history->counters, &history->traits, scope)
                                : 0;
        history->permits_listed = true;
        return history->permits;
}

/*
 * Those of COUNTERS, numbers of a cell, that a permit is added to: all but those that only rules
 * without effect look at and that are full, which deny nothing.
 */
static uint64_t with_room(const struct tg_history *history, const struct tg_cell_view *view,
                          enum tg_scope scope, uint64_t counters)
{
        uint64_t left = counters & ~history->counters->heard[scope];

        for (; left; left &= left - 1) {
                unsigned counter = (unsigned)__builtin_ctzll(left);

                if (tg_permits_kept(view, counter) >= view->layout->counters[counter].keep)
                        counters &= ~(UINT64_C(1) << counter);
        }
        return counters;
}

bool tg_facts_permit(struct tg_history *history, uint32_t tag, uint32_t *ret_tag)
{
        tag &= TG_PERMIT_TAG_MASK;
        while (tag_taken(history, tag))
                tag = (tag + 1) & TG_PERMIT_TAG_MASK;
        if (!tg_facts_permit_again(history, history->now_ms, tag))
                return false;
        *ret_tag = tag;
        return true;
}

bool tg_facts_permit_again(struct tg_history *history, int64_t time_ms, uint32_t tag)
{
        const uint64_t *permits = permits_of(history);

        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++) {
                const struct tg_cell_view *view;

                if (!permits[scope])
                        continue;
                view = tg_history_obtain(history, scope);
                if (!view->cell ||
                    !tg_permits_add(view, with_room(history, view, scope, permits[scope]), time_ms,
                                    tag)) {
                        tg_facts_take_back(history, time_ms, tag);
                        return false;
                }
        }
        return true;
}

void tg_facts_take_back(struct tg_history *history, int64_t time_ms, uint32_t tag)
{
        const uint64_t *permits = permits_of(history);

        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++) {
                uint64_t left = permits[scope];
                const struct tg_cell_view *view;

                if (!left)
                        continue;
                view = tg_history_view(history, scope);
                for (; view->cell && left; left &= left - 1)
                        tg_permits_remove(view, (unsigned)__builtin_ctzll(left), time_ms, tag);
        }
}

/* The permits of COUNTER that are not settled and within WINDOW_MS, which may be less than it
 * keeps. */
static uint32_t kept_within(const struct tg_cell_view *view, unsigned counter, int64_t window_ms)
{
        struct tg_slots_walk walk;
        tg_slot_word word;
        int64_t time_ms;
        uint32_t kept = 0;

        if (window_ms >= view->layout->counters[counter].window_ms)
                return tg_permits_kept(view, counter);
        walk = tg_slots_walk(view, counter);
        while (tg_slots_next(&walk, &word, &time_ms))
                kept += tg_slot_permit_state(word) == TG_PERMIT_OPEN &&
                        time_ms > view->now_ms - window_ms;
        return kept;
}

uint32_t tg_facts_permits_full(struct tg_history *history)
{
        const uint64_t *permits = permits_of(history);

        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++) {
                uint64_t left = permits[scope] & history->counters->heard[scope];
                const struct tg_cell_view *view;

                if (!left)
                        continue;
                view = tg_history_view(history, scope);
                for (left &= ~view->lacks; left; left &= left - 1) {
                        unsigned counter = (unsigned)__builtin_ctzll(left);
                        uint32_t kept = kept_within(view, counter,
                                                    history->counters->heard_ms[scope][counter]);

                        if (kept >= view->layout->counters[counter].keep)
                                return kept;
                }
        }
        return 0;
}
