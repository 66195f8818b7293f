/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what a Schema Registry answers: the input is the body of an answer, taken as each of those
 * that there are. What is told to people about it is valid UTF-8 that steers no terminal; what is
 * refused leaves nothing behind.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "registry/answer.h"

static void check_text(const char *text, size_t size_max)
{
        size_t size = strnlen(text, size_max);

        if (size == size_max)
                abort();
        for (size_t i = 0; i < size;) {
                uint32_t code;

                i += tg_utf8_next((const uint8_t *)text + i, size - i, &code);
                if (tg_utf8_steers(code))
                        abort();
        }
}

static void check_error(const struct tg_error *error)
{
        if (error->exit_code != EX_PROTOCOL && error->exit_code != EX_DATAERR)
                abort();
        check_text(error->message, sizeof error->message);
}

static void try_schema(struct tg_span body)
{
        struct tg_buffer json = {0};
        struct tg_error error;

        tg_buffer_append(&json, "before", 6);
        if (tg_answer_schema(body, &json, &error) < 0) {
                check_error(&error);
                if (json.size != 6)
                        abort();
        }
        tg_buffer_deinit(&json);
}

static void try_id(struct tg_span body)
{
        struct tg_error error;
        uint32_t id;

        if (tg_answer_id(body, &id, &error) < 0)
                check_error(&error);
}

static void try_failure(struct tg_span body)
{
        char text[TG_ANSWER_TEXT_SIZE];
        int code = tg_answer_failure(body, text);

        check_text(text, sizeof text);
        if ((code == 0) != (text[0] == '\0'))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct tg_span body = tg_span_of(data, size);

        try_schema(body);
        try_id(body);
        try_failure(body);
        return 0;
}
