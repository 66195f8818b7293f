/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named places at which a tester can end or halt the process: TOUCHGATE_FAILPOINT=NAME:N:ACTION,
 * where ACTION is `kill` (SIGKILL) or `stop` (SIGSTOP), at the N-th time that a shard comes by.
 *
 *     TOUCHGATE_FAILPOINT=after_offsets:3:kill touchgate run --config run.yaml
 *
 * Costs a load and a test at each place when it isn't set. Any thread.
 */
#pragma once

#include "base/error.h"

enum tg_failpoint {
        TG_FAIL_BEFORE_BEGIN,
        TG_FAIL_AFTER_BEGIN,
        TG_FAIL_AFTER_PRODUCE,
        TG_FAIL_BEFORE_OFFSETS,
        TG_FAIL_AFTER_OFFSETS,
        TG_FAIL_AFTER_COMMIT,
        TG_FAIL_AFTER_ABORT,
        TG_FAILPOINTS,
};

/* Reads the environment, before any thread comes by. Returns 0, or -1: it says what is none. */
int tg_failpoint_init(struct tg_error *error);

void tg_failpoint(enum tg_failpoint place);
