/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out: a decision, a permitted message, a dead letter, and how each is written
 * (schemas/decision.avsc, permitted.avsc, rejected.avsc).
 *
 * Encoding appends to a reused buffer and allocates only while that grows. Spans are borrowed.
 */
#pragma once

#include "base/buffer.h"
#include "records/receipt.h"
#include "records/request.h"

enum { TG_MESSAGE_ID_SIZE = 32, TG_POLICY_HASH_SIZE = 32 };

#define TG_NO_COUNT INT64_MIN /* a reason that counts nothing */

/* A rule that did not simply say yes. */
struct tg_reason {
        size_t source;      /* which one: rules in policy order, then throttles, then the gate's */
        const char *rule;   /* its name in the policy, or the gate's own reason */
        const char *family; /* "cap", "retarget" …, "throttle", "gate" */
        int64_t counter;    /* what was counted, or TG_NO_COUNT */
        int64_t limit;      /* what it was held against, or TG_NO_COUNT */
        int64_t until_ms;   /* when it would have said yes, or TG_NEVER */
        bool shadow;        /* the rule speaks without effect */
};

/* A place in a stream. */
struct tg_position {
        const char *topic; /* the topic, or the stem of a recording's files */
        int32_t partition;
        int64_t offset;
};

/* Who decided: printed on every output. */
struct tg_policy_name {
        const char *name;
        char hash[TG_POLICY_HASH_SIZE + 1]; /* hexadecimal */
};

struct tg_decision {
        const struct tg_request *request;
        int64_t time_ms; /* the clock of the partition when it was decided */
        int64_t told_ms; /* the same when it is told: later if it is a repeat */
        enum tg_outcome outcome;
        enum tg_variant variant; /* which form of the message was decided; `request` is that form */
        bool final;
        bool repeat;      /* the request came again: what it was answered before */
        int64_t until_ms; /* with TG_DEFER; else TG_NO_TIME */
        const struct tg_reason *reasons;
        size_t reason_count;
        struct tg_span message_id;       /* with TG_PERMIT; else absent */
        struct tg_receipt receipt;       /* with TG_PERMIT */
        struct tg_position source;       /* where the request was read */
        const struct tg_position *facts; /* the next to read of every stream of facts */
        size_t fact_count;
        const struct tg_policy_name *policy;
        uint32_t content; /* a hash of what the request said */
};

struct tg_rejection {
        struct tg_position position;
        int64_t time_ms;      /* TG_NO_TIME: could not be read */
        const char *reason;   /* one word or two */
        const char *detail;   /* for a person */
        struct tg_span value; /* the record as it was read */
};

/* Each appends one datum. */
void tg_decision_encode(struct tg_buffer *buffer, const struct tg_decision *decision);
void tg_permitted_encode(struct tg_buffer *buffer, const struct tg_decision *decision);
void tg_rejection_encode(struct tg_buffer *buffer, const struct tg_rejection *rejection);

/* The id of a message: XXH3-128 of customer, a zero byte and request id, in hexadecimal. */
void tg_message_id(struct tg_span customer, struct tg_span request_id,
                   char ret_id[static TG_MESSAGE_ID_SIZE + 1]);
