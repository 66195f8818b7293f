/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of a partition, and how the records of one writer's schema are read.
 */
#pragma once

#include "avro/plan.h"

/* One of requests, the others of facts. */
enum tg_stream { TG_STREAM_TOUCHPOINTS, TG_STREAM_REQUESTS, TG_STREAMS };

/* How the data of one writer's schema are read. Shared, immutable. */
struct tg_reading {
        const struct tg_plan *full; /* into a union tg_event */
};
