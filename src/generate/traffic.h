/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synthetic traffic: touchpoints and requests, encoded, one after the other in order of time.
 *
 * A function of its options alone: the same on any machine. About 200 ns a record; memory is fixed,
 * however many events and customers there are. Which events are late or come twice is drawn from
 * random streams of their own: asking for them leaves who does what as it was. One owner, one
 * thread.
 *
 *         struct tg_traffic *traffic = tg_traffic_new(&options);
 *         struct tg_generated record;
 *
 *         while (tg_traffic_next(traffic, &record))
 *                 ... record.datum, of record.stream ...
 *         tg_traffic_free(traffic);
 */
#pragma once

#include "base/span.h"
#include "base/time.h"
#include "records/stream.h"

#define TG_TRAFFIC_EVENTS_MAX UINT64_C(10000000000)
enum { TG_TRAFFIC_NAMES_MAX = 1000000000, TG_TRAFFIC_DAYS_MAX = 3650 };

struct tg_traffic_options {
        uint64_t seed;
        uint64_t events;    /* touchpoints and requests together, duplicates not counted */
        uint32_t customers; /* this one and the next three from 1 to TG_TRAFFIC_NAMES_MAX */
        uint32_t campaigns;
        uint32_t subjects;
        uint32_t topics;
        int64_t start_ms;
        uint32_t days;                    /* 1 to TG_TRAFFIC_DAYS_MAX */
        uint32_t touchpoints_per_request; /* 0: no requests */
        uint32_t skew_quarters;           /* of customers: 0 all alike, 4 Zipf's own 1 / rank */
        uint32_t burst_per_million;       /* of all events: of customer-1, on top of its own */
        uint32_t duplicates_per_million;  /* repeated at once, byte for byte */
        uint32_t late_per_million;        /* stand where they do, but happened before */
        int64_t late_max_ms;              /* by this much at most; not 0 if there are any */
};

/* What people mean who don't say: see `touchgate generate --help`. */
extern const struct tg_traffic_options tg_traffic_defaults;

struct tg_generated {
        enum tg_stream stream;
        uint64_t event;       /* its number, from 0; a duplicate has that of its original */
        int64_t time_ms;      /* as written in it */
        struct tg_span datum; /* encoded; until the next is asked for */
        bool duplicate;
        bool late;
};

struct tg_traffic;

struct tg_traffic *tg_traffic_new(const struct tg_traffic_options *options); /* copied */
void tg_traffic_free(struct tg_traffic *traffic);                            /* NULL is fine */

/* False: that was all. */
bool tg_traffic_next(struct tg_traffic *traffic, struct tg_generated *ret_record);
