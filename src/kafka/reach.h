/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the facts of a partition must have been read before what was requested may be decided.
 *
 * In rounds: once requests have been read, it is asked where the facts end (kafka/lookout.h); when
 * they have been read up to there, the shard is told that those requests find what they need
 * (TG_RECORD_KNOWN), and the next round begins with those that have come meanwhile. While there are
 * none it begins by itself now and then, so that a partition that is behind is noticed
 * (TG_RECORD_BEHIND) before what falls due is decided there.
 *
 * Pure bookkeeping: no librdkafka, no clock; the time is any that does not go back. One owner, one
 * thread.
 */
#pragma once

#include "shard/port.h"

enum {
        TG_REACH_AGAIN_MS = 250,   /* after a round the next one begins, with requests at once */
        TG_REACH_BEHIND_MS = 1000, /* without the end of a round, a partition is behind */
};

struct tg_reach {
        int64_t known;      /* requests before this find what they need, and the shard knows it */
        int64_t horizon;    /* requests before this had been read when the end was asked for */
        int64_t end;        /* where the facts ended; -1: no answer yet */
        int64_t asked_ms;   /* when the round began */
        int64_t again_ms;   /* when it was asked last */
        int64_t reached_ms; /* when the last round was over */
        uint32_t ticket;    /* the caller's, for the answer */
        bool asked;         /* there is a round */
        bool behind;        /* the shard takes the partition to be */
};

/* The partition has come. */
void tg_reach_begin(struct tg_reach *reach, int64_t now_ms);

/* It goes back to where it was committed: what the shard was told of requests counts no more. */
void tg_reach_rewind(struct tg_reach *reach);

/*
 * Whether it is time to ask for the end of the facts; requests before NEXT have been read. An end
 * that can't be reached for long is asked for again: the topic may have lost its last records.
 */
bool tg_reach_asks(struct tg_reach *reach, int64_t next, int64_t now_ms);

/* The answer: they ended at END, after the question. */
void tg_reach_answer(struct tg_reach *reach, int64_t end);

/*
 * Facts have been read and told up to NEXT. Whether the shard must be told something, which fills
 * RET_RECORD but for its partition.
 */
bool tg_reach_tells(struct tg_reach *reach, int64_t next, int64_t now_ms,
                    struct tg_record *ret_record);

/* Whether requests wait for an answer that was asked for a moment ago. */
static inline bool tg_reach_hurries(const struct tg_reach *reach, int64_t now_ms)
{
        return reach->asked && reach->horizon > reach->known &&
               now_ms - reach->asked_ms < TG_REACH_AGAIN_MS;
}
