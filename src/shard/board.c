/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/board.h"

#include <stdlib.h>

#include "base/memory.h"

static void put(_Atomic uint64_t *value, uint64_t number)
{
        atomic_store_explicit(value, number, memory_order_relaxed);
}

struct tg_board *tg_board_new(const struct tg_partition_options *options)
{
        struct tg_board *board = tg_allocate_zeroed(1, sizeof *board);
        struct tg_summary summary;

        board->partitions = options->partitions;
        board->table_limit_bytes = options->table_bytes;
        board->shares = tg_allocate_zeroed(options->partitions, sizeof board->shares[0]);
        for (uint32_t i = 0; i < options->partitions; i++) {
                for (int stream = 0; stream < TG_STREAMS; stream++)
                        atomic_init(&board->shares[i].lags[stream], -1);
        }
        tg_summary_init(&summary, options->policy);
        tg_board_follow(board, options->policy, &summary);
        tg_summary_deinit(&summary);
        atomic_init(&board->beat_us, tg_watch_us());
        return board;
}

static void free_policy(struct tg_board_policy *policy)
{
        for (size_t i = 0; i < policy->count; i++)
                free(policy->reasons[i]);
        free(policy->reasons);
        free(policy->effects);
        free(policy->name);
        free(policy);
}

void tg_board_free(struct tg_board *board)
{
        struct tg_board_policy *policy, *previous;

        if (!board)
                return;
        for (policy = atomic_load(&board->policy); policy; policy = previous) {
                previous = policy->previous;
                free_policy(policy);
        }
        free(board->shares);
        free(board);
}

static void show_reasons(const struct tg_board_policy *policy, const struct tg_summary *summary)
{
        for (size_t i = 0; i < policy->count; i++) {
                const struct tg_reason_count *count = &summary->reasons[i];

                put(&policy->effects[i][TG_EFFECT_DENY], count->denied);
                put(&policy->effects[i][TG_EFFECT_DEFER], count->deferred);
                put(&policy->effects[i][TG_EFFECT_WOULD_DENY], count->would_deny);
                put(&policy->effects[i][TG_EFFECT_WOULD_DEFER], count->would_defer);
        }
}

void tg_board_show(struct tg_board *board, const struct tg_summary *summary)
{
        if (!board)
                return;
        put(&board->tallies[TG_TALLY_TOUCHPOINTS], summary->touchpoints);
        put(&board->tallies[TG_TALLY_REQUESTS], summary->requests);
        put(&board->tallies[TG_TALLY_PERMITTED], summary->permitted);
        put(&board->tallies[TG_TALLY_DENIED], summary->denied);
        put(&board->tallies[TG_TALLY_DEFERRED], summary->deferred);
        put(&board->tallies[TG_TALLY_REPEATS], summary->repeats);
        put(&board->tallies[TG_TALLY_REPEATS_DIFFERING], summary->repeats_differing);
        for (unsigned i = 0; i < TG_CHANNELS; i++)
                put(&board->permitted[i], summary->permitted_by_channel[i]);
        for (unsigned i = 0; i < TG_FAULTS_MAX && summary->faults[i].reason; i++) {
                put(&board->rejected[i].count, summary->faults[i].count);
                atomic_store_explicit(&board->rejected[i].reason, summary->faults[i].reason,
                                      memory_order_relaxed);
        }
        show_reasons(atomic_load_explicit(&board->policy, memory_order_relaxed), summary);
}

static void show_partitions(struct tg_board *board, struct tg_partition *const *partitions)
{
        uint64_t owned = 0, behind = 0, pending = 0, remembered = 0, cells = 0, bytes = 0;

        for (uint32_t i = 0; i < board->partitions; i++) {
                const struct tg_partition *partition = partitions[i];

                atomic_store_explicit(&board->shares[i].owned, partition != NULL,
                                      memory_order_relaxed);
                if (!partition)
                        continue;
                owned++;
                behind += partition->behind || partition->restore;
                pending += tg_waiting_count(partition->waiting);
                remembered += tg_repeats_count(partition->repeats);
                cells += tg_table_cells(partition->table);
                bytes += tg_table_memory_bytes(partition->table);
        }
        put(&board->tallies[TG_TALLY_BEHIND], behind);
        put(&board->tallies[TG_TALLY_PARTITIONS], owned);
        put(&board->tallies[TG_TALLY_PENDING], pending);
        put(&board->tallies[TG_TALLY_REMEMBERED], remembered);
        put(&board->tallies[TG_TALLY_CELLS], cells);
        put(&board->tallies[TG_TALLY_TABLE_BYTES], bytes);
        if (owned)
                atomic_store_explicit(&board->assigned, true, memory_order_relaxed);
}

void tg_board_beat(struct tg_board *board, struct tg_partition *const *partitions)
{
        if (!board)
                return;
        show_partitions(board, partitions);
        atomic_store_explicit(&board->beat_us, tg_watch_us(), memory_order_relaxed);
}

void tg_board_follow(struct tg_board *board, const struct tg_policy *policy,
                     const struct tg_summary *summary)
{
        struct tg_board_policy *next;

        if (!board)
                return;
        next = tg_allocate_zeroed(1, sizeof *next);
        next->previous = atomic_load_explicit(&board->policy, memory_order_relaxed);
        next->name = tg_duplicate(policy->name.name, strlen(policy->name.name));
        memcpy(next->hash, policy->name.hash, sizeof next->hash);
        next->count = summary->reason_count;
        next->reasons = tg_allocate(next->count * sizeof next->reasons[0]);
        next->effects = tg_allocate_zeroed(next->count, sizeof next->effects[0]);
        for (size_t i = 0; i < next->count; i++)
                next->reasons[i] = tg_duplicate(summary->names[i], strlen(summary->names[i]));
        show_reasons(next, summary);
        /* Release, pairs with the acquire of readers: the names are whole. */
        atomic_store_explicit(&board->policy, next, memory_order_release);
}
