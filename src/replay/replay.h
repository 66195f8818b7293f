/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole replay: a recording through the shards with a virtual clock, into files.
 *
 * The same recording, policy, partitions and end give the same bytes, whatever the shards.
 */
#pragma once

#include "recording/reader.h"
#include "shard/shard.h"

struct tg_replay_options {
        struct tg_shard_options shard; /* its partition.policy and partition.partitions included */
        uint32_t shards;               /* threads, at least 1 */
        const char *output;            /* the directory */
        /* Told now and then, from the calling thread, while it runs; NULL: nobody asks. */
        void (*progress)(void *context, size_t bytes_read, size_t bytes_total);
        void *progress_context;
};

/* Returns 0 or -1. RET_SUMMARY is to be deinitialised after 0. */
int tg_replay(const struct tg_replay_options *options, const struct tg_recording *recording,
              struct tg_summary *ret_summary, struct tg_error *error);
