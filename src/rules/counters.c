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
 * The window is no part of what is counted: who asks reads no further back than its own. Of permits
 * as many are kept for every window, so where the widest is not full, none is.
 */
static bool same(const struct tg_counting *a, const struct tg_counting *b)
{
        return a->types == b->types && a->confirmed_by == b->confirmed_by &&
               a->channels == b->channels && a->scope == b->scope &&
               selectors_equal(a->for_, b->for_) && selectors_equal(a->where, b->where);
}

static const struct tg_counter *find(const struct tg_counters *counters,
                                     const struct tg_counting *counting)
{
        for (size_t i = 0; i < counters->count; i++) {
                if (same(&counters->items[i].counting, counting))
                        return &counters->items[i];
        }
        return NULL;
}

static const struct tg_keeping *keeping_of(const struct tg_counters *counters,
                                           const struct tg_counter *counter)
{
        return &counters->layouts[counter->id.scope].counters[counter->id.number];
}

/*
 * Of permits none goes before its time, however many may be kept: their number says when requests
 * are denied.
 */
static bool covers(struct tg_extent has, const struct tg_counting *counting)
{
        return has.window_ms >= counting->window_ms &&
               (counts_permits(counting) || has.keep >= counting->keep);
}

enum tg_kept tg_counters_kept(const struct tg_counters *counters,
                              const struct tg_counting *counting, struct tg_extent *ret_has)
{
        const struct tg_counter *counter =
                counters->running ? find(counters->running, counting) : NULL;
        const struct tg_keeping *keeping;

        *ret_has = (struct tg_extent){0};
        if (!counters->running)
                return TG_KEPT_WHOLE;
        if (!counter)
                return TG_KEPT_NOTHING;
        keeping = keeping_of(counters->running, counter);
        *ret_has = (struct tg_extent){keeping->window_ms, keeping->keep};
        if (covers(counter->whole, counting))
                return TG_KEPT_WHOLE;
        return covers(*ret_has, counting) ? TG_KEPT_PROMISED : TG_KEPT_LESS;
}

static void widen(struct tg_counters *counters, const struct tg_counter *counter,
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

/* The lowest of a set of numbers; -1: it is empty. */
static int lowest(uint64_t numbers)
{
        return numbers ? __builtin_ctzll(numbers) : -1;
}

/* A number for what is counted; -1: none is left. */
static int choose_number(struct tg_counters *counters, const struct tg_counting *counting)
{
        const struct tg_counters *running = counters->running;
        enum tg_scope scope = counting->scope;
        const struct tg_counter *counter;
        int number;

        if (!running)
                return lowest(~counters->taken[scope]);
        counter = find(running, counting);
        if (counter)
                return counter->id.number;
        number =
                lowest(~(counters->taken[scope] | running->taken[scope] | running->retired[scope]));
        if (number >= 0)
                return number;
        number = lowest(running->retired[scope] & ~counters->taken[scope]);
        if (number >= 0)
                counters->reused[scope] |= UINT64_C(1) << number;
        return number;
}

static struct tg_counter *add(struct tg_counters *counters, const struct tg_counting *counting,
                              unsigned number)
{
        struct tg_cell_layout *layout = &counters->layouts[counting->scope];
        struct tg_counter *counter = &counters->items[counters->count];

        list_types(counters, counters->count++, counting->types, counting->scope);
        counter->counting = *counting;
        counter->id = (struct tg_counter_id){(uint8_t)counting->scope, (uint8_t)number};
        counters->taken[counting->scope] |= UINT64_C(1) << number;
        layout->counters[number].permits = counts_permits(counting);
        if (layout->count <= number)
                layout->count = number + 1;
        return counter;
}

int tg_counters_obtain(struct tg_counters *counters, const struct tg_counting *counting,
                       struct tg_counter_id *ret_id)
{
        struct tg_counter *counter = (struct tg_counter *)find(counters, counting);

        assert(counting->types && counting->window_ms > 0 &&
               counting->window_ms <= TG_WINDOW_MAX_MS && counting->keep > 0);
        if (!counter) {
                int number = choose_number(counters, counting);

                if (number < 0)
                        return -1;
                counter = add(counters, counting, (unsigned)number);
        }
        counter->users++;
        widen(counters, counter, counting);
        *ret_id = counter->id;
        return 0;
}

void tg_counters_hear(struct tg_counters *counters, struct tg_counter_id id, int64_t window_ms)
{
        int64_t *heard_ms = &counters->heard_ms[id.scope][id.number];

        counters->heard[id.scope] |= UINT64_C(1) << id.number;
        if (*heard_ms < window_ms)
                *heard_ms = window_ms;
}

unsigned tg_counters_held(const struct tg_counters *counters, enum tg_scope scope)
{
        if (!counters->running)
                return 0;
        return (unsigned)__builtin_popcountll(counters->running->taken[scope] &
                                              ~counters->taken[scope]);
}

/* What of COUNTER will be there: no more than was, and no more than it keeps. */
static struct tg_extent whole_of(const struct tg_counters *counters,
                                 const struct tg_counter *counter)
{
        const struct tg_keeping *keeping = keeping_of(counters, counter);
        struct tg_extent whole = {keeping->window_ms, keeping->keep};
        const struct tg_counter *before;

        if (!counters->running)
                return whole;
        before = find(counters->running, &counter->counting);
        if (!before)
                return (struct tg_extent){0};
        if (whole.window_ms > before->whole.window_ms)
                whole.window_ms = before->whole.window_ms;
        if (whole.keep > before->whole.keep)
                whole.keep = before->whole.keep;
        return whole;
}

/* Whether COUNTER keeps more than the running policy did. */
static bool begins(const struct tg_counters *counters, const struct tg_counter *counter)
{
        const struct tg_keeping *keeping = keeping_of(counters, counter);
        struct tg_counting counting = counter->counting;
        struct tg_extent has;

        counting.window_ms = keeping->window_ms;
        counting.keep = keeping->keep;
        return tg_counters_kept(counters, &counting, &has) >= TG_KEPT_LESS;
}

/* Slots of a retired number have expired, even those of the future: they are taken for empty. */
static void retire(struct tg_counters *counters, enum tg_scope scope)
{
        const struct tg_counters *running = counters->running;
        uint64_t numbers =
                (running->taken[scope] | running->retired[scope]) & ~counters->taken[scope];

        counters->retired[scope] = numbers;
        for (; numbers; numbers &= numbers - 1) {
                unsigned number = (unsigned)__builtin_ctzll(numbers);

                counters->layouts[scope].counters[number].window_ms = -TG_WINDOW_MAX_MS;
                if (counters->layouts[scope].count <= number)
                        counters->layouts[scope].count = number + 1;
        }
}

static bool may_accept(const struct tg_counter *counter, uint8_t channel, uint8_t kind)
{
        const struct tg_counting *counting = &counter->counting;

        return tg_mask_matches(counting->channels, channel) &&
               (!counting->for_ || tg_selector_may_match(counting->for_, channel, kind)) &&
               (!counting->where || tg_selector_may_match(counting->where, channel, kind));
}

static bool looks_at_more(const struct tg_selector *selector)
{
        return selector && (selector->classes || selector->patterns);
}

static void index_permits(struct tg_counters *counters, const struct tg_counter *counter)
{
        enum tg_scope scope = counter->counting.scope;
        uint64_t bit = UINT64_C(1) << counter->id.number;

        for (uint8_t channel = 0; channel < TG_CHANNELS; channel++) {
                for (uint8_t kind = 0; kind < TG_KINDS; kind++) {
                        if (may_accept(counter, channel, kind))
                                counters->permits[channel][kind][scope] |= bit;
                }
        }
        if (looks_at_more(counter->counting.for_) || looks_at_more(counter->counting.where))
                counters->particular[scope] |= bit;
}

uint64_t tg_counters_permits(const struct tg_counters *counters, const struct tg_traits *traits,
                             enum tg_scope scope)
{
        const struct tg_counter_list *list = &counters->by_type[TG_TYPE_PERMIT];
        uint64_t permits, particular;

        assert(traits->channel < TG_CHANNELS && traits->kind < TG_KINDS);
        permits = counters->permits[traits->channel][traits->kind][scope];
        particular = permits & counters->particular[scope];
        for (size_t i = 0; particular && i < list->count; i++) {
                const struct tg_counter *counter = &counters->items[list->items[i]];
                uint64_t bit = UINT64_C(1) << counter->id.number;

                if (counter->counting.scope == scope && particular & bit &&
                    !tg_counter_accepts(counter, traits))
                        permits &= ~bit;
        }
        return permits;
}

static void index_settlements(struct tg_counters *counters, const struct tg_counter *counter)
{
        uint8_t bit = (uint8_t)(1 << counter->id.scope);

        counters->settled_by_type[TG_TYPE_BOUNCE] |= bit;
        if (counter->counting.confirmed_by != TG_TYPE_UNKNOWN)
                counters->settled_by_type[counter->counting.confirmed_by] |= bit;
}

void tg_counters_finish(struct tg_counters *counters)
{
        for (size_t i = 0; i < counters->count; i++) {
                struct tg_counter *counter = &counters->items[i];

                counter->whole = whole_of(counters, counter);
                if (counts_permits(&counter->counting)) {
                        index_permits(counters, counter);
                        index_settlements(counters, counter);
                }
                if (begins(counters, counter))
                        counters->begun[counter->id.scope] |= UINT64_C(1) << counter->id.number;
        }
        counters->consents_whole =
                counters->consents && (!counters->running || counters->running->consents_whole);
        counters->lasting = UINT64_C(1) << TG_TYPE_ERASURE;
        if (counters->consents)
                counters->lasting |= UINT64_C(1) << TG_TYPE_CONSENT;
        for (enum tg_scope scope = 0; counters->running && scope < TG_SCOPES; scope++)
                retire(counters, scope);
        counters->running = NULL;
}
