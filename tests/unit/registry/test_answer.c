/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "registry/answer.h"

static struct tg_error error;

static int schema(const char *body)
{
        struct tg_buffer json = {0};
        int result = tg_answer_schema(tg_span_text(body), &json, &error);

        tg_buffer_deinit(&json);
        return result;
}

Test(answer, what_a_registry_says_of_a_failure_steers_no_terminal)
{
        char text[TG_ANSWER_TEXT_SIZE];

        cr_assert_eq(tg_answer_failure(tg_span_text("{\"error_code\": 50001, \"message\": "
                                                    "\"\\u001b[31mdown\\u009b\\u202e\\n\"}"),
                                       text),
                     50001);
        cr_assert_str_eq(text, "?[31mdown??? (50001)");
}

Test(answer, a_kind_or_a_reference_that_steers_a_terminal_is_told_tamely)
{
        cr_assert_eq(schema("{\"schema\": \"\", \"schemaType\": \"\\u001b[2J\"}"), -1);
        cr_assert_str_eq(error.message, "the schema is ?[2J, not Avro");
        cr_assert_eq(schema("{\"schema\": \"\", \"references\": [{\"name\": \"a\\rb\"}]}"), -1);
        cr_assert_not_null(strstr(error.message, "(a?b)"));
}

Test(answer, a_text_that_is_cut_within_a_character_is_still_utf8)
{
        cr_assert_eq(schema("{\"schema\": \"\", \"schemaType\": \"1234567890123456789\xc3\xa4\"}"),
                     -1);
        cr_assert_str_eq(error.message, "the schema is 1234567890123456789?, not Avro");
}
