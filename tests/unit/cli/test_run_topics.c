/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/run_topics.h"
#include "support/policy.h"

static struct tg_topic_needs needs_of(const char *rules)
{
        struct tg_policy *policy = policy_of(rules);
        struct tg_topic_needs needs;

        tg_run_topics_needs(policy, &needs);
        tg_policy_free(policy);
        return needs;
}

static const char *value_of(const struct tg_topic_needs *needs, enum tg_topic topic,
                            const char *name)
{
        const struct tg_topic_need *need = &needs->topics[topic];

        for (size_t i = 0; i < need->count; i++)
                if (strcmp(need->configs[i].name, name) == 0)
                        return need->configs[i].value;
        return "";
}

Test(run_topics, facts_are_kept_for_the_longest_window_and_decisions_while_permits_count)
{
        struct tg_topic_needs needs =
                needs_of("rules:\n- {rule: seen, cap: {count: click, at_most: 1, per: 90d}}\n"
                         "- {rule: sent, cap: {count: permit, at_most: 1, per: 60d}}\n");

        cr_expect_str_eq(value_of(&needs, TG_TOPIC_TOUCHPOINTS, "retention.ms"), "7776000000");
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_TOUCHPOINTS, "cleanup.policy"), "delete");
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_TOUCHPOINTS, "retention.bytes"), "-1");
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_REQUESTS, "retention.ms"), "259200000");
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_DECISIONS, "retention.ms"), "5184000000");
        cr_expect_eq(needs.topics[TG_TOPIC_REJECTED].count, 0);
        cr_expect_eq(needs.topics[TG_TOPIC_PERMITTED].count, 0);
}

Test(run_topics, consents_are_kept_among_the_customers_for_ever)
{
        struct tg_topic_needs needs = needs_of("rules:\n- {rule: asked, consent: {}}\n");

        cr_expect(needs.customers);
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_CUSTOMERS, "cleanup.policy"), "compact");
        cr_expect_eq(needs.topics[TG_TOPIC_TOUCHPOINTS].count, 0);
}

Test(run_topics, without_consents_a_topic_of_customers_need_not_be_there)
{
        struct tg_topic_needs needs = needs_of("");

        cr_expect_not(needs.customers);
        cr_expect_str_eq(value_of(&needs, TG_TOPIC_CUSTOMERS, "cleanup.policy"), "compact");
}
