/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates the topics of a run that are not there yet, for who has nobody else to do it.
 *
 * They keep their records for as long as they are needed; what is needed by nobody here, for as
 * long as the brokers are configured. Waits at most TG_CREATION_TIMEOUT_MS.
 */
#pragma once

#include "kafka/topics.h"

enum { TG_CREATION_TIMEOUT_MS = 30000 };

struct tg_creation {
        const struct tg_topic_needs *needs; /* borrowed */
        int32_t partitions;                 /* of each; 0: tg_topics_partitions_wanted() */
        int replication;                    /* copies of each; -1: as the brokers are configured */
};

/*
 * Creates the missing ones of all that a run may use, and tells which. Returns 0, also if there was
 * nothing to do, or -1.
 */
int tg_topics_create(struct tg_client *client, const struct tg_kafka_settings *settings,
                     const struct tg_creation *creation, struct tg_error *error);
