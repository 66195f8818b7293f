/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/facts.h"

static bool belongs(const struct tg_history *history, const struct tg_counter *counter)
{
        return tg_traits_have(&history->traits, counter->counting.scope) &&
               tg_counter_accepts(counter, &history->traits);
}

static void count_touch(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        const struct tg_counter_list *list = &history->counters->by_type[touchpoint->type];
        uint32_t tag = (uint32_t)tg_hash64(touchpoint->id);

        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                struct tg_cell_view view;

                if (!belongs(history, counter))
                        continue;
                view = tg_history_obtain(history, counter->counting.scope);
                if (view.cell)
                        tg_touches_record(&view, counter->id.number, touchpoint->time_ms, tag);
        }
}

static uint32_t settled_tag(const struct tg_touchpoint *touchpoint)
{
        if (touchpoint->receipt.present)
                return (uint32_t)touchpoint->receipt.tag & TG_PERMIT_TAG_MASK;
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

        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                struct tg_cell_view view;

                if (touchpoint->type != TG_TYPE_BOUNCE &&
                    touchpoint->type != counter->counting.confirmed_by)
                        continue;
                if (!tg_traits_have(&history->traits, counter->counting.scope))
                        continue;
                view = touchpoint->receipt.present
                               ? tg_history_obtain(history, counter->counting.scope)
                               : tg_history_view(history, counter->counting.scope);
                if (view.cell)
                        tg_permits_settle(&view, counter->id.number, time_ms, tag);
        }
}

bool tg_facts_apply(struct tg_history *history, const struct tg_touchpoint *touchpoint)
{
        bool consents = touchpoint->type == TG_TYPE_CONSENT;

        if (consents && !touchpoint->consent.present)
                return false;
        if (touchpoint->bot || touchpoint->type == TG_TYPE_UNKNOWN)
                return true;
        count_touch(history, touchpoint);
        if (consents && history->counters->consents)
                tg_history_set_consent(history, &touchpoint->consent, touchpoint->time_ms);
        if (tg_span_present(touchpoint->message_id))
                settle(history, touchpoint);
        return true;
}

/* Whether a permit of this very moment has TAG already: a receipt must name one permit. */
static bool tag_taken(struct tg_history *history, uint32_t tag)
{
        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++) {
                struct tg_cell_view view = tg_history_view(history, scope);

                if (view.cell && tg_permits_have(&view, history->now_ms, tag))
                        return true;
        }
        return false;
}

bool tg_facts_permit(struct tg_history *history, uint32_t tag, uint32_t *ret_tag)
{
        const struct tg_counter_list *list = &history->counters->by_type[TG_TYPE_PERMIT];
        bool room = true;

        tag &= TG_PERMIT_TAG_MASK;
        while (tag_taken(history, tag))
                tag = (tag + 1) & TG_PERMIT_TAG_MASK;
        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                struct tg_cell_view view;

                if (!belongs(history, counter))
                        continue;
                view = tg_history_obtain(history, counter->counting.scope);
                room = room && view.cell &&
                       tg_permits_add(&view, counter->id.number, history->now_ms, tag);
        }
        *ret_tag = tag;
        return room;
}

void tg_facts_take_back(struct tg_history *history, int64_t time_ms, uint32_t tag)
{
        const struct tg_counter_list *list = &history->counters->by_type[TG_TYPE_PERMIT];

        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                struct tg_cell_view view;

                if (!belongs(history, counter))
                        continue;
                view = tg_history_view(history, counter->counting.scope);
                if (view.cell)
                        tg_permits_remove(&view, counter->id.number, time_ms, tag);
        }
}

uint32_t tg_facts_permits_full(struct tg_history *history)
{
        const struct tg_counter_list *list = &history->counters->by_type[TG_TYPE_PERMIT];

        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &history->counters->items[list->items[i]];
                struct tg_cell_view view;
                uint32_t keep;

                if (!belongs(history, counter))
                        continue;
                view = tg_history_view(history, counter->counting.scope);
                keep = view.layout->counters[counter->id.number].keep;
                if (view.cell && tg_permits_kept(&view, counter->id.number) >= keep)
                        return keep;
        }
        return 0;
}
