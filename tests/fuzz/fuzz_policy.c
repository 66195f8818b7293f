/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes policies: the input is the text of one. What is refused is told, what is told can be
 * printed; what is accepted has a name of its own for everything that may become a reason, and can
 * follow itself: nothing is missing, and every counter keeps its number.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/evaluate.h"
#include "rules/policy.h"

enum { PARTITIONS = 4 };

/* libfyaml 0.7.12 itself leaks a few bytes with doubled quotes and the like. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
        return "leak:libfyaml\n";
}

static void print(const struct tg_diagnostics *diagnostics)
{
        static FILE *nowhere;
        json_t *json = tg_diagnostics_json(diagnostics);
        char *text = json_dumps(json, 0);

        if (!nowhere)
                nowhere = fopen("/dev/null", "w");
        if (!nowhere || !text)
                abort();
        tg_diagnostics_print(diagnostics, nowhere, true);
        free(text);
        json_decref(json);
}

static void check(const struct tg_policy *policy)
{
        if (!policy->name.name[0] || strlen(policy->name.hash) != TG_POLICY_HASH_SIZE ||
            policy->rule_count > TG_RULES_MAX || policy->throttle_count > TG_THROTTLES_MAX)
                abort();
        for (size_t i = 0; i < policy->rule_count + policy->throttle_count; i++) {
                if (!tg_reason_source_name(policy, i)[0])
                        abort();
        }
}

/* The policy of TEXT as one that follows RUNNING; NULL: it was refused. */
static struct tg_policy *follow(const struct tg_policy *running, struct tg_span text)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *next = NULL;

        tg_policy_parse_next("p.yaml", text, PARTITIONS, running, &diagnostics, &next);
        if ((next == NULL) != (diagnostics.errors > 0))
                abort();
        print(&diagnostics);
        tg_diagnostics_deinit(&diagnostics);
        return next;
}

static void check_following(const struct tg_policy *policy, struct tg_span text)
{
        static const char other[] =
                "policy: other\nlimits: {dedupe_for: 1h}\nrules:\n"
                "- {rule: a, cap: {count: click, at_most: 3, per: 1d}}\n"
                "- {rule: b, for: {channel: ads}, gap: {at_least: 1h, each: campaign}}\n";
        struct tg_policy *next = follow(policy, text);

        if (!next || next->awaits.count || next->generation != policy->generation + 1 ||
            next->counters.count != policy->counters.count)
                abort();
        for (size_t i = 0; i < next->counters.count; i++) {
                if (next->counters.items[i].id.number != policy->counters.items[i].id.number)
                        abort();
        }
        tg_policy_free(next);
        tg_policy_free(follow(policy, tg_span_text(other)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        int result = tg_policy_parse("p.yaml", tg_span_of(data, size), PARTITIONS, &diagnostics,
                                     &policy);

        if ((result == 0) != (diagnostics.errors == 0))
                abort();
        print(&diagnostics);
        if (result == 0) {
                check(policy);
                check_following(policy, tg_span_of(data, size));
        }
        tg_policy_free(policy);
        tg_diagnostics_deinit(&diagnostics);
        return 0;
}
