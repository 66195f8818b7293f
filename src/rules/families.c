/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/family.h"

const struct tg_family *const tg_families[] = {
        &tg_family_cap,
        &tg_family_retarget,
        &tg_family_wait,
};
const size_t tg_family_count = sizeof tg_families / sizeof tg_families[0];

void tg_compile_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                        const struct tg_counting *counting, struct tg_counter_id *ret_id)
{
        if (tg_counters_obtain(compiler->counters, counting, ret_id) == 0)
                return;
        tg_diagnose(compiler->diagnostics, rule->node, TG_ERROR,
                    "let rules count alike (the same type, for, where and each share a counter)",
                    "rule %s needs a counter for each %s, and %d of these are taken", rule->name,
                    tg_word(&tg_scope_words, counting->scope), TG_COUNTERS_MAX);
}

void tg_compile_each(struct tg_reader *section, struct tg_rule *rule)
{
        unsigned each = TG_SCOPE_CUSTOMER;

        tg_read_word(section, "each", TG_OPTIONAL, tg_scope_words.words, &each);
        rule->each = (enum tg_scope)each;
}
