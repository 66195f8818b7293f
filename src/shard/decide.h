/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request's way to its answer: whether it was answered before; the gate's own checks, the
 * rules, the throttles, and perhaps all again for its general variant; then what the answer leaves
 * behind (a permit, a charge, a message that waits, the memory of it) and what it tells.
 *
 * Called by the owner of the partition, at the partition's clock.
 */
#pragma once

#include "shard/partition.h"

/* Reckons what deciding the request of PREPARED, which is decoded, will look at. */
void tg_decide_prepare(struct tg_partition *partition, struct tg_prepared *prepared);

/* A request that was just read, and prepared. */
int tg_decide_first(struct tg_partition *partition, struct tg_prepared *prepared,
                    struct tg_error *error);

/*
 * What a request, prepared, would be answered now as it is (not what its general variant would),
 * were it not known yet; changes nothing. RET_UNTIL_MS with TG_DEFER, else TG_NO_TIME.
 */
enum tg_outcome tg_decide_dry(struct tg_partition *partition, struct tg_prepared *prepared,
                              struct tg_reasons *ret_reasons, int64_t *ret_until_ms);

/* A message that waited and is due. Takes WAITER. */
int tg_decide_again(struct tg_partition *partition, struct tg_waiter *waiter,
                    struct tg_error *error);
