/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a run's configuration that is about Kafka: properties, topics, schema ids, memory.
 *
 *     kafka:                          # passed to librdkafka as they are
 *       bootstrap.servers: 127.0.0.1:9092
 *       group.id: touchgate
 *     topics: {touchpoints: touchpoints, requests: requests, decisions: decisions,
 *              rejected: rejected, customers: customers, permitted: permitted}  # the defaults
 *     schema_registry: {url: http://127.0.0.1:8081}          # registry/settings.h; or
 *     schemas: {ids: {touchpoint: 1, request: 2}, folder: writers/}
 *     memory: {fetch: 256MiB, produce: 64MiB}
 *
 * A property with _file behind its name is read from a file: sasl.password_file.
 *
 * Filled once at start, then read by any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "records/schemas.h"
#include "registry/settings.h"

/* The topics of a run; `permitted` is the beginning of a name: permitted.email and so on. */
enum tg_topic {
        TG_TOPIC_TOUCHPOINTS,
        TG_TOPIC_REQUESTS,
        TG_TOPIC_DECISIONS,
        TG_TOPIC_REJECTED,
        TG_TOPIC_CUSTOMERS,
        TG_TOPIC_PERMITTED,
        TG_TOPICS,
};

enum { TG_TOPIC_SIZE_MAX = 249 }; /* Kafka's own limit on a name */
enum { TG_GROUP_SIZE_MAX = 249 }; /* of group.id and group.instance.id: names are made of both */

struct tg_kafka_property {
        char *name;  /* owned */
        char *value; /* owned; may be a secret: never printed */
};

struct tg_kafka_settings {
        struct tg_kafka_property *properties; /* owned; as they were written, in that order */
        size_t property_count;
        char *topics[TG_TOPICS];              /* owned */
        struct tg_registry_settings registry; /* with an address: the next two don't count */
        int64_t ids[TG_SCHEMAS];              /* of the shipped schemas; 32 bits without sign */
        char *schema_folder;                  /* owned; writers' schemas as <id>.avsc; NULL: none */
        int64_t fetch_bytes;                  /* what may wait to be read, all shards together */
        int64_t produce_bytes; /* what may wait to be delivered, all shards together */
        bool offline;          /* only checked: no other file is opened */
};

/* All but those of `kafka`, which are librdkafka's. */
extern const struct tg_settings tg_kafka_settings_topic_keys;
extern const struct tg_settings tg_kafka_settings_schema_keys;
extern const struct tg_settings tg_kafka_settings_id_keys;
extern const struct tg_settings tg_kafka_settings_memory_keys;

/* The defaults; there is no group and no broker yet. */
void tg_kafka_settings_init(struct tg_kafka_settings *settings);
void tg_kafka_settings_deinit(struct tg_kafka_settings *settings);

/*
 * Reads `kafka`, `topics`, `schemas` and `schema_registry` from ROOT, `fetch` and `produce` from
 * MEMORY (which may be quiet), telling mistakes to their diagnostics. Properties are tried on
 * librdkafka, so a wrong one is told at its line. Paths are relative to FOLDER ("." for the current
 * one).
 */
void tg_kafka_settings_read(struct tg_kafka_settings *settings, struct tg_reader *root,
                            struct tg_reader *memory, const char *folder);

/* The value of a property, or NULL. */
const char *tg_kafka_settings_find(const struct tg_kafka_settings *settings, const char *name);

/* Adds a property, or changes it. */
void tg_kafka_settings_set(struct tg_kafka_settings *settings, const char *name, const char *value);

/* Writes the name of the topic of a channel's permitted messages ("permitted.email"). */
enum { TG_TOPIC_TEXT_SIZE = TG_TOPIC_SIZE_MAX + 32 };
char *tg_kafka_permitted_topic(const struct tg_kafka_settings *settings, const char *channel,
                               char text[static TG_TOPIC_TEXT_SIZE]);
