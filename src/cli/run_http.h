/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP beside a run: the boards and inboxes of its shards, and the server that reads and fills
 * them.
 */
#pragma once

#include "http/server.h"
#include "kafka/settings.h"
#include "shard/shard.h"
#include "telemetry/log.h"

struct tg_run_http_options {
        const struct tg_http_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_kafka_settings *kafka;
        const struct tg_shard_options *shard;
        const atomic_int *stop;
        struct tg_log *log;
        unsigned shards;
};

struct tg_run_http {
        struct tg_run_http_options options;
        struct tg_board **boards;  /* owned; one a shard; NULL entries: nobody looks at them */
        struct tg_inbox **inboxes; /* owned; one a shard; NULL entries: HTTP is off */
        struct tg_http *server;    /* NULL: HTTP is off */
};

/*
 * Fills HTTP, which is zeroed, and starts the server unless it is off. A port that is taken is an
 * error only if somebody chose it. Returns 0 or -1; HTTP is to be stopped in both cases.
 */
int tg_run_http_start(struct tg_run_http *http, const struct tg_run_http_options *options,
                      struct tg_error *error);

/* Once the shards have ended. */
void tg_run_http_stop(struct tg_run_http *http);

/* Everything that /metrics has, in its order, for docs/metrics.md. */
void tg_run_http_describe(struct tg_buffer *page);
