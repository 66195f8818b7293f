/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pace of a replay: no record reaches its shard before its time has come, at so many times the
 * recorded speed, and all of it ends when it is asked to.
 *
 * A record is due (its time - the first time) / speed after the start, by the monotonic clock. All
 * shards measure by one tg_pace, so they keep step; records and their order are not changed, so the
 * outputs are not either. Who falls behind catches up. What is late is due already. At speed 0
 * nothing waits: the cost is one look at `stop` a batch.
 */
#pragma once

#include <stdatomic.h>

#include "recording/reader.h"
#include "shard/port.h"

enum { TG_PACE_STOPPED = 128 }; /* exit code of what was stopped, plus the signal */

/* The clock that a pace is measured by; any thread calls it. */
struct tg_pace_clock {
        int64_t (*now_ns)(void *context);
        /* Lets so much time pass at most: who waits looks again, also whether it is to stop. */
        void (*wait)(void *context, int64_t duration_ns);
        void *context;
};

extern const struct tg_pace_clock tg_pace_monotonic;

/* Shared by all shards; only `failed` changes once they run. */
struct tg_pace {
        double speed;                      /* times recorded speed; 0: as fast as possible */
        const struct tg_pace_clock *clock; /* borrowed */
        const atomic_int *stop;            /* not 0: leave, a signal's number; NULL: never */
        int64_t last_ms;                   /* a later record is refused: nothing waits for it */
        atomic_bool failed;                /* a shard did: the others need not go on */
        int64_t first_ms;                  /* set by tg_pace_start(); TG_NO_TIME: no record */
        int64_t start_ns;                  /* likewise */
};

/* Begins now: the first time is the earlier one of the first records of both streams. */
void tg_pace_start(struct tg_pace *pace, const struct tg_recording *recording);

/* When, by the clock, a record of this time may be given. */
int64_t tg_pace_due_ns(const struct tg_pace *pace, int64_t time_ms);

/* A source that keeps a pace. One thread, but for what is told below of how far it is. */
struct tg_paced;

/* Borrows both; SOURCE must outlive it. */
struct tg_paced *tg_paced_new(const struct tg_pace *pace, const struct tg_source *source);
void tg_paced_free(struct tg_paced *paced); /* NULL is fine */

/*
 * The port's view; borrows PACED. It fails (TG_PACE_STOPPED + signal) once it is to stop, and with
 * EX_OK, for want of anything to say, once another shard has failed.
 */
struct tg_source tg_paced_port(struct tg_paced *paced);

/* How far it is, for any thread: records given, and the time of the last; TG_NO_TIME: none. */
uint64_t tg_paced_records(const struct tg_paced *paced);
int64_t tg_paced_time_ms(const struct tg_paced *paced);
