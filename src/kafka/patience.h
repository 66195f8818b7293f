/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a question to the brokers is asked again: until one deadline, whatever it consists of,
 * and not at all if the answer will not change.
 *
 * Pure: the clock is the caller's, one that never goes back.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct tg_patience {
        int64_t until_ms;
        unsigned tries; /* that failed */
};

/* How long the next try may take: more than nothing, 10 s at most. */
int tg_patience_turn_ms(const struct tg_patience *patience, int64_t now_ms);

/* How long to wait before the next try, now that one failed with CODE; -1: give up. */
int64_t tg_patience_pause_ms(struct tg_patience *patience, rd_kafka_resp_err_t code,
                             int64_t now_ms);
