/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mistakes.h"

#include "config/tree.h"
#include "config/value.h"

enum { QUOTED_MAX = 40 }; /* bytes of a text repeated in a message */

/* A beginning of TEXT that ends between two characters. */
int tg_mistake_quoted(struct tg_span text)
{
        size_t size = text.size < QUOTED_MAX ? text.size : QUOTED_MAX;

        while (size < text.size && size > 0 && (text.data[size] & 0xc0) == 0x80)
                size--;
        return (int)size;
}

bool tg_mistake_is_number(const struct tg_node *node)
{
        static const char digits[] = "0123456789";
        const char *text = (const char *)tg_node_text(node).data;
        size_t whole, fraction = 0;

        if (!tg_node_is_plain(node))
                return false;
        text += *text == '-' || *text == '+';
        whole = strspn(text, digits);
        text += whole;
        if (*text == '.') {
                fraction = strspn(text + 1, digits);
                text += 1 + fraction;
        }
        return *text == '\0' && whole + fraction > 0;
}

static bool is(const struct tg_node *node, const char *text)
{
        return tg_span_equal(tg_node_text(node), tg_span_text(text));
}

static char *found_scalar(const struct tg_node *node, char text[static TG_FOUND_SIZE])
{
        struct tg_span span = tg_node_text(node);
        int size = tg_mistake_quoted(span);
        const char *rest = (size_t)size < span.size ? "..." : "";

        if (tg_span_present(node->written)) { /* what variables hold may be a secret */
                size = tg_mistake_quoted(node->written);
                rest = (size_t)size < node->written.size ? "..." : "";
                snprintf(text, TG_FOUND_SIZE, "what \"%.*s%s\" stands for", size,
                         node->written.data, rest);
                return text;
        }
        if (tg_node_is_null(node))
                return strcpy(text, "nothing");
        if (tg_node_is_plain(node) && (is(node, "true") || is(node, "false")))
                return strcpy(text, (const char *)span.data);
        if (tg_mistake_is_number(node))
                snprintf(text, TG_FOUND_SIZE, "the number %.*s%s", size, span.data, rest);
        else if (span.size == 0)
                return strcpy(text, "an empty text");
        else
                snprintf(text, TG_FOUND_SIZE, "text \"%.*s%s\"", size, span.data, rest);
        return text;
}

char *tg_value_found(const struct tg_node *node, char text[static TG_FOUND_SIZE])
{
        switch (tg_node_kind(node)) {
        case TG_NODE_MAPPING:
                return strcpy(text, "a mapping");
        case TG_NODE_SEQUENCE:
                return strcpy(text, tg_node_count(node) ? "a list" : "an empty list");
        case TG_NODE_SCALAR:
                break;
        }
        return found_scalar(node, text);
}

bool tg_mistake(struct tg_diagnostics *diagnostics, const struct tg_node *node, const char *advice,
                const char *expected)
{
        const struct tg_node *key = node ? tg_node_key(node) : NULL;
        struct tg_span name = key ? tg_node_text(key) : TG_SPAN_ABSENT;
        char found[TG_FOUND_SIZE];

        if (!node || node->unknown)
                return false;
        tg_value_found(node, found);
        if (key)
                tg_diagnose(diagnostics, node, TG_ERROR, advice,
                            "expected %s for \"%.*s\", found %s", expected, tg_mistake_quoted(name),
                            name.data, found);
        else
                tg_diagnose(diagnostics, node, TG_ERROR, advice, "expected %s, found %s", expected,
                            found);
        return false;
}

char *tg_mistake_list(const char *const *words, size_t count, const char *known, char *advice,
                      size_t size)
{
        size_t used = (size_t)snprintf(advice, size, "%s", known);

        for (size_t i = 0; i < count; i++) {
                const char *comma = i > 0 ? ", " : " ";

                if (used + strlen(comma) + strlen(words[i]) + sizeof ", ..." > size) {
                        snprintf(advice + used, size - used, ", ...");
                        break;
                }
                used += (size_t)snprintf(advice + used, size - used, "%s%s", comma, words[i]);
        }
        return advice;
}
