/* SPDX-License-Identifier: Apache-2.0 */
#include "config/variables.h"

#include <stdlib.h>

#include "base/memory.h"
#include "config/tree.h"

enum { ADVICE_SIZE = 200, NAME_SHOWN_MAX = 80 };

struct expansion {
        struct tg_document *document;
        tg_variable_lookup *lookup; /* NULL: nothing is looked up */
        struct tg_diagnostics *diagnostics;
        struct tg_variables *variables;
        struct tg_node *node; /* whose text is expanded */
        struct tg_buffer text;
        bool unknown; /* something in it was not looked up */
};

/* "${NAME}" or "${NAME:-fallback}". */
struct mention {
        struct tg_span name;
        struct tg_span fallback; /* absent: there is none */
        size_t size;             /* of all of it */
};

static bool begins_name(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* TEXT begins with "${". */
static bool read_mention(const char *text, struct mention *ret_mention)
{
        const char *name = text + 2, *end = name;
        const char *close = strchr(name, '}');

        while (begins_name(*end) || (end > name && *end >= '0' && *end <= '9'))
                end++;
        if (!close || end == name || (end != close && strncmp(end, ":-", 2) != 0))
                return false;
        *ret_mention = (struct mention){
                .name = tg_span_of(name, (size_t)(end - name)),
                .size = (size_t)(close + 1 - text),
        };
        if (end != close)
                ret_mention->fallback = tg_span_of(end + 2, (size_t)(close - end - 2));
        return true;
}

static void note(struct tg_variables *variables, const struct mention *mention)
{
        bool optional = tg_span_present(mention->fallback);

        for (size_t i = 0; i < variables->count; i++) {
                if (!tg_span_equal(tg_span_text(variables->items[i].name), mention->name))
                        continue;
                variables->items[i].optional &= optional;
                return;
        }
        variables->items =
                tg_reallocate(variables->items, (variables->count + 1) * sizeof *variables->items);
        variables->items[variables->count++] = (struct tg_variable){
                .name = tg_duplicate((const char *)mention->name.data, mention->name.size),
                .optional = optional,
        };
}

/* Where WRITTEN stands in the file; the whole value if it was escaped there. */
static struct tg_place place_of(const struct tg_node *node, struct tg_span written)
{
        const struct tg_document *document = node->document;
        const uint8_t *begin = document->text + node->offset;
        const uint8_t *at = memmem(begin, node->size, written.data, written.size);

        return at ? tg_tree_place(document, (size_t)(at - document->text), written.size)
                  : tg_node_place(node);
}

static void tell_unset(const struct expansion *expansion, struct tg_span written,
                       struct tg_span name)
{
        struct tg_place place = place_of(expansion->node, written);
        int size = name.size < NAME_SHOWN_MAX ? (int)name.size : NAME_SHOWN_MAX;
        char advice[ADVICE_SIZE];

        snprintf(advice, sizeof advice, "set it, or give a default: ${%.*s:-...}", size, name.data);
        tg_diagnose_place(expansion->diagnostics, &place, TG_ERROR, advice,
                          "the environment variable %.*s is not set", size, name.data);
}

static void tell_malformed(const struct expansion *expansion, struct tg_span written)
{
        struct tg_place place = place_of(expansion->node, written);

        tg_diagnose_place(expansion->diagnostics, &place, TG_ERROR,
                          "write ${NAME} or ${NAME:-default}; $${ stands for ${ itself",
                          "no variable can be read here");
}

static void put(struct expansion *expansion, const struct mention *mention, struct tg_span written)
{
        char *name = tg_duplicate((const char *)mention->name.data, mention->name.size);
        const char *value = expansion->lookup ? expansion->lookup(name) : NULL;
        bool falls_back = tg_span_present(mention->fallback);

        free(name);
        note(expansion->variables, mention);
        if (value && (value[0] || !falls_back)) {
                tg_buffer_append(&expansion->text, value, strlen(value));
        } else if (falls_back) {
                tg_buffer_append(&expansion->text, mention->fallback.data, mention->fallback.size);
        } else {
                expansion->unknown = true;
                if (expansion->lookup)
                        tell_unset(expansion, written, mention->name);
        }
}

/* Appends what TEXT stands for. */
static void expand_text(struct expansion *expansion, const char *text)
{
        const char *dollar;

        for (; (dollar = strstr(text, "${")); text = dollar) {
                bool escaped = dollar > text && dollar[-1] == '$';
                struct mention mention;

                tg_buffer_append(&expansion->text, text, (size_t)(dollar - text) - escaped);
                if (escaped) {
                        tg_buffer_append(&expansion->text, dollar, 2);
                        dollar += 2;
                } else if (read_mention(dollar, &mention)) {
                        put(expansion, &mention, tg_span_of(dollar, mention.size));
                        dollar += mention.size;
                } else {
                        tell_malformed(expansion, tg_span_of(dollar, 2));
                        expansion->unknown = true;
                        return;
                }
        }
        tg_buffer_append(&expansion->text, text, strlen(text));
}

static void expand_scalar(struct expansion *expansion, struct tg_node *node)
{
        struct tg_buffer *text = &expansion->text;
        uint8_t *copy;

        if (node->text.size == 0 || !strstr((const char *)node->text.data, "${"))
                return;
        tg_buffer_reset(text);
        expansion->node = node;
        expansion->unknown = false;
        expand_text(expansion, (const char *)node->text.data);
        node->unknown = expansion->unknown;
        if (node->unknown)
                tg_buffer_reset(text);
        copy = tg_tree_allocate(expansion->document, text->size + 1);
        if (text->size)
                memcpy(copy, text->data, text->size);
        node->written = node->text;
        node->text = tg_span_of(copy, text->size);
        node->plain = true; /* in braces there is no other way than quotes */
}

static void expand(struct expansion *expansion, struct tg_node *node)
{
        if (node->kind == TG_NODE_SCALAR)
                expand_scalar(expansion, node);
        for (struct tg_node *child = node->first; child; child = child->next)
                expand(expansion, child);
}

void tg_variables_expand(struct tg_document *document, tg_variable_lookup *lookup,
                         struct tg_diagnostics *diagnostics, struct tg_variables *variables)
{
        struct expansion expansion = {
                .document = document,
                .lookup = lookup,
                .diagnostics = diagnostics,
                .variables = variables,
        };

        expand(&expansion, document->root);
        tg_buffer_deinit(&expansion.text);
}

void tg_variables_deinit(struct tg_variables *variables)
{
        for (size_t i = 0; i < variables->count; i++)
                free(variables->items[i].name);
        free(variables->items);
        *variables = (struct tg_variables){0};
}
