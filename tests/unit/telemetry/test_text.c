/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

#include "telemetry/text.h"

/* A NUL, a broken character, CSI as one character, a change of direction, and what is harmless. */
static const char nasty[] = "a\0b\xff\xc2\x9b\xe2\x80\xae\"\\\n\t\x7f\xc3\xa4";

Test(text, any_bytes_are_one_json_string_of_ascii_and_harmless_characters)
{
        char *text;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        json_t *json;

        tg_text_json(file, tg_span_of(nasty, sizeof nasty - 1));
        fclose(file);
        cr_expect_str_eq(text,
                         "\"a\\u0000b\\ufffd\\u009b\\u202e\\\"\\\\\\n\\u0009\\u007f\xc3\xa4\"");
        json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        cr_expect_not_null(json);
        json_decref(json);
        free(text);
}

Test(text, what_would_steer_a_terminal_is_a_question_mark)
{
        char *text;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        tg_text_plain(file, tg_span_of(nasty, sizeof nasty - 1), '\n');
        fclose(file);
        cr_expect_str_eq(text, "a?b???\"\\\n??\xc3\xa4");
        free(text);
}
