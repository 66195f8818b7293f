/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording as the source of one shard: every shard reads all of it and keeps what belongs to its
 * own partitions, so that shards share nothing and need no queue between them.
 *
 * The two streams are read side by side by time, so that little is held back while a partition
 * waits for its next record of the other. One thread, but for tg_replay_source_bytes().
 */
#pragma once

#include "recording/reader.h"
#include "shard/port.h"

struct tg_replay_source;

/* Partition p of PARTITIONS belongs to shard p mod SHARDS. */
struct tg_replay_source *tg_replay_source_new(const struct tg_recording *recording, uint32_t shard,
                                              uint32_t shards, uint32_t partitions);
void tg_replay_source_free(struct tg_replay_source *source); /* NULL is fine */

/* The port's view; borrows SOURCE. */
struct tg_source tg_replay_source_port(struct tg_replay_source *source);

/* How many bytes of the files have been read; any thread. */
size_t tg_replay_source_bytes(const struct tg_replay_source *source);

/* After the end, of shard 0 alone: a hash of all records' bytes, stream by stream, in order. */
struct tg_replay_fingerprint {
        uint8_t bytes[16];
};
struct tg_replay_fingerprint tg_replay_source_fingerprint(const struct tg_replay_source *source);
