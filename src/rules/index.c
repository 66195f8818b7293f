/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/index.h"

void tg_rule_index_add(struct tg_rule_index *index, size_t number, const struct tg_selector *for_)
{
        struct tg_selector masks = {.channels = for_->channels, .kinds = for_->kinds};

        assert(number < TG_RULES_MAX);
        for (uint8_t channel = 0; channel < TG_CHANNELS; channel++) {
                for (uint8_t kind = 0; kind < TG_KINDS; kind++) {
                        struct tg_traits traits = {.channel = channel, .kind = kind};

                        if (tg_selector_matches(&masks, &traits))
                                index->rules[channel][kind][number / 64] |= UINT64_C(1)
                                                                            << number % 64;
                }
        }
}
