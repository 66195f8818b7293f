/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/swap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "shard/lasting.h"
#include "shard/partition.h"
#include "shard/undo.h"

void tg_swap_init(struct tg_swap *swap, uint32_t shards)
{
        swap->shards = shards;
        atomic_init(&swap->next, NULL);
        atomic_init(&swap->taken, shards);
}

bool tg_swap_done(const struct tg_swap *swap)
{
        /* Acquire, pairs with the release in tg_swap_take(): the old policy may be freed after. */
        return atomic_load_explicit(&swap->taken, memory_order_acquire) >= swap->shards;
}

bool tg_swap_offer(struct tg_swap *swap, const struct tg_policy *next)
{
        if (!tg_swap_done(swap))
                return false;
        atomic_store_explicit(&swap->taken, 0, memory_order_relaxed);
        /* Release, pairs with the acquire in tg_swap_next(): the policy, and `taken`, are whole. */
        atomic_store_explicit(&swap->next, next, memory_order_release);
        return true;
}

const struct tg_policy *tg_swap_next(const struct tg_swap *swap, const struct tg_policy *running)
{
        /* Acquire, pairs with the release in tg_swap_offer(). */
        const struct tg_policy *next = atomic_load_explicit(&swap->next, memory_order_acquire);

        return next == running ? NULL : next;
}

void tg_swap_take(struct tg_swap *swap)
{
        /* Release, pairs with the acquire in tg_swap_done(). */
        atomic_fetch_add_explicit(&swap->taken, 1, memory_order_release);
}

/* The counters are all kept from now on; what a rule can't know yet, it waits for. */
static void begin_cold(struct tg_partition *partition, const struct tg_policy *next)
{
        struct tg_cold *cold = partition->cold;

        for (size_t rule = 0; rule < TG_RULES_MAX; rule++)
                cold->until_ms[rule] = TG_NO_TIME;
        for (size_t i = 0; i < next->awaits.count; i++) {
                const struct tg_awaited *awaited = &next->awaits.items[i];
                int64_t *until_ms = &cold->until_ms[awaited->rule - next->rules];
                int64_t since_ms =
                        awaited->begins
                                ? partition->clock_ms
                                : cold->since_ms[awaited->counter.scope][awaited->counter.number];

                if (since_ms != TG_NO_TIME && since_ms + awaited->window_ms > *until_ms)
                        *until_ms = since_ms + awaited->window_ms;
        }
        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                for (uint64_t left = next->counters.begun[scope]; left; left &= left - 1)
                        cold->since_ms[scope][__builtin_ctzll(left)] = partition->clock_ms;
        }
}

static void swap_counters(struct tg_partition *partition, const struct tg_policy *next)
{
        const struct tg_counters *counters = &next->counters;

        if (!partition->cold) {
                partition->cold = tg_allocate(sizeof *partition->cold);
                for (unsigned i = 0; i < TG_SCOPES * TG_COUNTERS_MAX; i++)
                        partition->cold->since_ms[i / TG_COUNTERS_MAX][i % TG_COUNTERS_MAX] =
                                TG_NO_TIME;
        }
        begin_cold(partition, next);
        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                if (counters->reused[scope]) {
                        tg_table_purge(partition->table, counters->reused, TG_SCOPES);
                        break;
                }
        }
}

/* The place of the throttle of POLICY that goes on with what THROTTLE was; -1: there is none. */
static int32_t heir_of(const struct tg_policy *policy, const struct tg_throttle *throttle)
{
        for (size_t i = 0; i < policy->throttle_count; i++) {
                const struct tg_throttle *heir = &policy->throttles[i];

                if (strcmp(heir->name, throttle->name) == 0 &&
                    heir->rate.count == throttle->rate.count &&
                    heir->rate.per_ms == throttle->rate.per_ms)
                        return (int32_t)i;
        }
        return -1;
}

static void swap_throttles(struct tg_partition *partition, const struct tg_policy *next)
{
        const struct tg_policy *old = partition->options->policy;
        struct tg_gcra *throttles = tg_partition_throttles(partition->options, next);
        int32_t heirs[TG_THROTTLES_MAX];

        for (size_t i = 0; i < old->throttle_count; i++) {
                heirs[i] = heir_of(next, &old->throttles[i]);
                if (heirs[i] >= 0)
                        throttles[heirs[i]].tat = partition->throttles[i].tat;
        }
        partition->waiting = tg_waiting_rearrange(partition->waiting, next->throttle_count, heirs,
                                                  partition->clock_ms);
        free(partition->throttles);
        partition->throttles = throttles;
        free(partition->undo.throttles);
        partition->undo.throttles = tg_allocate_zeroed(next->throttle_count, sizeof throttles[0]);
}

void tg_partition_swap_policy(struct tg_partition *partition,
                              const struct tg_partition_options *options)
{
        const struct tg_policy *next = options->policy;

        assert(next->generation == partition->options->policy->generation + 1);
        swap_counters(partition, next);
        swap_throttles(partition, next);
        tg_repeats_limit(partition->repeats, next->dedupe_for_ms, next->dedupe_per_partition);
        partition->options = options;
        tg_lasting_follow(partition);
        tg_partition_take_care(partition);
        tg_undo_mark(partition);
}
