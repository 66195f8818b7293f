/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/patience.h"

#include <criterion/criterion.h>

/* How long it lasts if each try takes all it may and fails with CODE, and how often it is tried. */
static int64_t last_of(rd_kafka_resp_err_t code, unsigned *ret_tries)
{
        struct tg_patience patience = {.until_ms = 60000};
        int64_t now_ms = 0, pause_ms = 0;

        for (*ret_tries = 0; pause_ms >= 0; ++*ret_tries) {
                now_ms += pause_ms + tg_patience_turn_ms(&patience, now_ms + pause_ms);
                pause_ms = tg_patience_pause_ms(&patience, code, now_ms);
        }
        return now_ms;
}

Test(patience, ends_at_its_deadline_however_long_each_try_takes)
{
        unsigned tries;
        int64_t last_ms = last_of(RD_KAFKA_RESP_ERR__TIMED_OUT, &tries);

        cr_expect_leq(last_ms, 60000);
        cr_expect_gt(last_ms, 55000);
        cr_expect_gt(tries, 5);
}

Test(patience, ends_at_once_if_the_answer_will_not_change)
{
        unsigned tries;

        last_of(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, &tries);
        cr_expect_eq(tries, 1);
        last_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, &tries);
        cr_expect_eq(tries, 1);
}

Test(patience, that_is_over_lets_a_question_be_asked_once)
{
        struct tg_patience patience = {.until_ms = 100};

        cr_expect_eq(tg_patience_turn_ms(&patience, 500), 1);
        cr_expect_eq(tg_patience_pause_ms(&patience, RD_KAFKA_RESP_ERR__TIMED_OUT, 501), -1);
}
