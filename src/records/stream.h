/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of a partition, and how the records of one writer's schema are read.
 */
#pragma once

#include "avro/plan.h"

/*
 * Those that come in, one of requests, the others of facts; and what was written about a partition
 * before it came, read once up to where it then ended: what was told, and what lasts of its facts.
 */
enum tg_stream {
        TG_STREAM_TOUCHPOINTS,
        TG_STREAM_REQUESTS,
        TG_STREAMS,
        TG_STREAM_DECISIONS = TG_STREAMS,
        TG_STREAM_CUSTOMERS,
        TG_LANES, /* what comes in, and what was written before */
};

/* How the data of one writer's schema are read. Shared, immutable. */
struct tg_reading {
        const struct tg_plan *full; /* into a union tg_event */
};
