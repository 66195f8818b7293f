/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "kafka/bookmark.h"

static const struct tg_commit_name name = {UINT64_MAX, 7};
static const struct tg_progress progress = {
        .decided = 12, .clock_ms = 1795344024753, .kept = UINT64_C(1) << 63 | 5};

Test(bookmark, what_is_written_is_read)
{
        struct tg_progress read = {.partition = 3};
        struct tg_commit_name found;
        char text[TG_BOOKMARK_SIZE];

        tg_bookmark_write(&name, &progress, text);
        cr_assert(tg_bookmark_read(tg_span_text(text), &found, &read));
        cr_expect_eq(found.producer, UINT64_MAX);
        cr_expect_eq(found.serial, 7);
        cr_expect_eq(read.partition, 3);
        cr_expect_eq(read.decided, 12);
        cr_expect_eq(read.clock_ms, 1795344024753);
        cr_expect_eq(read.kept, progress.kept);
}

Test(bookmark, a_clock_that_has_not_begun_is_read_back)
{
        const struct tg_progress unbegun = {.decided = -1, .clock_ms = TG_NO_TIME};
        struct tg_progress read = {0};
        char text[TG_BOOKMARK_SIZE];

        tg_bookmark_write(&name, &unbegun, text);
        cr_assert(tg_bookmark_read(tg_span_text(text), NULL, &read));
        cr_expect_eq(read.decided, -1);
        cr_expect_eq(read.clock_ms, TG_NO_TIME);
}

Test(bookmark, the_longest_one_fits)
{
        const struct tg_commit_name longest = {UINT64_MAX, UINT64_MAX};
        const struct tg_progress farthest = {
                .decided = INT64_MIN, .clock_ms = INT64_MIN, .kept = UINT64_MAX};
        struct tg_progress read = {0};
        char text[TG_BOOKMARK_SIZE];

        tg_bookmark_write(&longest, &farthest, text);
        cr_assert(tg_bookmark_read(tg_span_text(text), NULL, &read));
        cr_expect_eq(read.kept, UINT64_MAX);
}

Test(bookmark, one_that_does_not_say_what_was_kept_kept_nothing)
{
        struct tg_progress read = {.kept = 5};

        cr_assert(tg_bookmark_read(tg_span_text("touchgate/1 commit=a-1 decided=2 clock=3"), NULL,
                                   &read));
        cr_expect_eq(read.decided, 2);
        cr_expect_eq(read.kept, 0);
}

Test(bookmark, what_lies_behind_the_text_is_no_part_of_it)
{
        struct tg_progress read = {0};
        char text[TG_BOOKMARK_SIZE + 2];
        size_t size;

        tg_bookmark_write(&name, &progress, text);
        size = strlen(text);
        strcpy(text + size, "98");
        cr_assert(tg_bookmark_read(tg_span_of(text, size), NULL, &read));
        cr_expect_eq(read.kept, progress.kept);
}

Test(bookmark, what_others_wrote_is_none)
{
        char text[2 * TG_BOOKMARK_SIZE] = "";
        struct tg_progress read = {.decided = 5};

        cr_expect_not(tg_bookmark_read(TG_SPAN_ABSENT, NULL, &read));
        cr_expect_not(tg_bookmark_read(tg_span_text("by hand"), NULL, &read));
        memset(text, '1', sizeof text - 1);
        cr_expect_not(tg_bookmark_read(tg_span_text(text), NULL, &read));
        cr_expect_eq(read.decided, 5);
}
