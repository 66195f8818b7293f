/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/lag.h"

#include <criterion/criterion.h>

#include "base/memory.h"

/* What is told of partition 0 of the requests, whose statistics have these members. */
static int64_t lag_of(const char *members)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_kafka_settings settings;
        struct tg_partition_options options = {.partitions = 2, .table_bytes = 1 << 20};
        struct tg_policy *policy;
        struct tg_board *board;
        char text[512];
        int64_t lag;

        cr_assert_eq(tg_policy_parse("p.yaml", tg_span_text("policy: p\nrules: []\n"), 0,
                                     &diagnostics, &policy),
                     0);
        tg_kafka_settings_init(&settings);
        options.policy = policy;
        board = tg_board_new(&options);
        snprintf(text, sizeof text,
                 "{\"topics\": {\"requests\": {\"partitions\": {\"0\": {\"partition\": 0%s}, "
                 "\"-1\": {\"partition\": -1, \"ls_offset\": 9}, \"7\": {\"partition\": 7}}}}}",
                 members);
        tg_lag_note(board, &settings, text, strlen(text));
        lag = atomic_load(&board->shares[0].lags[TG_STREAM_REQUESTS]);
        cr_assert_eq(atomic_load(&board->shares[1].lags[TG_STREAM_REQUESTS]), -1);
        cr_assert_eq(atomic_load(&board->shares[0].lags[TG_STREAM_TOUCHPOINTS]), -1);
        tg_board_free(board);
        tg_kafka_settings_deinit(&settings);
        tg_policy_free(policy);
        tg_diagnostics_deinit(&diagnostics);
        return lag;
}

Test(lag, is_counted_up_to_the_last_stable_offset)
{
        cr_assert_eq(lag_of(", \"app_offset\": 40, \"eof_offset\": -1001, \"ls_offset\": 100, "
                            "\"hi_offset\": 130"),
                     60);
}

Test(lag, ends_where_the_end_was_seen_whatever_markers_stand_behind_the_last_record)
{
        cr_assert_eq(lag_of(", \"app_offset\": 99, \"eof_offset\": 100, \"ls_offset\": 100"), 0);
        cr_assert_eq(lag_of(", \"app_offset\": 99, \"eof_offset\": 100, \"ls_offset\": 103"), 3);
        cr_assert_eq(lag_of(", \"app_offset\": 120, \"eof_offset\": 100, \"ls_offset\": 119"), 0);
}

Test(lag, of_a_partition_that_gave_nothing_yet_begins_where_it_is_read)
{
        cr_assert_eq(lag_of(", \"app_offset\": -1001, \"next_offset\": 30, \"ls_offset\": 100"),
                     70);
}

Test(lag, is_not_known_without_an_end_or_a_beginning)
{
        cr_assert_eq(lag_of(", \"app_offset\": 40, \"ls_offset\": -1001"), -1);
        cr_assert_eq(lag_of(", \"app_offset\": -1001, \"next_offset\": -1001, \"ls_offset\": 9"),
                     -1);
        cr_assert_eq(lag_of(""), -1);
}
