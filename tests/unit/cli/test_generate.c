/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <sysexits.h>

#include "support/process.h"

#define FEW "--events=2k", "--customers=100", "--days=2"

static json_int_t number(const json_t *summary, const char *key)
{
        return json_integer_value(json_object_get(summary, key));
}

Test(generate_command, the_summary_counts_what_was_asked_for)
{
        FOLDER(folder);
        json_t *summary;

        OUTCOME(outcome, &folder, "generate", FEW, "--duplicates=50%", "--late=0.5%", "--json",
                "--pieces=2", "--output=made");
        cr_assert_eq(outcome.code, EX_OK, "%s", outcome.told);
        expect_part(outcome.told, "made: seed 1, 100 customers, 2026-01-01T00:");
        summary = json_loads(outcome.said, 0, NULL);
        cr_assert_not_null(summary, "%s", outcome.said);
        cr_expect_float_eq((double)number(summary, "duplicates"), 1000, 100);
        cr_expect_float_eq((double)number(summary, "late"), 10, 9);
        cr_expect_eq(number(summary, "files_per_stream"), 2);
        cr_expect_eq(number(json_object_get(summary, "touchpoints"), "records") +
                             number(json_object_get(summary, "requests"), "records"),
                     2000 + number(summary, "duplicates"));
        json_decref(summary);
}

Test(generate_command, a_recording_that_is_there_is_not_written_over)
{
        FOLDER(folder);
        OUTCOME(first, &folder, "generate", FEW, "--output=made");
        OUTCOME(second, &folder, "generate", FEW, "--output=made");

        cr_expect_eq(first.code, EX_OK);
        cr_expect_eq(second.code, EX_CANTCREAT);
        expect_part(second.told, "requests.avro: is there already");
}

Test(generate_command, what_is_no_number_share_time_or_codec_is_told_with_an_example)
{
        static const char *const wrong[][2] = {
                {"--events=many", "whole number from 0 to 10000000000"},
                {"--events=-1", "whole number"},
                {"--events=11G", "whole number"},
                {"--events=1kk", "whole number"},
                {"--customers=0", "whole number from 1"},
                {"--burst=1", "such as 1% or 0.5%"},
                {"--burst=101%", "no share"},
                {"--burst=100.1%", "no share"},
                {"--burst=0.00001%", "no share"},
                {"--burst=%", "no share"},
                {"--skew=2", "none of 0, 0.25"},
                {"--start=soon", "write 2026-03-01"},
                {"--late-max=0s", "such as 30m"},
                {"--codec=zip", "deflate"},
                {"recordings", "--output DIR"},
        };
        FOLDER(folder);

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                OUTCOME(outcome, &folder, "generate", "--output=made", wrong[i][0]);

                cr_expect_eq(outcome.code, EX_USAGE, "%s", wrong[i][0]);
                expect_part(outcome.told, wrong[i][1]);
        }
}

Test(generate_command, what_was_generated_can_be_replayed)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml",
                   "policy: p\nrules:\n"
                   "  - {rule: few, cap: {count: impression, at_most: 2, per: 1d}}\n");
        OUTCOME(made, &folder, "generate", FEW, "--burst=50%", "--output=made");
        OUTCOME(replayed, &folder, "replay", "--policy=p.yaml", "--output=out", "made");

        cr_expect_eq(made.code, EX_OK);
        cr_expect_eq(replayed.code, EX_OK, "%s", replayed.told);
        expect_part(replayed.said, "1667 touchpoints, 333 requests, 0 dead letters");
}
