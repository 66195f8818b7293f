/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far behind a member is: records of its own partitions that it has not read yet, up to the
 * last stable offset, since what lies beyond that can't be read by anybody who reads committed.
 *
 * Taken from librdkafka's statistics, once every TG_LAG_EVERY_MS, and put on the shard's board. A
 * stream that was read to its end has no lag, whatever markers of transactions stand behind.
 */
#pragma once

#include "kafka/settings.h"
#include "shard/board.h"
#include "telemetry/metrics.h"

#define TG_LAG_EVERY_MS "5000" /* statistics.interval.ms: making them takes time */

/* Notes on BOARD what librdkafka's statistics (JSON) say of the topics that are read. */
void tg_lag_note(struct tg_board *board, const struct tg_kafka_settings *settings,
                 const char *statistics, size_t size);

extern const struct tg_metrics tg_lag_metrics;

/* The samples of partitions that are owned and of which the lag is known. */
void tg_lag_write(struct tg_buffer *page, const struct tg_kafka_settings *settings,
                  struct tg_board *const *boards, size_t count);
