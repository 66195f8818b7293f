/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares at start how the topics are configured with what they need: a topic that keeps less
 * than the rules look back is forgotten by a restart, and nobody would notice.
 *
 * Asks the brokers once, waits at most TG_RETENTION_TIMEOUT_MS. What is wrong is told, as a warning
 * for each topic with the command that changes it; nothing of this ends a run.
 */
#pragma once

#include "kafka/client.h"
#include "kafka/needs.h"

enum { TG_RETENTION_TIMEOUT_MS = 10000 };

void tg_retention_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                        const struct tg_topic_needs *needs);
