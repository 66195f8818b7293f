/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that looks after a run while its shards work: SIGHUP reloads the policy, leaving takes
 * only so long, and a terminal sees how it goes.
 *
 * Looks around a few times a second; costs next to nothing.
 */
#pragma once

#include "cli/run_reload.h"
#include "kafka/lifetime.h"
#include "shard/board.h"

struct tg_run_attendant_options {
        struct tg_run_reload *reload;   /* borrowed, as all here */
        struct tg_lifetime *lifetime;   /* of the run */
        struct tg_log *log;             /* told what happens; a status line if it is a terminal */
        struct tg_board *const *boards; /* one a shard, NULL entries: there is none to look at */
        unsigned shards;                /* boards */
        int64_t stop_wait_ms;           /* after it was asked to stop, the process ends anyhow */
        bool status;                    /* show the line */
};

struct tg_run_attendant;

/* Before any thread is started: SIGHUP waits for the attendant from here on. */
void tg_run_attendant_prepare(void);

/* Returns 0 or -1. */
int tg_run_attendant_start(const struct tg_run_attendant_options *options,
                           struct tg_run_attendant **ret_attendant, struct tg_error *error);

/* Once the shards have ended. NULL is fine. */
void tg_run_attendant_stop(struct tg_run_attendant *attendant);
