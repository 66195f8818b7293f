/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox of a shard: where other threads of the process put what they ask, to be answered by the
 * shard's own thread between two batches.
 *
 * Bounded: what was put in and is not answered yet counts, so a full inbox is told at once and
 * nothing queues up. A mutex guards it; the shard's thread takes it only when something is there
 * (one load of an atomic a batch otherwise), nobody holds it for longer than a few stores.
 *
 * An inquiry belongs to the shard from the moment it was put in until `answered` is called with it,
 * which happens exactly once, in the thread of the shard (or of whoever closes the inbox).
 */
#pragma once

#include <stdatomic.h>

#include "base/buffer.h"
#include "records/stream.h"

enum tg_inquiry_kind {
        TG_INQUIRE_DECISION,    /* decide it, now and finally */
        TG_INQUIRE_EXPLANATION, /* what would be decided now, and why? Nothing changes */
};

enum tg_inquiry_answer {
        TG_INQUIRY_ANSWERED,  /* it is in `decision`; what was decided is committed */
        TG_INQUIRY_ELSEWHERE, /* the partition is not this shard's */
        TG_INQUIRY_BEHIND,    /* the partition's facts are not known, or it comes back */
        TG_INQUIRY_FUTURE,    /* the request is from too far in the future */
        TG_INQUIRY_UNDONE,    /* it was decided, and could not be committed: nothing is kept */
        TG_INQUIRY_CLOSED,    /* the shard has ended */
};

struct tg_inquiry {
        enum tg_inquiry_kind kind;
        int32_t partition;                /* the customer's */
        struct tg_buffer datum;           /* the request, as `reading` decodes it; it is valid */
        const struct tg_reading *reading; /* borrowed */
        void (*answered)(struct tg_inquiry *inquiry); /* takes it back */
        void *context;                                /* for whom asks */

        enum tg_inquiry_answer answer; /* from here on: by the shard */
        struct tg_buffer decision;     /* as schemas/decision.avsc */
        size_t requested; /* an explanation has so many reasons about the message as requested;
                           * the others are about its general variant */
        struct tg_buffer permitted; /* as schemas/permitted.avsc; empty: none */
        struct tg_inquiry *next;    /* in line */
};

/* Of PARTITION's customer; to be filled in. */
struct tg_inquiry *tg_inquiry_new(enum tg_inquiry_kind kind);
void tg_inquiry_free(struct tg_inquiry *inquiry); /* NULL is fine */

struct tg_inbox;

/* Holds at most CAPACITY inquiries that are not answered. */
struct tg_inbox *tg_inbox_new(size_t capacity);
void tg_inbox_free(struct tg_inbox *inbox); /* NULL is fine; it is closed, or nothing was put in */

/* Any thread. Returns 0; 1 if it is full, 2 if it is closed: then INQUIRY is still the caller's. */
int tg_inbox_put(struct tg_inbox *inbox, struct tg_inquiry *inquiry);

/* The shard's: all that is there, first come first, chained by `next`; NULL: nothing. */
struct tg_inquiry *tg_inbox_take(struct tg_inbox *inbox);

/* The shard's: hands an inquiry that was taken back with its answer. */
void tg_inbox_answer(struct tg_inbox *inbox, struct tg_inquiry *inquiry,
                     enum tg_inquiry_answer answer);

/* Nothing more is taken in; what is still there is answered so. */
void tg_inbox_close(struct tg_inbox *inbox);
