/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "kafka/failpoint.h"

static int arm(const char *text)
{
        struct tg_error error;

        setenv("TOUCHGATE_FAILPOINT", text, 1);
        return tg_failpoint_init(&error);
}

Test(failpoint, what_names_none_is_refused_rather_than_never_reached)
{
        static const char *const wrong[] = {
                "",
                "after_commit",
                "after_comit:3:kill",
                "after_commit:0:kill",
                "after_commit:3:halt",
        };
        struct tg_error error;

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                cr_expect_eq(arm(wrong[i]), -1, "%s", wrong[i]);
        unsetenv("TOUCHGATE_FAILPOINT");
        cr_expect_eq(tg_failpoint_init(&error), 0);
}

Test(failpoint, the_process_ends_at_the_place_and_the_time_that_was_said, .signal = SIGKILL)
{
        cr_assert_eq(arm("after_commit:2:kill"), 0);
        tg_failpoint(TG_FAIL_AFTER_ABORT);
        tg_failpoint(TG_FAIL_AFTER_COMMIT);
        tg_failpoint(TG_FAIL_AFTER_COMMIT);
}
