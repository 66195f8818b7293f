/* SPDX-License-Identifier: Apache-2.0 */
/* The enums of the code against the symbols of the shipped schemas. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "records/schemas.h"
#include "records/words.h"

static json_t *load(enum tg_shipped schema)
{
        struct tg_span text = tg_shipped_text(schema);
        json_t *json = json_loadb((const char *)text.data, text.size, 0, NULL);

        cr_assert_not_null(json, "%s", tg_shipped_name(schema));
        return json;
}

/* Borrows the definition of the enum NAME, wherever it is; NULL: this schema has none. */
static const json_t *find_enum(const json_t *node, const char *name)
{
        const json_t *found = NULL, *child, *named = json_object_get(node, "name");
        const char *key;
        size_t i;

        if (json_object_get(node, "symbols") && strcmp(json_string_value(named), name) == 0)
                return node;
        json_object_foreach((json_t *)node, key, child)
        {
                if (!found)
                        found = find_enum(child, name);
        }
        json_array_foreach((json_t *)node, i, child)
        {
                if (!found)
                        found = find_enum(child, name);
        }
        return found;
}

/* In every schema that has it, NAME's symbols are the first COUNT words, and its default VALUE. */
static void expect_words(const char *name, const struct tg_words *words, unsigned count,
                         unsigned default_value)
{
        unsigned seen = 0;

        for (enum tg_shipped schema = 0; schema < TG_SCHEMAS; schema++) {
                json_t *json = load(schema);
                const json_t *found = find_enum(json, name);
                const json_t *symbols = json_object_get(found, "symbols");

                if (found) {
                        seen++;
                        cr_expect_eq(json_array_size(symbols), count, "%s in %s", name,
                                     tg_shipped_name(schema));
                        cr_expect_str_eq(json_string_value(json_object_get(found, "default")),
                                         tg_word(words, default_value));
                        for (unsigned i = 0; i < count; i++)
                                cr_expect_str_eq(json_string_value(json_array_get(symbols, i)),
                                                 tg_word(words, i), "%s in %s", name,
                                                 tg_shipped_name(schema));
                }
                json_decref(json);
        }
        cr_expect_gt(seen, 0, "%s", name);
}

Test(words, every_enum_has_the_symbols_of_the_schemas_in_their_order)
{
        expect_words("Channel", &tg_channel_words, TG_CHANNELS, TG_CHANNEL_UNKNOWN);
        expect_words("TouchpointType", &tg_type_words, TG_TYPES, TG_TYPE_UNKNOWN);
        expect_words("Kind", &tg_kind_words, TG_KINDS, TG_KIND_UNKNOWN);
        expect_words("MessageClass", &tg_class_words, TG_CLASSES, TG_CLASS_OTHER);
        expect_words("Outcome", &tg_outcome_words, TG_OUTCOMES, TG_OUTCOME_UNKNOWN);
        expect_words("Variant", &tg_variant_words, TG_VARIANTS, TG_VARIANT_UNKNOWN);
}

static void expect_counted(const struct tg_words *words, unsigned count)
{
        cr_expect_eq(words->count, count);
        cr_expect_null(words->words[count]);
}

Test(words, every_list_has_a_word_for_each_value_and_ends)
{
        expect_counted(&tg_channel_words, TG_CHANNELS);
        expect_counted(&tg_type_words, TG_COUNTED_TYPES);
        expect_counted(&tg_kind_words, TG_KINDS);
        expect_counted(&tg_class_words, TG_CLASSES);
        expect_counted(&tg_outcome_words, TG_OUTCOMES);
        expect_counted(&tg_variant_words, TG_VARIANTS);
}

Test(words, each_value_has_the_word_of_its_name)
{
        cr_expect_str_eq(tg_word(&tg_channel_words, TG_CHANNEL_STORE), "store");
        cr_expect_str_eq(tg_word(&tg_type_words, TG_TYPE_SURVEY_INVITED), "survey_invited");
        cr_expect_str_eq(tg_word(&tg_type_words, TG_TYPE_ERASURE), "erasure");
        cr_expect_str_eq(tg_word(&tg_type_words, TG_TYPE_PERMIT), "permit");
        cr_expect_str_eq(tg_word(&tg_kind_words, TG_KIND_TRANSACTIONAL), "transactional");
        cr_expect_str_eq(tg_word(&tg_class_words, TG_CLASS_MINORS), "minors");
        cr_expect_str_eq(tg_word(&tg_outcome_words, TG_DEFER), "defer");
        cr_expect_str_eq(tg_word(&tg_variant_words, TG_VARIANT_AS_REQUESTED), "as_requested");
}

Test(words, a_value_beyond_the_list_is_none)
{
        cr_assert_str_eq(tg_word(&tg_channel_words, TG_CHANNEL_ABSENT), "none");
        cr_assert_str_eq(tg_word(&tg_channel_words, TG_CHANNELS), "none");
}
