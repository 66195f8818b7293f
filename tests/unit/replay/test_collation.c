/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/collation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "support/folder.h"

enum { PARTITIONS = 3 };

/* What was taken: its texts, one behind the other. */
static int take(void *context, const struct tg_spooled *spooled, struct tg_error *error)
{
        (void)error;
        tg_buffer_append(context, spooled->datum.data, spooled->datum.size);
        return 0;
}

static void add(struct tg_collation *collation, uint32_t partition, int64_t time_ms,
                const char *text)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer data = {0};
        struct tg_error error;

        tg_spooled_put(&data, time_ms, 0, tg_span_text(text));
        cr_assert_eq(tg_collation_add(collation, partition, &data, &error), 0);
}

static void run(struct tg_collation *collation, struct tg_buffer *taken)
{
        struct tg_error error;

        cr_assert_eq(tg_collation_run(collation, take, taken, &error), 0);
}

static void expect(struct tg_collation *collation, const char *texts)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer taken = {0};

        run(collation, &taken);
        tg_buffer_append(&taken, "", 1);
        cr_expect_str_eq((const char *)taken.data, texts);
}

Test(collation, what_is_certain_to_come_next_is_given_at_once_and_no_more)
{
        struct tg_collation collation;

        tg_collation_init(&collation, PARTITIONS, "/nonexistent");
        add(&collation, 0, 10, "0a ");
        add(&collation, 2, 5, "2a ");
        expect(&collation, "");
        add(&collation, 1, 7, "1a ");
        expect(&collation, "2a ");
        add(&collation, 2, 20, "2b ");
        expect(&collation, "1a ");
        add(&collation, 1, 30, "1b ");
        expect(&collation, "0a ");
        add(&collation, 0, 40, "0b ");
        expect(&collation, "2b ");
        collation.ended = true;
        expect(&collation, "1b 0b ");
        expect(&collation, "");
        tg_collation_deinit(&collation);
}

Test(collation, at_one_moment_a_partition_waits_for_those_of_smaller_numbers_alone)
{
        struct tg_collation collation;

        tg_collation_init(&collation, PARTITIONS, "/nonexistent");
        add(&collation, 0, 1, "0a ");
        add(&collation, 1, 1, "1a ");
        add(&collation, 2, 1, "2a ");
        expect(&collation, "0a ");
        add(&collation, 0, 2, "0b ");
        expect(&collation, "1a ");
        add(&collation, 1, 3, "1b ");
        expect(&collation, "2a ");
        collation.ended = true;
        expect(&collation, "0b 1b ");
        tg_collation_deinit(&collation);
}

/* Adds the same data to both, in steps, but runs only one of them in between. */
Test(collation, whenever_it_runs_the_order_is_the_same)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        tg_cleanup(tg_buffer_deinit) struct tg_buffer often = {0}, once = {0};
        struct tg_collation collations[2];
        int64_t times_ms[PARTITIONS] = {0};
        FOLDER(folder);

        for (int i = 0; i < 2; i++)
                tg_collation_init(&collations[i], PARTITIONS, folder.path);
        for (int i = 0; i < 120000; i++) {
                uint32_t partition = (uint32_t)rand_r(&seed) % PARTITIONS;
                char text[64];

                times_ms[partition] += rand_r(&seed) % 3;
                snprintf(text, sizeof text, "%u at %lld, number %d; ", partition,
                         (long long)times_ms[partition], i);
                for (int k = 0; k < 2; k++)
                        add(&collations[k], partition, times_ms[partition], text);
                if (rand_r(&seed) % 8 == 0)
                        run(&collations[0], &often);
        }
        cr_expect_lt(collations[0].lanes[0].spool.file, 0, "seed %u", first);
        cr_expect_geq(collations[1].lanes[0].spool.file, 0, "seed %u", first);
        cr_expect_gt(often.size, 0, "seed %u", first);
        for (int i = 0; i < 2; i++) {
                collations[i].ended = true;
                run(&collations[i], i ? &once : &often);
                tg_collation_deinit(&collations[i]);
        }
        cr_expect(tg_span_equal(tg_buffer_span(&often), tg_buffer_span(&once)), "seed %u", first);
}
