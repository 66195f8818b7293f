/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts what partitions put out in one order: by time, then by the partition's number, then as the
 * partition put it out. The times of one partition never go back.
 *
 * What comes next is known once every other partition has come as far: until then it waits in the
 * spool of its own. A partition that puts out nothing holds all others up until the end, and they
 * their data in files. One thread at a time.
 */
#pragma once

#include "replay/spool.h"

struct tg_collation_lane {
        struct tg_spool spool;
        int64_t next_ms; /* of its head; without one, the earliest that may yet come */
};

struct tg_collation {
        struct tg_collation_lane *lanes; /* owned; by partition */
        uint32_t count;
        bool ended; /* nothing will be added */
};

/* Takes the datum that comes next. */
typedef int (*tg_collation_take)(void *context, const struct tg_spooled *spooled,
                                 struct tg_error *error);

/* DIRECTORY, borrowed, is where spools have their files. */
void tg_collation_init(struct tg_collation *collation, uint32_t partitions, const char *directory);
void tg_collation_deinit(struct tg_collation *collation);

/* Takes what is in DATA (tg_spooled_put()), whole, and leaves it empty. */
int tg_collation_add(struct tg_collation *collation, uint32_t partition, struct tg_buffer *data,
                     struct tg_error *error);

/* Gives TAKE all that is known to come next: after the end, all there is. */
int tg_collation_run(struct tg_collation *collation, tg_collation_take take, void *context,
                     struct tg_error *error);
