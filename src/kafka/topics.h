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

/*
 * Returns 0 and the number of partitions that requests, touchpoints and decisions have, or -1: no
 * broker answers, topics are missing (with the commands that create them) or differ in number.
 */
int tg_topics_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                    int32_t *ret_partitions, struct tg_error *error);
