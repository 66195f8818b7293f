/* SPDX-License-Identifier: Apache-2.0 */
#include "avro/framing.h"

#include "avro/support.h"

static enum tg_framing parse(const void *data, size_t size, struct tg_frame *ret_frame)
{
        struct guarded copy = guarded_copy(data, size);
        enum tg_framing framing = tg_frame_parse(tg_span_of(copy.data, size), ret_frame);

        guarded_free(&copy);
        return framing;
}

Test(framing, a_confluent_id_is_big_endian)
{
        struct tg_frame frame;

        cr_expect_eq(parse("\0\1\2\3\4v", 6, &frame), TG_FRAMING_CONFLUENT);
        cr_expect_eq(frame.schema_id, 0x01020304);
        cr_expect_eq(frame.value.size, 1);
}

Test(framing, a_fingerprint_is_little_endian)
{
        struct tg_frame frame;

        cr_expect_eq(parse("\xc3\1\1\2\3\4\5\6\7\x88vw", 12, &frame), TG_FRAMING_SINGLE_OBJECT);
        cr_expect_eq(frame.fingerprint, UINT64_C(0x8807060504030201));
        cr_expect_eq(frame.value.size, 2);
}

Test(framing, anything_else_is_none)
{
        struct tg_frame frame;

        cr_expect_eq(parse("", 0, &frame), TG_FRAMING_NONE);
        cr_expect_eq(tg_frame_parse(TG_SPAN_ABSENT, &frame), TG_FRAMING_NONE);
        cr_expect_eq(parse("\0\1\2\3", 4, &frame), TG_FRAMING_NONE);
        cr_expect_eq(parse("\xc3\1\1\2\3\4\5\6\7", 9, &frame), TG_FRAMING_NONE);
        cr_expect_eq(parse("\xc3\2\1\2\3\4\5\6\7\x08vw", 12, &frame), TG_FRAMING_NONE);
        cr_expect_eq(parse("{\"json\":1}", 10, &frame), TG_FRAMING_NONE);
        cr_expect_null(frame.value.data);
}

Test(framing, what_is_written_is_parsed)
{
        struct tg_buffer buffer = {0};
        struct tg_frame frame;

        tg_put_confluent(&buffer, 0xfedcba98);
        tg_put_text(&buffer, "value");
        cr_expect_eq(tg_frame_parse(tg_buffer_span(&buffer), &frame), TG_FRAMING_CONFLUENT);
        cr_expect_eq(frame.schema_id, 0xfedcba98);
        expect_text(frame.value, "\nvalue");
        tg_buffer_deinit(&buffer);
}
