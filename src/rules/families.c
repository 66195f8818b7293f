/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/succession.h"

#include <assert.h>
#include <stdio.h>

const struct tg_family *const tg_families[] = {
        &tg_family_cap,      /* at most so many in a window */
        &tg_family_gap,      /* so long between two messages */
        &tg_family_retarget, /* a fresh interest */
        &tg_family_wait,     /* so long after what it is about */
        &tg_family_cooldown, /* a rest after so many outcomes */
        &tg_family_consent,  /* an agreement that holds */
};
const size_t tg_family_count = sizeof tg_families / sizeof tg_families[0];

char *tg_family_names(char text[static TG_FAMILY_NAMES_SIZE])
{
        size_t used = 0;

        for (size_t i = 0; i < tg_family_count; i++) {
                const char *before = i == 0 ? "" : i + 1 < tg_family_count ? ", " : " or ";

                used += (size_t)snprintf(text + used, TG_FAMILY_NAMES_SIZE - used, "%s%s", before,
                                         tg_families[i]->name);
                assert(used < TG_FAMILY_NAMES_SIZE);
        }
        return text;
}

/* No number is left for a counter. */
static void refuse_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                           enum tg_scope scope)
{
        unsigned held = tg_counters_held(compiler->counters, scope);

        if (held)
                tg_diagnose(compiler->diagnostics, rule->node, TG_ERROR,
                            "take up a policy that lacks these first, then this one",
                            "rule %s needs a counter for each %s, and %d of these are taken, %u "
                            "by the running policy alone",
                            rule->name, tg_word(&tg_scope_words, scope), TG_COUNTERS_MAX, held);
        else
                tg_diagnose(compiler->diagnostics, rule->node, TG_ERROR,
                            "let rules count alike (the same type, for, where and each share a "
                            "counter)",
                            "rule %s needs a counter for each %s, and %d of these are taken",
                            rule->name, tg_word(&tg_scope_words, scope), TG_COUNTERS_MAX);
}

void tg_compile_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                        const struct tg_counting *counting, struct tg_counter_id *ret_id)
{
        if (tg_counters_obtain(compiler->counters, counting, ret_id) < 0) {
                refuse_counter(compiler, rule, counting->scope);
                return;
        }
        if (!rule->shadow)
                tg_counters_hear(compiler->counters, *ret_id, counting->window_ms);
        tg_succession_counter(compiler, rule, counting, *ret_id);
}

/* The words of the types behind `unknown`, which is none to count. */
static const char *const *known_types(void)
{
        return tg_type_words.words + TG_TYPE_UNKNOWN + 1;
}

const struct tg_node *tg_compile_type(struct tg_reader *section, const char *key, enum tg_need need,
                                      unsigned *type)
{
        unsigned known;
        const struct tg_node *node = tg_read_word(section, key, need, known_types(), &known);

        if (node)
                *type = known + TG_TYPE_UNKNOWN + 1;
        return node;
}

const struct tg_node *tg_compile_types(struct tg_reader *section, const char *key,
                                       enum tg_need need, uint64_t *types)
{
        uint64_t known;
        const struct tg_node *node = tg_read_words(section, key, need, known_types(), &known);

        if (node)
                *types = known << (TG_TYPE_UNKNOWN + 1);
        return node;
}

void tg_compile_each(struct tg_reader *section, struct tg_rule *rule)
{
        unsigned each = TG_SCOPE_CUSTOMER;

        tg_read_word(section, "each", TG_OPTIONAL, tg_scope_words.words, &each);
        rule->each = (enum tg_scope)each;
}
