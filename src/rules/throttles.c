/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/throttles.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "rules/names.h"

enum { GENERATED_NAME_SIZE = 24 };

static void read_throttle(struct tg_policy *policy, struct tg_diagnostics *diagnostics,
                          const struct tg_node *node, uint32_t partitions)
{
        char *generated = policy->text + policy->throttle_count * GENERATED_NAME_SIZE;
        struct tg_throttle *throttle = &policy->throttles[policy->throttle_count];
        const struct tg_node *rate, *named;
        struct tg_span name;
        struct tg_reader reader;

        snprintf(generated, GENERATED_NAME_SIZE, "throttle-%zu", policy->throttle_count + 1);
        name = tg_span_text(generated);
        *throttle = (struct tg_throttle){.node = node, .rate = {1, TG_SECOND_MS}, .burst = 1};
        tg_reader_init(&reader, diagnostics, node, "throttle");
        named = tg_read_text(&reader, "name", TG_OPTIONAL, &name);
        throttle->name = (const char *)name.data;
        tg_name_check(policy, diagnostics, named ? named : node, throttle->name);
        policy->throttle_count++;
        tg_selector_read(&throttle->for_, &reader, "for", TG_SELECT_REQUESTS);
        rate = tg_read_rate(&reader, "rate", TG_REQUIRED, &throttle->rate);
        tg_read_integer(&reader, "burst", TG_OPTIONAL, 1, INT32_MAX, &throttle->burst);
        tg_reader_finish(&reader);
        if (rate && partitions && throttle->burst < partitions)
                tg_diagnose(diagnostics, rate, TG_WARNING,
                            "a burst that is a multiple of the partitions is divided evenly",
                            "%s has a burst of %" PRId64 " for %" PRIu32
                            " partitions: each may send one at once, so together they may send "
                            "more",
                            throttle->name, throttle->burst, partitions);
}

void tg_throttles_read(struct tg_policy *policy, struct tg_reader *reader, uint32_t partitions)
{
        const struct tg_node *list = tg_read_sequence(reader, "throttles", TG_OPTIONAL);

        if (!list)
                return;
        policy->throttles = tg_allocate_zeroed(tg_node_count(list), sizeof policy->throttles[0]);
        policy->text = tg_allocate(tg_node_count(list) * GENERATED_NAME_SIZE);
        for (const struct tg_node *node = tg_node_first(list); node; node = tg_node_next(node)) {
                if (policy->throttle_count == TG_THROTTLES_MAX) {
                        tg_diagnose(reader->diagnostics, node, TG_ERROR, NULL,
                                    "more than %d throttles", TG_THROTTLES_MAX);
                        return;
                }
                read_throttle(policy, reader->diagnostics, node, partitions);
        }
}
