/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision as it is read back (schemas/decision.avsc), by whoever takes up what was told before.
 *
 * Spans borrow the bytes that were decoded. Only what the state is rebuilt from is bound.
 */
#pragma once

#include "records/decision.h"

/* Where a request was read; how far the facts had been. */
struct tg_told_place {
        struct tg_span topic;
        int64_t offset;
};

struct tg_told {
        struct tg_span id; /* the request's */
        struct tg_span customer;
        int64_t time_ms;           /* when it was decided, by the clock of the partition */
        int64_t until_ms;          /* with TG_DEFER; else TG_NO_TIME */
        struct tg_span campaign;   /* as decided, as are the next two */
        struct tg_span subject;    /* absent: none */
        struct tg_span topic;      /* absent: none */
        struct tg_items reasons;   /* of struct tg_told_reason */
        struct tg_receipt receipt; /* with TG_PERMIT */
        struct tg_told_place source;
        struct tg_items facts; /* of struct tg_told_place: what it knew, the next offset of each */
        int32_t content;       /* a hash of what the request said */
        uint8_t outcome;       /* enum tg_outcome */
        uint8_t channel;       /* enum tg_channel */
        uint8_t kind;          /* enum tg_kind */
        uint8_t class;         /* enum tg_class */
        bool final;
        bool repeat; /* it decided nothing */
};

struct tg_told_reason {
        struct tg_span rule;
        struct tg_span family;
};

extern const struct tg_layout tg_told_layout;

/* How far the facts of TOPIC were known: the next offset. -1: it isn't told. */
int64_t tg_told_facts_next(const struct tg_told *told, struct tg_span topic);

/* The last reason that was given: the one that a message waits for. False: there is none. */
bool tg_told_last_reason(const struct tg_told *told, struct tg_told_reason *ret_reason);
