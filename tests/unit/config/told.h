/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of what a person is told: a text is parsed, read by the test's own schema, and
 * everything told is compared as it is printed.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/memory.h"
#include "config/document.h"
#include "config/reader.h"

struct told {
        struct tg_diagnostics diagnostics;
        struct tg_document *document; /* NULL: nothing to read on */
        char *text;                   /* what was printed */
};

static inline void told_parse(struct told *told, struct tg_span yaml)
{
        *told = (struct told){0};
        if (tg_document_parse("p.yaml", yaml, &told->diagnostics, &told->document) < 0)
                told->document = NULL;
}

static inline const struct tg_node *told_root(const struct told *told)
{
        return told->document ? tg_document_root(told->document) : NULL;
}

static inline const char *told_text(struct told *told)
{
        size_t size;
        FILE *file;

        free(told->text);
        told->text = NULL;
        file = open_memstream(&told->text, &size);
        tg_diagnostics_print(&told->diagnostics, file, false);
        fclose(file);
        return told->text;
}

/* "line:column message | advice" of the one mistake told, in the struct's own text. */
static inline const char *told_one(struct told *told)
{
        const struct tg_diagnostic *one = told->diagnostics.items;
        char *text = NULL;

        if (told->diagnostics.count == 0)
                return "";
        if (asprintf(&text, "%u:%u %s%s%s", one->line, one->column, one->message,
                     one->advice ? " | " : "", one->advice ? one->advice : "") < 0)
                text = NULL;
        free(told->text);
        told->text = text;
        return text;
}

static inline void told_deinit(struct told *told)
{
        tg_diagnostics_deinit(&told->diagnostics);
        tg_document_free(told->document);
        free(told->text);
}

#define TOLD_PARSE(told, yaml)                    \
        tg_cleanup(told_deinit) struct told told; \
        told_parse(&told, tg_span_of(yaml, sizeof(yaml) - 1))
