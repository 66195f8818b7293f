/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lasts: facts without a window (erasures, and consents if a rule asks for them) are written
 * by their owner to a place of their own, which is kept for good, so that the facts themselves need
 * be kept no longer than the longest window.
 *
 * What is written, and why it is always enough. A fact is written when it is taken up and stands:
 * when nothing that was read so far outdoes it (tg_facts_lasts). So of one key, which names what a
 * fact settles, each record is no less than the one before it, and the last is the state; whoever
 * keeps only that one, loses nothing. It is written with the positions and decisions of the same
 * commit. Therefore, at every commit,
 *
 *     what was kept, joined with the facts from the committed position on, is the state (of what
 *     has no window), whatever becomes of the facts before it;
 *
 * because of the facts before the position each either stood when it was taken up, and was written
 * no later than by the commit that moved the position past it; or was outdone by one that was, or
 * that lies behind the position (known from before an abort) and will be read.
 *
 *   - Abort: the position goes back, and the same facts are taken up again. What they left in the
 *     state is still there, so those that stood still stand, and are written again; those that
 *     another of them has outdone meanwhile need not be. No memory of what was lost is needed.
 *   - A crash: the next owner reads what was kept up to where it then ends, then the facts from the
 *     committed position on, which it writes as it takes them up.
 *   - At least once: written before the position is committed. What is written twice is joined.
 *   - No room in the customer table: what is not in the state can't be compared with what comes
 *     later. So only what forbids is written, as it comes, and from then on nothing is said to be
 *     whole: the next start reads all facts that are still there.
 *
 * `kept` of a progress says for which types this holds. A type that the policy did not look at was
 * not written meanwhile; so a policy that begins to is given all facts that are still there, and
 * writes what stands of them before its partition decides. Likewise whoever finds nothing kept.
 *
 * An erasure also takes out the records that it masks, so that nothing of them is kept: for all
 * channels of the purposes that the partition has met, up to TG_PURPOSES_MAX. What stays of further
 * purposes is masked by it. (So is what a request looked at, and the table forgot, between an abort
 * and the second try.)
 *
 * To let another type last: its bit (tg_counters_finish), its join and when it stands
 * (rules/facts.c), its key (records/lasting.h).
 *
 * How many facts are read again (struct tg_lookback): what has a window, from its beginning by the
 * records' timestamps. That is up to the source, which must not go by timestamps that say nothing:
 * if in doubt it reads everything, which is never wrong.
 *
 * Costs a look at a mask for each fact, and for those that last a hash, a copy and a record; for an
 * erasure 12 look-ups in the table a purpose. Called by the owner of the partition.
 */
#pragma once

#include "shard/partition.h"

enum { TG_PURPOSES_MAX = 64 };

/* How far back facts matter, by this policy. */
struct tg_lookback tg_lasting_lookback(const struct tg_policy *policy);

/* What is kept of the new PARTITION; RESUME: how far it had come; NULL: nothing was before. */
void tg_lasting_begin(struct tg_partition *partition, const struct tg_progress *resume);
void tg_lasting_end(struct tg_partition *partition);

/* This was kept. */
void tg_lasting_take(struct tg_partition *partition, struct tg_history *history,
                     const struct tg_touchpoint *touchpoint);

/* Another policy has taken the place of the last one. */
void tg_lasting_follow(struct tg_partition *partition);

/* What is kept, of the facts that have been taken up; of none, nothing is. */
uint64_t tg_lasting_kept(const struct tg_partition *partition);

/* Writes TOUCHPOINT, which has just been applied and is of a type that lasts, if it stands. */
int tg_lasting_write(struct tg_partition *partition, struct tg_history *history,
                     const struct tg_touchpoint *touchpoint, struct tg_error *error);

/* The same for any touchpoint. */
static inline int tg_lasting_keep(struct tg_partition *partition, struct tg_history *history,
                                  const struct tg_touchpoint *touchpoint, struct tg_error *error)
{
        if (__builtin_expect(!(history->counters->lasting >> touchpoint->type & 1), 1))
                return 0;
        return tg_lasting_write(partition, history, touchpoint, error);
}
