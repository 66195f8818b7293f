/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a recording into the input topics, as live systems would write it: framed, keyed by
 * customer and placed by that key, both streams merged by time.
 *
 * An idempotent producer: each record at least once, the order kept whatever is tried again; and
 * exactly once unless the process ends in between. Records carry the present time as their
 * timestamp, as a broker would forget the producer by an old one. One owner, one thread.
 */
#pragma once

#include "kafka/client.h"
#include "transfer/tape.h"

struct tg_player_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        const struct tg_recording *recording;
        const struct tg_framing_ids *ids;
        const char *role; /* for people and as the client's id */
        /*
         * How long the next record has to wait until it may be written; so many have been. Asked
         * again after that, or sooner. Returns 0, 1: it is the end, what was written is to be
         * delivered, or -1.
         */
        int (*keep_pace)(void *context, uint64_t written, enum tg_stream stream,
                         const struct tg_stream_record *record, int *ret_wait_ms,
                         struct tg_error *error);
        void *context;
};

struct tg_player;

/* Returns 0 or -1. */
int tg_player_new(const struct tg_player_options *options, struct tg_player **ret_player,
                  struct tg_error *error);
void tg_player_free(struct tg_player *player); /* NULL is fine */

/* Writes all. Returns 0, 1: keep_pace ended it; or -1. What was written is delivered unless -1. */
int tg_player_run(struct tg_player *player, struct tg_error *error);

/* Records that the broker has confirmed, of each stream. */
struct tg_player_counts {
        uint64_t records[TG_STREAMS];
};
struct tg_player_counts tg_player_counts(const struct tg_player *player);
