/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to a document, by libfyaml's events.
 *
 * Events rather than libfyaml's own documents: the limits hold before anything grows, and what is
 * refused is refused at its place.
 */
#include <errno.h>
#include <libfyaml.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "config/build.h"
#include "config/tree.h"

/* What a person may do about what libfyaml says. */
static const char *syntax_advice(const char *message)
{
        static const struct {
                const char *part;
                const char *advice;
        } known[] = {
                {"tab", "indent with spaces"},
                {"indentation", "begin the keys of one mapping, and the dashes of one list, in the "
                                "same column"},
                {"nested block mapping", "put text that holds \": \" in quotes"},
                {"multiline plain key",
                 "a ':' is missing here, or the next line begins too far right"},
                {"closing quote", "close the quote"},
                {"node content",
                 "something is missing before this: a value, or an item behind '-'"},
                {"mismatched flow", "close the inner bracket first"},
                {"cannot start with", "put the text in quotes"},
        };

        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
                if (strstr(message, known[i].part))
                        return known[i].advice;
        }
        return NULL;
}

/* A bracket left open on an earlier line explains more than the place where the parser noticed. */
static bool tell_open_bracket(struct tg_builder *builder, size_t offset, const char *message)
{
        const struct tg_level *level = tg_build_innermost(builder);
        uint32_t noticed = tg_tree_place(builder->document, offset, 1).line;
        char text[160];

        if (!level || !level->flow || !strstr(message, "flow") ||
            (noticed == tg_node_place(level->node).line && !strstr(message, "without a closing")))
                return false;
        snprintf(text, sizeof text, "this '%c' isn't closed (noticed in line %u)",
                 level->node->kind == TG_NODE_MAPPING ? '{' : '[', noticed);
        tg_build_stop(builder, level->node->offset, 1,
                      level->node->kind == TG_NODE_MAPPING ? "close it with '}'"
                                                           : "close it with ']'",
                      text);
        return true;
}

/* The parser's marks leave the quotes out. */
static bool opens_quote(const struct tg_document *document, size_t offset)
{
        return offset > 0 && strchr("\"'", document->text[offset - 1]) != NULL;
}

static size_t error_offset(const struct tg_builder *builder, const struct fy_diag_error *error)
{
        const struct fy_mark *mark = error->fyt ? fy_token_start_mark(error->fyt) : NULL;
        size_t line = error->line > 0 ? (size_t)error->line - 1 : 0;

        if (mark && mark->input_pos <= builder->document->size)
                return mark->input_pos - opens_quote(builder->document, mark->input_pos);
        if (line >= builder->document->line_count)
                line = builder->document->line_count - 1;
        return builder->document->lines[line];
}

/* Only the first error: what the parser finds after it is mostly a consequence. */
static void tell_syntax(struct tg_builder *builder, struct fy_diag *diag)
{
        void *iterator = NULL;
        const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
        size_t offset;

        if (!error) {
                tg_build_stop(builder, builder->read_until, 1, NULL, "this is no YAML");
                return;
        }
        offset = error_offset(builder, error);
        if (!tell_open_bracket(builder, offset, error->msg))
                tg_build_stop(builder, offset, 1, syntax_advice(error->msg), error->msg);
}

static void run(struct tg_builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
        struct fy_event *event;

        while (!builder->fatal && (event = fy_parser_parse(parser))) {
                tg_build_event(builder, event);
                fy_parser_event_free(parser, event);
        }
        if (!builder->fatal && fy_parser_get_stream_error(parser))
                tell_syntax(builder, diag);
}

/* libfyaml prints nothing itself: errors are collected, and there is no stream to print to. */
static void parse(struct tg_builder *builder)
{
        struct fy_diag_cfg silent;
        struct fy_parse_cfg options = {
                .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                         FYPCF_JSON_NONE,
        };
        struct fy_parser *parser;

        fy_diag_cfg_default(&silent);
        silent.fp = NULL;
        silent.colorize = false;
        options.diag = fy_diag_create(&silent);
        fy_diag_set_collect_errors(options.diag, true);
        parser = fy_parser_create(&options);
        if (parser && fy_parser_set_string(parser, (const char *)builder->document->text,
                                           builder->document->size) == 0)
                run(builder, parser, options.diag);
        else
                tg_build_stop(builder, 0, 1, NULL, "the YAML parser can't be started");
        fy_parser_destroy(parser);
        fy_diag_destroy(options.diag);
}

/*
 * Before libfyaml sees it: bytes that are no UTF-8 would end the file for it, and of a list or
 * mapping in brackets it holds all at once, so a limit on values that are read already comes too
 * late.
 */
static void check_characters(struct tg_builder *builder)
{
        const struct tg_document *document = builder->document;
        size_t values = 0, size;

        for (size_t i = 0; i < document->size && !builder->fatal; i += size) {
                uint8_t c = document->text[i];

                size = tg_utf8_size(document->text + i, document->size - i);
                if (size == 0)
                        tg_build_stop(builder, i, 1, "save the file as UTF-8", "this is not UTF-8");
                else if ((c == '[' || c == '{' || c == ',') && ++values > TG_DOCUMENT_NODES_MAX)
                        tg_build_stop(builder, i, 1, "split it into several files",
                                      "more than 131072 brackets and commas");
                else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
                        tg_build_stop(builder, i, 1, "leave it out", "a control character");
        }
}

static void tell_file(struct tg_diagnostics *diagnostics, const char *name, const char *advice,
                      const char *message)
{
        struct tg_place place = {.file = name};

        tg_diagnose_place(diagnostics, &place, TG_ERROR, advice, "%s", message);
}

int tg_document_parse(const char *name, struct tg_span text, struct tg_diagnostics *diagnostics,
                      struct tg_document **ret_document)
{
        struct tg_builder builder = {.diagnostics = diagnostics};

        if (text.size > TG_DOCUMENT_SIZE_MAX) {
                tell_file(diagnostics, name, "split it into several files",
                          "larger than 4 MiB, the most that is read");
                return -1;
        }
        builder.document = tg_tree_new(name, text);
        check_characters(&builder);
        if (!builder.fatal)
                parse(&builder);
        if (!builder.fatal && !builder.document->root) {
                tell_file(diagnostics, name, NULL, "the file is empty");
                builder.fatal = true;
        }
        if (builder.fatal) {
                tg_document_free(builder.document);
                return -1;
        }
        *ret_document = builder.document;
        return 0;
}

int tg_document_load(const char *path, struct tg_diagnostics *diagnostics,
                     struct tg_document **ret_document)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};
        char message[160];

        if (tg_file_read(path, TG_DOCUMENT_SIZE_MAX, &text) < 0) {
                snprintf(message, sizeof message, "can't be read: %s", strerror(errno));
                tell_file(diagnostics, path, NULL, message);
                return -1;
        }
        return tg_document_parse(path, tg_buffer_span(&text), diagnostics, ret_document);
}
