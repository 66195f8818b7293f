/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether brokers refuse our credentials for good, or only went away while these were shown.
 *
 * Librdkafka says of both that authentication failed, and repeats it of one broker every 30 s.
 * Whose credentials were good before is refused for good if it is still said after TG_REFUSALS_MS.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
        TG_REFUSALS_MS = 15000,
        TG_REFUSALS_APART_MS = 90000, /* what is further apart has nothing to do with each other */
};

/* Zeroed: there were none. */
struct tg_refusals {
        int64_t first_ms;
        int64_t last_ms;
        bool any;
};

/* One more at NOW_MS, of a clock that never goes back. Returns whether they last for too long. */
bool tg_refusals_note(struct tg_refusals *refusals, int64_t now_ms);
