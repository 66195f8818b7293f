/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_http.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/lag.h"
#include "shard/metrics.h"
#include "telemetry/process.h"

static void write_lags(void *context, struct tg_buffer *page)
{
        const struct tg_run_http *http = context;

        tg_lag_write(page, http->options.kafka, http->boards, http->options.shards);
}

static int start_server(struct tg_run_http *http, struct tg_error *error)
{
        const struct tg_http_options options = {
                .settings = http->options.settings,
                .shards = {http->boards, http->inboxes, http->options.shards,
                           http->options.shard->partition.partitions},
                .pages = {.library = rd_kafka_version_str(),
                          .stop = http->options.stop,
                          .write_more = write_lags,
                          .context = http},
                .now_ms = tg_clock_wall_ms,
        };

        if (tg_http_start(&options, &http->server, error) == 0) {
                tg_log(http->options.log, TG_LOG_INFO, "HTTP on http://%s",
                       tg_http_address(http->server));
                return 0;
        }
        if (http->options.settings->chosen)
                return -1;
        tg_log(http->options.log, TG_LOG_WARNING,
               "%s: going on without; choose another with --http ADDRESS, or --http off",
               error->message);
        return 0;
}

int tg_run_http_start(struct tg_run_http *http, const struct tg_run_http_options *options,
                      struct tg_error *error)
{
        bool on = options->settings->host[0] != '\0';

        http->options = *options;
        http->boards = tg_allocate_zeroed(options->shards, sizeof(struct tg_board *));
        http->inboxes = tg_allocate_zeroed(options->shards, sizeof(struct tg_inbox *));
        for (unsigned i = 0; i < options->shards; i++) {
                if (on || options->log->terminal) /* whose status line looks at it too */
                        http->boards[i] = tg_board_new(&options->shard->partition);
                if (on)
                        http->inboxes[i] = tg_inbox_new((size_t)options->settings->waiting);
        }
        return on ? start_server(http, error) : 0;
}

void tg_run_http_stop(struct tg_run_http *http)
{
        for (unsigned i = 0; i < http->options.shards; i++) {
                if (http->inboxes[i]) /* a shard that did not start closed none */
                        tg_inbox_close(http->inboxes[i]);
        }
        tg_http_stop(http->server);
        for (unsigned i = 0; i < http->options.shards; i++) {
                tg_inbox_free(http->inboxes[i]);
                tg_board_free(http->boards[i]);
        }
        free(http->inboxes);
        free(http->boards);
        *http = (struct tg_run_http){0};
}

void tg_run_http_describe(struct tg_buffer *page)
{
        static const struct tg_metrics *const modules[] = {
                &tg_shard_metrics,   &tg_lag_metrics,  &tg_pages_metrics,
                &tg_process_metrics, &tg_http_metrics,
        };

        tg_metrics_describe(page, modules, sizeof modules / sizeof modules[0]);
}
