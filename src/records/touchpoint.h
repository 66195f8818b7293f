/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A touchpoint as decoded: a fact about a customer (schemas/touchpoint.avsc).
 *
 * Spans borrow the bytes that were decoded. Only what a rule reads is bound; a field gets its place
 * here, and its slot in touchpoint.c, with the first rule that needs it.
 */
#pragma once

#include "avro/layout.h"
#include "records/receipt.h"
#include "records/words.h"

/* The body of a consent touchpoint: what the customer agreed to, or no longer does. */
struct tg_consent {
        struct tg_span purpose;
        int64_t until_ms; /* the first moment it no longer holds; TG_NO_TIME: it has no end */
        uint8_t channel;  /* enum tg_channel; TG_CHANNEL_ABSENT: all of them */
        bool granted;     /* false: withdrawn */
        bool implied;     /* follows from a purchase or an inquiry instead of being given */
        bool present;     /* false: the record carries none */
};

struct tg_touchpoint {
        struct tg_span id;
        struct tg_span customer;
        int64_t time_ms;
        struct tg_span campaign;   /* absent: none */
        struct tg_span subject;    /* absent: none */
        struct tg_span topic;      /* absent: none */
        struct tg_span message_id; /* absent: it is about no message of ours */
        struct tg_receipt receipt;
        struct tg_consent consent;
        uint8_t type;    /* enum tg_type */
        uint8_t channel; /* enum tg_channel, TG_CHANNEL_ABSENT: none */
        bool bot;        /* counts nowhere */
};

extern const struct tg_layout tg_touchpoint_layout;

/* Append one field of a touchpoint as the shipped schema writes it. */
struct tg_buffer;
void tg_channel_put(struct tg_buffer *buffer, uint8_t channel);
void tg_consent_put(struct tg_buffer *buffer, const struct tg_consent *consent);
