/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From which offset to which a topic is to be read: its beginning, what a group has committed, a
 * time; its end as it is now, a time, or none.
 *
 * Asks the broker, a few times a partition, and waits at most TG_STRETCH_TIMEOUT_MS each. The end
 * is the last stable offset: what an open transaction has written is not part of it.
 */
#pragma once

#include "kafka/client.h"
#include "transfer/scan.h"

enum { TG_STRETCH_TIMEOUT_MS = 15000 };

enum tg_bound_kind {
        TG_BOUND_BEGINNING,
        TG_BOUND_COMMITTED, /* by the group of the configuration; what it has not: the beginning */
        TG_BOUND_END,       /* as it is now */
        TG_BOUND_TIME,      /* the first record whose timestamp is at or after `time_ms` */
        TG_BOUND_NEVER,     /* as an end: none */
};

struct tg_bound {
        enum tg_bound_kind kind;
        int64_t time_ms; /* of TG_BOUND_TIME; the topic's timestamps, not the event's */
};

struct tg_stretch {
        const char *topic; /* borrowed */
        struct tg_bound from;
        struct tg_bound until;
};

/* How many partitions a topic has. Returns 0 or -1: no broker answers, or there is none. */
int tg_stretch_partitions(struct tg_client *client, const char *topic, int32_t *ret_partitions,
                          struct tg_error *error);

/* Fills RET_PARTS, one each partition, with from <= end. CLIENT is a consumer. Returns 0 or -1. */
int tg_stretch_find(struct tg_client *client, const struct tg_stretch *stretch, int32_t partitions,
                    struct tg_scan_part *ret_parts, struct tg_error *error);

/* Fills CLIENT, which is to be deinited: a consumer that asks, and joins nothing. */
int tg_stretch_client(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                      struct tg_client *client, struct tg_error *error);
