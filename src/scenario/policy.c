/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of a scenario. One that stands in the scenario itself is cut out of its text with
 * everything around it blanked, so that mistakes in it are told at their own line and column.
 */
#include <stdio.h>

#include "scenario/read.h"

/* Where in TEXT a place is. */
static size_t offset_of(struct tg_span text, struct tg_place place)
{
        const uint8_t *end = text.data + text.size, *at = text.data;

        for (uint32_t line = 1; line < place.line; line++) {
                const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));

                at = newline ? newline + 1 : end;
        }
        for (uint32_t column = 1; column < place.column && at < end; column++) {
                at++;
                while (at < end && (*at & 0xc0) == 0x80) /* the rest of a character */
                        at++;
        }
        return (size_t)(at - text.data);
}

static bool parse_inline(struct tg_scenario_reading *reading, const struct tg_node *node,
                         struct tg_span text, struct tg_policy **ret_policy)
{
        struct tg_scenario *scenario = reading->scenario;
        const struct tg_node *next = tg_node_next(node);
        size_t begin = offset_of(text, tg_node_place(node));
        size_t end = next ? offset_of(text, tg_node_place(tg_node_key(next))) : text.size;
        struct tg_buffer cut = {0};
        int result;

        tg_buffer_append(&cut, text.data, end);
        for (size_t i = 0; i < begin; i++) {
                if (cut.data[i] != '\n')
                        cut.data[i] = ' ';
        }
        result = tg_policy_parse(scenario->file, tg_buffer_span(&cut), scenario->partitions,
                                 reading->diagnostics, ret_policy);
        tg_buffer_deinit(&cut);
        return result == 0;
}

/* A path counts from the folder of the scenario. */
static const char *beside(struct tg_scenario *scenario, struct tg_span path)
{
        const char *slash = strrchr(scenario->file, '/');
        int folder = slash ? (int)(slash - scenario->file) + 1 : 0;

        if (path.data[0] == '/')
                folder = 0;
        return tg_scenario_text(scenario, "%.*s%.*s", folder, scenario->file, TG_SPAN_FORMAT(path));
}

bool tg_scenario_policy_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                             struct tg_span text, struct tg_policy **ret_policy)
{
        struct tg_span path;

        if (!node)
                return false;
        if (tg_node_kind(node) == TG_NODE_MAPPING)
                return parse_inline(reading, node, text, ret_policy);
        if (!tg_value_text(reading->diagnostics, node, &path))
                return false;
        return tg_policy_load(beside(reading->scenario, path), reading->scenario->partitions,
                              reading->diagnostics, ret_policy) == 0;
}
