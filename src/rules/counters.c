/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/counters.h"

#include <assert.h>

static bool selectors_equal(const struct tg_selector *a, const struct tg_selector *b)
{
        static const struct tg_selector everything;

        return tg_selector_equal(a ? a : &everything, b ? b : &everything);
}

static bool counts_permits(const struct tg_counting *counting)
{
        return counting->types >> TG_TYPE_PERMIT & 1;
}

/*
 * Permits share a counter only with those of the same window: how many are kept is held against a
 * limit, so a wider window than the rule's own would change answers.
 */
static bool same(const struct tg_counting *a, const struct tg_counting *b)
{
        return a->types == b->types && a->confirmed_by == b->confirmed_by &&
               a->channels == b->channels && a->scope == b->scope &&
               (!counts_permits(a) || a->window_ms == b->window_ms) &&
               selectors_equal(a->for_, b->for_) && selectors_equal(a->where, b->where);
}

static void widen(struct tg_counters *counters, struct tg_counter *counter,
                  const struct tg_counting *counting)
{
        struct tg_cell_layout *layout = &counters->layouts[counter->id.scope];
        struct tg_keeping *keeping = &layout->counters[counter->id.number];

        if (keeping->window_ms < counting->window_ms)
                keeping->window_ms = counting->window_ms;
        if (keeping->keep < counting->keep)
                keeping->keep = counting->keep;
        if (counters->window_max_ms < counting->window_ms)
                counters->window_max_ms = counting->window_ms;
}

static void list_types(struct tg_counters *counters, size_t index, uint64_t types,
                       enum tg_scope scope)
{
        for (unsigned type = 0; type < TG_COUNTED_TYPES; type++) {
                struct tg_counter_list *list = &counters->by_type[type];

                if (!(types >> type & 1))
                        continue;
                list->items[list->count++] = (uint16_t)index;
                counters->scopes_by_type[type] |= (uint8_t)(1 << scope);
        }
}

int tg_counters_obtain(struct tg_counters *counters, const struct tg_counting *counting,
                       struct tg_counter_id *ret_id)
{
        struct tg_cell_layout *layout = &counters->layouts[counting->scope];
        struct tg_counter *counter = NULL;

        assert(counting->types && counting->window_ms > 0 &&
               counting->window_ms <= TG_WINDOW_MAX_MS && counting->keep > 0);
        for (size_t i = 0; i < counters->count && !counter; i++) {
                if (same(&counters->items[i].counting, counting))
                        counter = &counters->items[i];
        }
        if (!counter) {
                if (layout->count == TG_COUNTERS_MAX)
                        return -1;
                list_types(counters, counters->count, counting->types, counting->scope);
                counter = &counters->items[counters->count++];
                counter->counting = *counting;
                counter->id =
                        (struct tg_counter_id){(uint8_t)counting->scope, (uint8_t)layout->count};
                layout->counters[layout->count++].permits = counts_permits(counting);
        }
        widen(counters, counter, counting);
        *ret_id = counter->id;
        return 0;
}

bool tg_counter_accepts(const struct tg_counter *counter, const struct tg_traits *traits)
{
        const struct tg_counting *counting = &counter->counting;

        if (counting->channels &&
            (traits->channel >= TG_CHANNELS || !(counting->channels >> traits->channel & 1)))
                return false;
        return (!counting->for_ || tg_selector_matches(counting->for_, traits)) &&
               (!counting->where || tg_selector_matches(counting->where, traits));
}
