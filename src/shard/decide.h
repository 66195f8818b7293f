/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request's way to its answer: whether it was answered before; the gate's own checks, the
 * rules, the throttles, and perhaps all again for its general variant; then what the answer leaves
 * behind (a permit, a charge, a message that waits, the memory of it) and what it tells.
 *
 * Called by the owner of the partition, at the partition's clock.
 */
#pragma once

#include "rules/evaluate.h"
#include "shard/partition.h"

/* Reckons what deciding the request of PREPARED, which is decoded, will look at. */
void tg_decide_prepare(struct tg_partition *partition, struct tg_prepared *prepared);

/* A request that was just read, and prepared. */
int tg_decide_first(struct tg_partition *partition, struct tg_prepared *prepared,
                    struct tg_error *error);

/* What a request would be answered. */
struct tg_dry {
        enum tg_outcome outcome;
        int64_t until_ms; /* with TG_DEFER, else TG_NO_TIME */
        bool general;     /* with TG_DENY: its general variant would be decided in its place */
        struct tg_reasons reasons;
};

/* What a request, prepared, would be answered now as it is, were it not known yet. Changes nothing.
 */
void tg_decide_dry(struct tg_partition *partition, struct tg_prepared *prepared,
                   struct tg_dry *ret_dry);

/* A message that waited and is due. Takes WAITER. */
int tg_decide_again(struct tg_partition *partition, struct tg_waiter *waiter,
                    struct tg_error *error);
