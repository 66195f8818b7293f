/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a gate that ran while records were written may have stopped waiting for one of them.
 *
 * A gate takes the records of a partition in the order of their times; for the next one of a stream
 * that has been silent for `idle` it waits no longer. A record x that comes after such a silence is
 * in danger if a record y of the other stream, due behind it, was there before it: then y may have
 * been taken first. By the records' timestamps that can be told afterwards; that nothing was in
 * danger is certain, that something was says little, as nobody knows whether a gate was running.
 *
 * Records are told in the order in which a gate takes them. Pure; one owner, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "records/stream.h"

struct tg_quiet {
        struct {
                int64_t last_ms;       /* the timestamp of the latest record; INT64_MIN: none */
                int64_t endangered_ms; /* the latest timestamp of a record behind a silence */
                bool told;             /* that record has been counted */
        } streams[TG_STREAMS];
};

void tg_quiet_init(struct tg_quiet *quiet);

/* Returns whether this record shows that one before it was in danger; each is shown once. */
bool tg_quiet_tell(struct tg_quiet *quiet, enum tg_stream stream, int64_t timestamp_ms,
                   int64_t idle_ms);
