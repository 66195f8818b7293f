/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes policies: the input is the text of one. What is refused is told, what is told can be
 * printed; what is accepted has a name of its own for everything that may become a reason.
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
        if (result == 0)
                check(policy);
        tg_policy_free(policy);
        tg_diagnostics_deinit(&diagnostics);
        return 0;
}
