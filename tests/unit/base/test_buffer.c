/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/buffer.h"

Test(buffer, what_is_appended_is_there_in_order)
{
        struct tg_buffer buffer = {0};

        for (int i = 0; i < 10000; i++) {
                uint8_t byte = (uint8_t)i;

                tg_buffer_append(&buffer, &byte, 1);
        }
        cr_assert_eq(buffer.size, 10000);
        for (int i = 0; i < 10000; i++)
                cr_assert_eq(buffer.data[i], (uint8_t)i);
        tg_buffer_deinit(&buffer);
        cr_assert_null(buffer.data);
}

Test(buffer, nothing_can_be_appended)
{
        struct tg_buffer buffer = {0};

        tg_buffer_append(&buffer, NULL, 0);
        cr_assert_eq(tg_buffer_span(&buffer).size, 0);
        tg_buffer_deinit(&buffer);
}

Test(buffer, room_that_is_reserved_moves_no_size)
{
        struct tg_buffer buffer = {0};

        tg_buffer_append(&buffer, "ab", 2);
        memset(tg_buffer_reserve(&buffer, 5000), 'x', 5000);
        cr_assert_eq(buffer.size, 2);
        cr_assert(tg_span_equal(tg_buffer_span(&buffer), tg_span_text("ab")));
        tg_buffer_deinit(&buffer);
}

Test(buffer, one_that_was_reset_allocates_no_more)
{
        struct tg_buffer buffer = {0};
        uint8_t bytes[700] = {0};
        const uint8_t *data;

        tg_buffer_append(&buffer, bytes, sizeof bytes);
        data = buffer.data;
        tg_buffer_reset(&buffer);
        cr_assert_eq(buffer.size, 0);
        tg_buffer_append(&buffer, bytes, sizeof bytes);
        cr_assert_eq(buffer.data, data);
        tg_buffer_deinit(&buffer);
}

Test(span, an_absent_one_is_not_the_empty_text)
{
        cr_assert_not(tg_span_equal(TG_SPAN_ABSENT, tg_span_text("")));
        cr_assert(tg_span_equal(TG_SPAN_ABSENT, tg_span_text(NULL)));
        cr_assert(tg_span_equal(tg_span_text(""), tg_span_of("x", 0)));
        cr_assert_not(tg_span_equal(tg_span_text("a"), tg_span_text("ab")));
        cr_assert_not(tg_span_equal(tg_span_text("ab"), tg_span_text("ac")));
        cr_assert_not(tg_span_present(TG_SPAN_ABSENT));
        cr_assert(tg_span_present(tg_span_text("")));
}
