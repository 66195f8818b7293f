/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/needs.h"

static bool suffices(const char *name, const char *needed, const char *value)
{
        struct tg_topic_need need = {0};

        tg_topic_need_all(&need, strtoll(needed, NULL, 10));
        for (size_t i = 0; i < need.count; i++) {
                if (strcmp(need.configs[i].name, name) == 0)
                        return tg_topic_config_suffices(&need.configs[i], value);
        }
        cr_assert(false, "no property %s", name);
        return false;
}

Test(needs, longer_is_enough_and_for_ever_is_longest)
{
        cr_expect(suffices("retention.ms", "1000", "1000"));
        cr_expect(suffices("retention.ms", "1000", "1001"));
        cr_expect(suffices("retention.ms", "1000", "-1"));
        cr_expect(suffices("retention.ms", "-1", "-1"));
        cr_expect_not(suffices("retention.ms", "1000", "999"));
        cr_expect_not(suffices("retention.ms", "-1", "9223372036854775807"));
        cr_expect_not(suffices("retention.bytes", "-1", "1073741824"));
        cr_expect(suffices("cleanup.policy", "delete", "delete"));
        cr_expect_not(suffices("cleanup.policy", "delete", "compact"));
        cr_expect_not(suffices("cleanup.policy", "delete", "compact,delete"));
}

Test(needs, the_last_record_of_each_key_is_kept_by_compaction_alone)
{
        struct tg_topic_need need = {0};

        tg_topic_need_last(&need);
        cr_assert_eq(need.count, 1);
        cr_expect(tg_topic_config_suffices(&need.configs[0], "compact"));
        cr_expect_not(tg_topic_config_suffices(&need.configs[0], "delete"));
        cr_expect_not(tg_topic_config_suffices(&need.configs[0], "compact,delete"));
}

Test(needs, a_property_is_told_with_what_it_means)
{
        char text[TG_TOPIC_CONFIG_TEXT_SIZE];

        cr_expect_str_eq(tg_topic_config_text("retention.ms", "604800000", text),
                         "retention.ms=604800000 (7d)");
        cr_expect_str_eq(tg_topic_config_text("retention.ms", "-1", text),
                         "retention.ms=-1 (for ever)");
        cr_expect_str_eq(tg_topic_config_text("cleanup.policy", "compact", text),
                         "cleanup.policy=compact");
}
