/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/error.h"

Test(error, a_failure_says_what_and_with_which_exit_code)
{
        struct tg_error error;

        cr_assert_eq(tg_fail(&error, EX_CONFIG, "no %s in line %d", "rule", 7), -1);
        cr_assert_eq(error.exit_code, EX_CONFIG);
        cr_assert_str_eq(error.message, "no rule in line 7");
}

Test(error, the_systems_reason_stands_behind)
{
        struct tg_error error;

        cr_assert_eq(tg_fail_errno(&error, EX_NOINPUT, ENOENT, "cannot read %s", "x"), -1);
        cr_assert_str_eq(error.message, "cannot read x: No such file or directory");
}

Test(error, context_stands_in_front_and_leaves_the_exit_code)
{
        struct tg_error error;

        tg_fail(&error, EX_DATAERR, "bad magic");
        cr_assert_eq(tg_fail_context(&error, "%s", "a.avro"), -1);
        cr_assert_eq(tg_fail_context(&error, "replay"), -1);
        cr_assert_str_eq(error.message, "replay: a.avro: bad magic");
        cr_assert_eq(error.exit_code, EX_DATAERR);
}

Test(error, a_message_that_is_too_long_is_cut)
{
        char longer[2 * sizeof((struct tg_error *)NULL)->message];
        struct tg_error error;

        memset(longer, 'x', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        tg_fail_errno(&error, EX_OSERR, EIO, "%s", longer);
        cr_assert_eq(strlen(error.message), sizeof error.message - 1);
        tg_fail(&error, EX_OSERR, "told");
        tg_fail_context(&error, "%s", longer);
        cr_assert_eq(strlen(error.message), sizeof error.message - 1);
}
