/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks at start that the topics are there and fit one another, and says how to create them.
 *
 * Asks the broker once, waits at most TG_TOPICS_TIMEOUT_MS. Creates nothing.
 */
#pragma once

#include "kafka/client.h"
#include "kafka/settings.h"

enum { TG_TOPICS_TIMEOUT_MS = 15000 };

struct tg_topics_found {
        int32_t partitions; /* that requests, touchpoints and decisions have */
        uint32_t channels;  /* bit i: there is a topic for the permitted messages of channel i */
};

/*
 * Returns 0, or -1: no broker answers, topics are missing (with the commands that create them) or
 * differ in their number of partitions.
 */
int tg_topics_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                    struct tg_topics_found *ret_found, struct tg_error *error);
