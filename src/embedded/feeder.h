/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a recording (player.h) into the embedded broker.
 *
 * A recording that it could not hold is refused before the first record is written, so that nothing
 * is lost. Runs in a thread of its own.
 */
#pragma once

#include "base/error.h"
#include "kafka/lifetime.h"
#include "kafka/notice.h"
#include "kafka/readings.h"
#include "kafka/settings.h"

struct tg_feeder_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_readings *readings;
        const struct tg_notices *notices;
        struct tg_lifetime *lifetime; /* counts this feeder as busy; fed no further once it stops */
        const char *directory;
        int32_t partitions;
        unsigned pace_per_s; /* records a second; 0: as fast as the broker takes them */
};

struct tg_feeder;

struct tg_feeder_counts {
        uint64_t records[TG_STREAMS];
};

/* Reads the recording once to measure it. Returns 0, or -1 if it is damaged or too large. */
int tg_feeder_new(const struct tg_feeder_options *options, struct tg_feeder **ret_feeder,
                  struct tg_error *error);

/* Begins to feed. A failure stops the lifetime. */
void tg_feeder_start(struct tg_feeder *feeder);

/* Waits until all is fed and confirmed (or the lifetime stopped). Returns 0 or -1. */
int tg_feeder_wait(struct tg_feeder *feeder, struct tg_error *error);
void tg_feeder_free(struct tg_feeder *feeder);

/* Sets how fast it goes; before it starts. */
void tg_feeder_set_pace(struct tg_feeder *feeder, unsigned pace_per_s);

/* What the recording holds. */
struct tg_feeder_counts tg_feeder_counts(const struct tg_feeder *feeder);
