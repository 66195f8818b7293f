/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/folder.h"

Test(file, what_was_written_in_any_order_is_read_as_a_whole)
{
        FOLDER(folder);
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};
        const char *path = folder_put(&folder, "file", "");
        int file = open(path, O_WRONLY | O_CLOEXEC);

        cr_assert_eq(tg_file_write(file, tg_span_text("world"), 6), 0);
        cr_assert_eq(tg_file_write(file, tg_span_text("hello "), 0), 0);
        close(file);
        cr_assert_eq(tg_file_read(path, 100, &text), 0);
        cr_assert(tg_span_equal(tg_buffer_span(&text), tg_span_text("hello world")));
}

Test(file, no_more_is_read_than_tells_that_it_is_too_much)
{
        FOLDER(folder);
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};
        const char *path = folder_put(&folder, "file", "hello world");

        cr_assert_eq(tg_file_read(path, 5, &text), 0);
        cr_assert(tg_span_equal(tg_buffer_span(&text), tg_span_text("hello ")));
}

Test(file, what_is_not_there_or_no_file_is_an_error)
{
        FOLDER(folder);
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};

        cr_assert_eq(tg_file_read(folder_file(&folder, "none"), 5, &text), -1);
        cr_assert_eq(errno, ENOENT);
        cr_assert_eq(tg_file_read(folder.path, 5, &text), -1);
        cr_assert_eq(errno, EISDIR);
        cr_assert_eq(tg_file_write(-1, tg_span_text("x"), 0), -1);
}
