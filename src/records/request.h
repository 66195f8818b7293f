/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as decoded: somebody wants to send this customer this message (schemas/request.avsc).
 *
 * Spans borrow the bytes that were decoded.
 */
#pragma once

#include "avro/layout.h"
#include "base/time.h"
#include "records/words.h"

/* The touchpoint that a message is about. */
struct tg_about {
        int64_t time_ms;
        uint8_t type; /* enum tg_type */
        bool present;
};

/* What may be sent instead: for everybody, without a subject. */
struct tg_general {
        struct tg_span campaign; /* absent: as requested */
        struct tg_span topic;    /* absent: as requested */
        struct tg_span payload;
        bool present; /* false: the request has none */
};

struct tg_request {
        struct tg_span id;
        struct tg_span customer;
        int64_t time_ms;    /* when it was made, as written on it */
        int64_t expires_ms; /* TG_NO_TIME: by default, see tg_request_expiry */
        struct tg_span campaign;
        struct tg_span subject;
        struct tg_span category;
        struct tg_span topic;
        struct tg_span segment;
        struct tg_span purpose;
        struct tg_about about;
        int32_t priority; /* larger is higher */
        uint8_t channel;  /* enum tg_channel */
        uint8_t kind;     /* enum tg_kind */
        uint8_t class;    /* enum tg_class */
        struct tg_span payload;
        struct tg_general general;
};

extern const struct tg_layout tg_request_layout;

/*
 * The message that REQUEST's general variant (which it has) is decided as; it has no variant
 * itself. RET_REQUEST may be REQUEST.
 */
void tg_request_general(const struct tg_request *request, struct tg_request *ret_request);

/* Whether what REQUEST says of times, but for its own, lies in the years 0 to 9999. */
bool tg_request_within_calendar(const struct tg_request *request);

#define TG_EXPIRES_AFTER_MS (72 * TG_HOUR_MS)

/* The message may leave before this time; it always has one. Saturates. */
static inline int64_t tg_request_expiry(const struct tg_request *request)
{
        if (request->expires_ms != TG_NO_TIME)
                return request->expires_ms;
        if (request->time_ms > TG_NEVER - TG_EXPIRES_AFTER_MS)
                return TG_NEVER;
        return request->time_ms + TG_EXPIRES_AFTER_MS;
}
