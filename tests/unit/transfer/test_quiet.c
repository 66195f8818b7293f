/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/quiet.h"

#include <criterion/criterion.h>

enum { IDLE_MS = 500 };

struct telling {
        enum tg_stream stream;
        int64_t timestamp_ms;
};

#define FACT(at)                            \
        {                                   \
                TG_STREAM_TOUCHPOINTS, (at) \
        }
#define ASK(at)                          \
        {                                \
                TG_STREAM_REQUESTS, (at) \
        }

/* In the order of their times; how many records were in danger. */
static unsigned tell_all(const struct telling *tellings, size_t count)
{
        struct tg_quiet quiet;
        unsigned shown = 0;

        tg_quiet_init(&quiet);
        for (size_t i = 0; i < count; i++)
                shown += tg_quiet_tell(&quiet, tellings[i].stream, tellings[i].timestamp_ms,
                                       IDLE_MS);
        return shown;
}

#define SHOWN(...)                                      \
        tell_all((const struct telling[]){__VA_ARGS__}, \
                 sizeof(const struct telling[]){__VA_ARGS__} / sizeof(struct telling))

Test(quiet, what_is_written_in_order_is_never_in_danger)
{
        cr_expect_eq(SHOWN(FACT(0), ASK(1), FACT(2), ASK(900), FACT(5000), ASK(5000)), 0);
}

Test(quiet, a_fact_that_comes_after_a_silence_and_behind_its_request_is_in_danger)
{
        cr_expect_eq(SHOWN(FACT(0), ASK(10), FACT(1000), ASK(900)), 1);
}

Test(quiet, without_a_silence_it_is_waited_for)
{
        cr_expect_eq(SHOWN(FACT(0), ASK(10), FACT(499), ASK(400)), 0);
        cr_expect_eq(SHOWN(FACT(0), ASK(10), FACT(500), ASK(400)), 1);
}

Test(quiet, before_the_first_record_of_a_stream_there_is_silence)
{
        cr_expect_eq(SHOWN(FACT(100), ASK(50)), 1);
        cr_expect_eq(SHOWN(FACT(100), ASK(100)), 0);
}

Test(quiet, one_record_in_danger_is_shown_once)
{
        cr_expect_eq(SHOWN(FACT(0), FACT(1000), ASK(900), ASK(901), ASK(902)), 1);
        cr_expect_eq(SHOWN(ASK(0), ASK(1000), FACT(10), ASK(2000), FACT(1500), FACT(1600)), 2);
}
