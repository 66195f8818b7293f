/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a stretch of some partitions, each by itself, outside of any consumer group.
 *
 * Every part has its own queue, so that whoever reads may take the parts in any order: by time,
 * say. What was aborted is not seen unless it is asked for. What waits is bounded by `fetch` of the
 * configuration, divided by the parts. Nothing is committed anywhere. One owner, one thread.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kafka/notice.h"
#include "kafka/settings.h"

#define TG_SCAN_NO_END INT64_MAX

struct tg_scan_part {
        const char *topic; /* borrowed */
        int32_t partition;
        int64_t from; /* the first offset to be read */
        int64_t end;  /* the one behind the last, or TG_SCAN_NO_END */
};

struct tg_scan_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        const struct tg_scan_part *parts;
        size_t count;
        bool uncommitted; /* records of aborted and open transactions too */
};

struct tg_scan;

/* Returns 0 or -1. */
int tg_scan_new(const struct tg_scan_options *options, struct tg_scan **ret_scan,
                struct tg_error *error);
void tg_scan_free(struct tg_scan *scan); /* NULL is fine */

enum tg_scan_answer {
        TG_SCAN_READY,   /* every part has a head, or is at its present end */
        TG_SCAN_WAITING, /* some part may have one soon: ask again, after a look at the world */
        TG_SCAN_OVER,    /* all parts were read to their ends */
};

/* Waits a little for parts without a head. Returns an enum tg_scan_answer or -1. */
int tg_scan_fill(struct tg_scan *scan, struct tg_error *error);

/* The next message of a part; NULL: it has none at present. It lives until it is taken off. */
const rd_kafka_message_t *tg_scan_head(const struct tg_scan *scan, size_t part);
void tg_scan_pop(struct tg_scan *scan, size_t part);

/* The offset that a part is to be read from: behind the last that was popped. */
int64_t tg_scan_next(const struct tg_scan *scan, size_t part);
