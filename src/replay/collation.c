/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/collation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"

void tg_collation_init(struct tg_collation *collation, uint32_t partitions, const char *directory)
{
        *collation = (struct tg_collation){.count = partitions};
        collation->lanes = tg_allocate_zeroed(partitions, sizeof collation->lanes[0]);
        for (uint32_t i = 0; i < partitions; i++) {
                tg_spool_init(&collation->lanes[i].spool, directory);
                collation->lanes[i].next_ms = TG_NO_TIME;
        }
}

void tg_collation_deinit(struct tg_collation *collation)
{
        for (uint32_t i = 0; i < collation->count; i++)
                tg_spool_deinit(&collation->lanes[i].spool);
        free(collation->lanes);
        *collation = (struct tg_collation){0};
}

int tg_collation_add(struct tg_collation *collation, uint32_t partition, struct tg_buffer *data,
                     struct tg_error *error)
{
        return tg_spool_add(&collation->lanes[partition].spool, data, error);
}

static int next(const struct tg_collation *collation, struct tg_collation_lane *lane,
                struct tg_error *error)
{
        if (tg_spool_next(&lane->spool, error) < 0)
                return -1;
        if (lane->spool.has_head)
                lane->next_ms = lane->spool.head.time_ms;
        else if (collation->ended)
                lane->next_ms = TG_NEVER;
        return 0;
}

/* The lane that comes first, and until when it does: up to the moment at which another would. */
static struct tg_collation_lane *first_lane(const struct tg_collation *collation,
                                            int64_t *ret_until_ms)
{
        struct tg_collation_lane *first = &collation->lanes[0];
        int64_t until_ms = TG_NEVER;

        for (uint32_t i = 1; i < collation->count; i++) {
                struct tg_collation_lane *lane = &collation->lanes[i];

                if (lane->next_ms < first->next_ms) {
                        until_ms = first->next_ms - 1;
                        first = lane;
                } else if (lane->next_ms < until_ms) {
                        until_ms = lane->next_ms;
                }
        }
        *ret_until_ms = until_ms;
        return first;
}

static int take_lane(const struct tg_collation *collation, struct tg_collation_lane *lane,
                     int64_t until_ms, tg_collation_take take, void *context,
                     struct tg_error *error)
{
        do {
                if (take(context, &lane->spool.head, error) < 0 || next(collation, lane, error) < 0)
                        return -1;
        } while (lane->spool.has_head && lane->next_ms <= until_ms);
        return 0;
}

int tg_collation_run(struct tg_collation *collation, tg_collation_take take, void *context,
                     struct tg_error *error)
{
        struct tg_collation_lane *lane;
        int64_t until_ms;

        for (uint32_t i = 0; i < collation->count; i++) {
                lane = &collation->lanes[i];
                if (!lane->spool.has_head && next(collation, lane, error) < 0)
                        return -1;
        }
        while ((lane = first_lane(collation, &until_ms))->spool.has_head) {
                if (take_lane(collation, lane, until_ms, take, context, error) < 0)
                        return -1;
        }
        return 0;
}
