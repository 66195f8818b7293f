/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/memory.h"
#include "config/secret.h"
#include "support/folder.h"
#include "told.h"

/* What a file with this TEXT holds. */
static void expect_secret(const char *text, const char *expected)
{
        FOLDER(folder);
        struct tg_error error;
        char *secret = NULL;

        cr_assert_eq(tg_secret_read(folder_put(&folder, "secret", text), &secret, &error), 0, "%s",
                     error.message);
        cr_expect_str_eq(secret, expected);
        tg_secret_free(secret);
}

Test(secret, one_line_end_behind_it_is_no_part_of_it)
{
        expect_secret("open sesame", "open sesame");
        expect_secret("open sesame\n", "open sesame");
        expect_secret("open sesame\r\n", "open sesame");
        expect_secret("open sesame\n\n", "open sesame\n");
        expect_secret(" a\nb ", " a\nb ");
}

Test(secret, a_file_that_is_not_there_or_empty_is_named)
{
        FOLDER(folder);
        struct tg_error error;
        char *secret = NULL;

        cr_expect_eq(tg_secret_read(folder_file(&folder, "none"), &secret, &error), -1);
        cr_expect_eq(error.exit_code, EX_NOINPUT);
        cr_expect(strstr(error.message, "/none can't be read: No such file"), "%s", error.message);
        cr_expect_eq(tg_secret_read(folder_put(&folder, "empty", "\n"), &secret, &error), -1);
        cr_expect(strstr(error.message, "/empty is empty"), "%s", error.message);
        cr_expect_null(secret);
}

Test(secret, a_file_that_is_no_text_is_named_and_not_shown)
{
        FOLDER(folder);
        struct tg_error error;
        char *secret = NULL, *large = tg_allocate_zeroed(1, TG_SECRET_SIZE_MAX + 2);

        memset(large, 'x', TG_SECRET_SIZE_MAX + 1);
        cr_expect_eq(tg_secret_read(folder_put(&folder, "large", large), &secret, &error), -1);
        cr_expect(strstr(error.message, "too large"), "%s", error.message);
        cr_expect_null(strstr(error.message, "xx"));
        free(large);
}

Test(secret, one_that_everybody_may_read_is_warned_of)
{
        TOLD_PARSE(told, "password_file: secret\n");
        const struct tg_node *node = tg_node_find(told_root(&told), "password_file");
        FOLDER(folder);
        const char *path = folder_put(&folder, "secret", "x");

        chmod(path, 0640);
        tg_secret_warn(path, node, &told.diagnostics);
        cr_expect_eq(told.diagnostics.warnings, 0);
        chmod(path, 0644);
        tg_secret_warn(path, node, &told.diagnostics);
        cr_expect_eq(told.diagnostics.warnings, 1);
        cr_expect(strstr(told_one(&told), "1:16 everybody on this machine may read"), "%s",
                  told_one(&told));
}

Test(secret, a_line_that_may_hold_one_is_not_shown)
{
        TOLD_PARSE(told, "a: b\nsasl.pasword: hunter2\n");

        tg_diagnose(&told.diagnostics, tg_node_find(told_root(&told), "sasl.pasword"), TG_ERROR,
                    NULL, "it is wrong");
        cr_expect_str_eq(told_text(&told), "p.yaml:2:15: error: it is wrong\n");
}
