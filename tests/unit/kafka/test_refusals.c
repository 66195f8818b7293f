/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/refusals.h"

#include <criterion/criterion.h>

Test(refusals, that_come_while_brokers_restart_are_not_for_good)
{
        struct tg_refusals refusals = {0};

        cr_expect_not(tg_refusals_note(&refusals, 0));
        cr_expect_not(tg_refusals_note(&refusals, 200));
        cr_expect_not(tg_refusals_note(&refusals, TG_REFUSALS_MS - 1));
}

Test(refusals, that_are_repeated_are_for_good)
{
        struct tg_refusals refusals = {0};

        cr_expect_not(tg_refusals_note(&refusals, 1000));
        cr_expect(tg_refusals_note(&refusals, 1000 + TG_REFUSALS_MS));
        refusals = (struct tg_refusals){0};
        cr_expect_not(tg_refusals_note(&refusals, 1000));
        cr_expect(tg_refusals_note(&refusals, 1000 + 40000), "as librdkafka repeats them");
}

Test(refusals, that_are_far_apart_are_not_taken_together)
{
        struct tg_refusals refusals = {0};

        for (int64_t i = 0; i < 5; i++)
                cr_expect_not(tg_refusals_note(&refusals, i * (TG_REFUSALS_APART_MS + 1)));
}
