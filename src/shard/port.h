/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port of a shard: where its records come from, where its decisions go, and what time it is.
 *
 * The same loop runs over Kafka (kafka/), over a recording (replay/) and in memory (shard/twin.h).
 * All calls come from the shard's own thread. Operations return 0, a positive answer named below,
 * or -1 with an error, which ends the shard.
 */
#pragma once

#include "base/error.h"
#include "records/decision.h"
#include "records/event.h"
#include "records/schemas.h"
#include "records/stream.h"

enum tg_record_kind {
        TG_RECORD_DATA,     /* a touchpoint, a request, or a decision that was told before */
        TG_RECORD_FAULTY,   /* one that can't be read: `fault` and `detail` say why */
        TG_RECORD_END,      /* no more in this stream of this partition, as far as is known now */
        TG_RECORD_KNOWN,    /* by the wall clock: see below */
        TG_RECORD_BEHIND,   /* likewise */
        TG_RECORD_ASSIGNED, /* the partition is ours from here on */
        TG_RECORD_REVOKED,  /* the partition goes: commit what was decided, then forget it */
        TG_RECORD_LOST,     /* it is somebody else's already: nothing of it can be committed */
};

/*
 * By the wall clock nothing is decided without the facts that were there before it. KNOWN: all
 * facts have been told that were there when the requests before `offset` were read; so these can be
 * decided, and the partition is not behind any more, as it is at first. BEHIND: facts have not been
 * told that were there a while ago.
 */

/* One thing that a source tells. It and its spans live until it is released. */
struct tg_record {
        enum tg_record_kind kind;
        enum tg_stream stream;
        int32_t partition;    /* -1 for a faulty record of a recording: its customer is not known */
        int64_t offset;       /* the record's own; of TG_RECORD_KNOWN: a request's */
        int64_t time_ms;      /* event time; TG_NO_TIME: not known, of a faulty one */
        struct tg_span value; /* as it came, framing included, for a dead letter */
        struct tg_span datum; /* of TG_RECORD_DATA: what was decoded, without framing */
        const struct tg_reading *reading; /* of TG_RECORD_DATA: what decodes it again */
        const char *fault;  /* of TG_RECORD_FAULTY: why, in one word or two; static text */
        const char *detail; /* of TG_RECORD_FAULTY: why, for a person; lives like the spans */
        const struct tg_progress *resume; /* of TG_RECORD_ASSIGNED; NULL: nothing came before */
        void *owner;                      /* the source's own handle */
        int64_t taken_ms;                 /* the shard's: its clock when it was told of this */
        union tg_event event;             /* of TG_RECORD_DATA */
};

/*
 * How far a partition has been decided. Who takes it up from there reads its facts, what was told
 * about it and what lasts of it, then its requests: those before `decided` that still wait go back
 * to waiting. (Which facts: shard/lasting.h.)
 */
struct tg_progress {
        int32_t partition;
        int64_t next[TG_LANES]; /* what to read next after a restart; -1: nothing was read yet */
        int64_t decided;        /* requests before this one have been taken up; -1: none */
        int64_t clock_ms;       /* of the partition; TG_NO_TIME: it has not begun */
        uint64_t kept; /* bit = enum tg_type: of those before `next`, all that lasts was kept */
};

/* What partitions that come are to be told of the facts before. */
struct tg_lookback {
        int64_t window_ms; /* facts no older than this; all of them, if not everything in: */
        uint64_t lasting;  /* bit = enum tg_type, was kept of what is older */
};

struct tg_source {
        /*
         * Fills in up to CAPACITY records of its own; may wait a little for the first. Within one
         * stream of one partition they come in order. Returns 0, or 1 when nothing will ever come
         * again (the end of a recording, or the process was asked to stop); what was filled in
         * counts also then.
         */
        int (*poll)(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                    struct tg_error *error);

        /* There is more to be decided at once: the next poll is not to wait. May be NULL. */
        void (*hurry)(void *context);

        /* The shard has done with this record; called once for each, in any order. */
        void (*release)(void *context, struct tg_record *record);

        /*
         * What was told is undone: the records of these partitions from these positions on (-1:
         * from the first) come again, of all lanes, ends included; and those of no partition that
         * were given since the last commit. What the shard still has of them it only releases. May
         * be NULL if the sink never refuses a commit.
         */
        int (*rewind)(void *context, const struct tg_progress *progress, size_t count,
                      struct tg_error *error);

        /*
         * How far back facts matter to partitions that come from here on. May be NULL if all of
         * them are always read.
         */
        void (*look_back)(void *context, const struct tg_lookback *lookback);

        /* The name that positions carry for a stream. Lives as long as the source. */
        const char *(*stream_name)(void *context, enum tg_stream stream);

        void *context;
};

struct tg_sink {
        /* Everything until the commit belongs together; goes on if the last one was put off. */
        int (*begin)(void *context, struct tg_error *error);

        /* A decision, encoded, for the partition it was made in. The datum is borrowed. */
        int (*decision)(void *context, int32_t partition, const struct tg_decision *decision,
                        struct tg_span datum, struct tg_error *error);

        /* A permitted message, encoded, for its channel (in decision->request). */
        int (*permitted)(void *context, int32_t partition, const struct tg_decision *decision,
                         struct tg_span datum, struct tg_error *error);

        /* A dead letter: RECORD as it came; RECORD->partition may be -1. */
        int (*rejected)(void *context, const struct tg_record *record, const char *reason,
                        const char *detail, struct tg_error *error);

        /*
         * What lasts of a customer: for good, until there is another of this KEY. An absent DATUM:
         * nothing does any more. NULL: there is no place for it.
         */
        int (*customer)(void *context, int32_t partition, struct tg_span key, struct tg_span datum,
                        struct tg_error *error);

        /*
         * Makes what was produced since begin, and the progress, durable. 1: it certainly is not,
         * and never will be. 2: it is put off to a later commit, with what comes until then; never
         * if it must be NOW.
         */
        int (*commit)(void *context, const struct tg_progress *progress, size_t count, bool now,
                      struct tg_error *error);

        /*
         * In place of a commit: what was produced since begin is as if it had not been. NULL: what
         * is produced can't be taken back.
         */
        int (*abort)(void *context, struct tg_error *error);

        void *context;
};

enum tg_clock_mode {
        TG_CLOCK_EVENT, /* the time of the records, streams merged by it */
        TG_CLOCK_WALL,  /* the port's clock, read once per batch */
};

/* The wall clock, UTC milliseconds; read once per batch. A recording has none: now_ms is NULL. */
struct tg_clock {
        int64_t (*now_ms)(void *context);
        void *context;
};

struct tg_port {
        struct tg_source source;
        struct tg_sink sink;
        struct tg_clock clock;
};
