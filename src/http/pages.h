/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages that are read off the boards: whether the process lives and is ready, what it is, and
 * its numbers. Ask no shard, so they answer also when one stands still. Any thread.
 */
#pragma once

#include "http/reply.h"
#include "shard/board.h"
#include "telemetry/metrics.h"

struct tg_pages {
        struct tg_board *const *boards; /* borrowed, as all here */
        size_t count;                   /* at least 1 */
        int64_t live_within_us;         /* a shard whose last batch is longer ago stands still */
        const char *library;            /* the version of librdkafka */
        const atomic_int *stop;         /* not 0: the process was asked to leave */
        void (*write_more)(void *context, struct tg_buffer *page); /* other metrics; or NULL */
        void *context;
};

void tg_page_live(const struct tg_pages *pages, struct tg_reply *reply);
void tg_page_ready(const struct tg_pages *pages, struct tg_reply *reply);
void tg_page_version(const struct tg_pages *pages, struct tg_reply *reply);
void tg_page_metrics(const struct tg_pages *pages, struct tg_reply *reply);

/* What /metrics tells of what runs here, beside the shards and the process. */
extern const struct tg_metrics tg_pages_metrics;
