/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records have been met: a gate that starts again reads touchpoints from their beginning, and
 * so rejects what it can't read once more; each of these letters has the same origin.
 *
 * Eight to thirty bytes an origin, by a hash of 64 bits. One owner, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "transfer/letters.h"

struct tg_origins {
        uint64_t *slots; /* owned: hashes, 0 is free; at most half full */
        size_t capacity; /* a power of two, or 0 */
        size_t count;
};

void tg_origins_deinit(struct tg_origins *origins);

/* Returns whether this record is met for the first time; from then on it has been. */
bool tg_origins_add(struct tg_origins *origins, const struct tg_letter *letter);
