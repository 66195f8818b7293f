/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics of shards: their declarations, and how they are added up from their boards.
 *
 * A new number of a shard is an entry of enum tg_tally (board.h), stored there, and a line of the
 * table in metrics.c. Any thread.
 */
#pragma once

#include "shard/board.h"
#include "telemetry/metrics.h"

extern const struct tg_metrics tg_shard_metrics;

/* The samples of all shards of a process together; COUNT is at least 1. */
void tg_shard_write(struct tg_buffer *page, struct tg_board *const *boards, size_t count);
