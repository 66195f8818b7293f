/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decisions of a run into its recording, and what they tell of that run.
 *
 * Read to their end as it is now, by time, each partition in its order, as a replay puts them out.
 * They are read a second time with what was aborted: the difference is how much was.
 */
#pragma once

#include "transfer/recorder.h"

/* Appends to PIECES; fills RECORDED's decisions (but for their tally) and run. Returns 0 or -1. */
int tg_decided_record(const struct tg_recorder_options *options, struct tg_pieces *pieces,
                      struct tg_recorded *recorded, struct tg_error *error);
