/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics to a recording: touchpoints-*.avro and requests-*.avro, every record's bytes as they were
 * written, what can't be read in rejected.avro beside, and with them the decisions.
 *
 * Each partition's order is kept in each stream, whatever else: so a replay with as many partitions
 * sees what a gate saw. Between partitions records are merged by their time, so the same stretch
 * gives the same files. Memory: a batch a partition, `fetch` of the configuration, one block a
 * file. One owner, one thread.
 */
#pragma once

#include <stdatomic.h>

#include "kafka/readings.h"
#include "recording/pieces.h"
#include "transfer/stretch.h"

/* What is recorded of a topic. */
struct tg_recorded_topic {
        const char *topic;            /* borrowed from the settings */
        struct tg_scan_part *parts;   /* owned: one a partition; `end`: how far it was read */
        struct tg_pieces_tally tally; /* of its files */
        uint64_t rejected;            /* records that can't be read */
};

/* What the decisions tell of the run that made them. */
struct tg_recorded_run {
        uint64_t aborted;   /* records that a transaction took back */
        uint64_t went_back; /* times that the clock of a partition did: decided once more */
};

struct tg_recorded {
        int32_t partitions;
        struct tg_recorded_topic streams[TG_STREAMS];
        struct tg_recorded_topic decisions; /* without a topic: not asked for */
        struct tg_recorded_run run;         /* with decisions */
        uint64_t other_keys;                /* records whose key isn't the customer */
        uint64_t other_partitions;          /* records in a partition that isn't the customer's */
        /*
         * Records that came so late, after a quiet of `idle_ms`, that a gate which ran meanwhile
         * may have stopped waiting for them; with 0 none has.
         */
        uint64_t late_after_idle;
        uint64_t future; /* records whose time was too far ahead of their timestamp for a gate */
        uint64_t without_timestamp; /* records of which neither can be told */
};

struct tg_recorder_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_readings *readings;
        const struct tg_notices *notices;
        const char *directory; /* is there, without a recording in it */
        struct tg_bound from;
        struct tg_bound until; /* TG_BOUND_NEVER: until it is stopped */
        enum tg_codec codec;
        bool decisions;  /* these too: into decisions-recorded-*.avro */
        int64_t idle_ms; /* the gate's, as the next */
        int64_t future_skew_ms;
        const atomic_int *stop; /* a signal's number */
        /* Told now and then: records read, and the share of them where an end is known. */
        void (*progress)(void *context, uint64_t records, double share);
        void *progress_context;
};

/*
 * Returns 0, or -1, and then nothing remains of it in the directory; stopped before an end that was
 * asked for: TG_RECORDER_STOPPED + signal. RET_RECORDED is to be deinited after 0.
 */
enum { TG_RECORDER_STOPPED = 128 };
int tg_recorder_run(const struct tg_recorder_options *options, struct tg_recorded *ret_recorded,
                    struct tg_error *error);
void tg_recorded_deinit(struct tg_recorded *recorded);
