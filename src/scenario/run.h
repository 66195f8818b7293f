/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case of a scenario, run through a shard in memory, and what came out held against what the
 * story says.
 *
 * Steps are read in the order of the file, each by itself; the clock is the largest time so far.
 * What falls due is decided at its own moment, as far as the story goes. Deterministic; a case
 * takes about a millisecond.
 */
#pragma once

#include "base/error.h"
#include "scenario/scenario.h"

/* Something that came out differently. */
struct tg_difference {
        uint32_t line;  /* of the step */
        char *message;  /* owned: which message, to whom, when */
        char *expected; /* owned; may have several lines */
        char *happened; /* owned; likewise */
};

struct tg_case_result {
        struct tg_difference *differences; /* owned; none: the case passed */
        size_t count;
};

/* Returns 0 and a result to be deinitialised, or -1 if it can't be run. */
int tg_case_run(const struct tg_scenario *scenario, const struct tg_case *story,
                struct tg_case_result *ret_result, struct tg_error *error);

void tg_case_result_deinit(struct tg_case_result *result);
