/* SPDX-License-Identifier: Apache-2.0 */
#include "avro/support.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char *requoted(const char *json)
{
        char *text = strdup(json);

        for (char *c = text; *c; c++)
                if (*c == '\'')
                        *c = '"';
        return text;
}

struct tg_schema *schema_of(const char *json)
{
        struct tg_error error = {0};
        struct tg_schema *schema = NULL;
        char *text = requoted(json);
        int answer = tg_schema_parse(tg_span_text(text), &schema, &error);

        free(text);
        cr_assert_eq(answer, 0, "%s", error.message);
        return schema;
}

static int compile(const char *writer, const char *reader, const struct tg_layout *layout,
                   struct tg_plan **ret_plan, struct tg_error *error)
{
        struct tg_schema *from = schema_of(writer);
        struct tg_schema *to = schema_of(reader);
        int answer = tg_plan_compile(from, to, layout, ret_plan, error);

        tg_schema_free(from);
        tg_schema_free(to);
        return answer;
}

struct tg_plan *plan_of(const char *writer, const char *reader, const struct tg_layout *layout)
{
        struct tg_error error = {0};
        struct tg_plan *plan = NULL;

        cr_assert_eq(compile(writer, reader, layout, &plan, &error), 0, "%s", error.message);
        return plan;
}

void refused(const char *writer, const char *reader, const struct tg_layout *layout,
             const char *text)
{
        struct tg_error error = {0};
        struct tg_plan *plan = NULL;

        cr_assert_eq(compile(writer, reader, layout, &plan, &error), -1);
        cr_expect_null(plan);
        cr_expect(strstr(error.message, text), "\"%s\" doesn't say \"%s\"", error.message, text);
}

struct guarded guarded_copy(const void *data, size_t size)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t pages_size = (size / page + 2) * page;
        struct guarded guarded = {.size = size, .pages_size = pages_size};

        guarded.pages =
                mmap(NULL, pages_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        cr_assert_neq(guarded.pages, MAP_FAILED);
        cr_assert_eq(mprotect((uint8_t *)guarded.pages + pages_size - page, page, PROT_NONE), 0);
        guarded.data = (uint8_t *)guarded.pages + pages_size - page - size;
        if (size)
                memcpy(guarded.data, data, size);
        return guarded;
}

void guarded_free(struct guarded *guarded)
{
        munmap(guarded->pages, guarded->pages_size);
}

int decode_guarded(const struct tg_plan *plan, const void *data, size_t size, void *ret_record)
{
        struct guarded copy = guarded_copy(data, size);
        size_t consumed = 0;
        int answer = tg_plan_decode(plan, tg_span_of(copy.data, size), ret_record, &consumed);

        cr_expect_leq(consumed, size);
        guarded_free(&copy);
        return answer;
}

void decode(const struct tg_plan *plan, const struct tg_buffer *buffer, void *ret_record)
{
        size_t consumed = 0;
        int answer = tg_plan_decode(plan, tg_buffer_span(buffer), ret_record, &consumed);

        cr_assert_eq(answer, 0, "%s", tg_decode_error_text(answer));
        cr_expect_eq(consumed, buffer->size);
}
