/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks at start that the topics are there and fit one another, and says how to create them.
 *
 * Asks the broker once, waits at most TG_TOPICS_TIMEOUT_MS. Creates nothing (kafka/creation.h
 * does).
 */
#pragma once

#include "kafka/client.h"
#include "kafka/needs.h"
#include "records/words.h"

enum {
        TG_TOPICS_TIMEOUT_MS = 15000,
        TG_TOPICS_PARTITIONS_DEFAULT = 4, /* of topics that are created */
        /* All that a run may use: those of `topics`, with a topic for each channel's permits. */
        TG_TOPICS_COUNT = (int)TG_TOPIC_PERMITTED + (int)TG_CHANNELS - (int)TG_CHANNEL_UNKNOWN - 1,
};

struct tg_topics_found {
        int32_t partitions; /* that requests, touchpoints, decisions and customers have */
        uint32_t channels;  /* bit i: there is a topic for the permitted messages of channel i */
        bool customers;     /* there is a topic for what lasts of customers */
};

/*
 * Returns 0, or -1: no broker answers, topics are missing (with the commands that create them as
 * NEEDS says) or differ in their number of partitions.
 */
int tg_topics_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                    const struct tg_topic_needs *needs, struct tg_topics_found *ret_found,
                    struct tg_error *error);

/* What the broker knows of topics, for rd_kafka_metadata_destroy(); -1 if none answers. */
int tg_topics_ask(struct tg_client *client, const struct tg_kafka_settings *settings,
                  const struct rd_kafka_metadata **ret_metadata, struct tg_error *error);

/* How many partitions TOPIC has; 0: it is not there. */
int32_t tg_topics_partitions(const struct rd_kafka_metadata *metadata, const char *topic);

/*
 * How many partitions a topic that is missing is to have: as many as the topics that are there of
 * those that a customer has one partition in; TG_TOPICS_PARTITIONS_DEFAULT if none is.
 */
int32_t tg_topics_partitions_wanted(const struct rd_kafka_metadata *metadata,
                                    const struct tg_kafka_settings *settings);

/* The name of the I-th of TG_TOPICS_COUNT topics, and what it needs. The first returns TEXT. */
const char *tg_topics_name(const struct tg_kafka_settings *settings, unsigned i,
                           char text[static TG_TOPIC_TEXT_SIZE]);
const struct tg_topic_need *tg_topics_need(const struct tg_topic_needs *needs, unsigned i);
