/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole replay: a recording through the shards with a virtual clock, into files.
 *
 * The same recording, policy, partitions and end give the same bytes, whatever the shards.
 */
#pragma once

#include "replay/pace.h"
#include "shard/shard.h"

/* How far a replay is. */
struct tg_replay_progress {
        size_t bytes_read;
        size_t bytes_total;
        uint64_t records; /* taken up, by all shards */
        int64_t time_ms;  /* in the recording; TG_NO_TIME: nothing was taken up */
        bool writing;     /* all is decided; the outputs are being written */
};

struct tg_replay_options {
        struct tg_shard_options shard; /* its partition.policy and partition.partitions included */
        uint32_t shards;               /* threads, at least 1 */
        const char *output;            /* the directory */
        double speed;                  /* times recorded speed; 0: as fast as possible */
        const struct tg_pace_clock *clock; /* what that is measured by; NULL: CLOCK_MONOTONIC */
        const atomic_int *stop; /* a signal's number: leave, without outputs; NULL: never */
        /* Told now and then, from the calling thread, while it runs; NULL: nobody asks. */
        void (*progress)(void *context, const struct tg_replay_progress *progress);
        void *progress_context;
};

/* Returns 0 or -1 (stopped: TG_PACE_STOPPED + the signal). RET_SUMMARY is to be deinitialised after
 * 0. */
int tg_replay(const struct tg_replay_options *options, const struct tg_recording *recording,
              struct tg_summary *ret_summary, struct tg_error *error);
