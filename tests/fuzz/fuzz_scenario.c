/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes scenarios with their policies: the input is the text of one. Its cases are run, whatever
 * comes out: rules, waiting and the shard meet what no person would write.
 */
#include <stdlib.h>

#include "scenario/run.h"

enum { STEPS_MAX = 200 }; /* of all cases: an input takes milliseconds */

/* As in fuzz_policy.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
        return "leak:libfyaml\n";
}

/* A policy that is a path would open a file. */
static bool names_a_file(struct tg_span text)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_document *document;
        const struct tg_node *policy;
        bool names = true;

        if (tg_document_parse("s.yaml", text, &diagnostics, &document) == 0) {
                policy = tg_node_find(tg_document_root(document), "policy");
                names = policy && tg_node_kind(policy) == TG_NODE_SCALAR;
                tg_document_free(document);
        }
        tg_diagnostics_deinit(&diagnostics);
        return names;
}

static void run(const struct tg_scenario *scenario)
{
        struct tg_case_result result;
        struct tg_error error;
        size_t steps = 0;

        for (size_t i = 0; i < scenario->case_count; i++)
                steps += scenario->cases[i].step_count;
        for (size_t i = 0; i < scenario->case_count && steps <= STEPS_MAX; i++) {
                if (tg_case_run(scenario, &scenario->cases[i], &result, &error) == 0)
                        tg_case_result_deinit(&result);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct tg_span text = tg_span_of(data, size);
        struct tg_diagnostics diagnostics = {0};
        struct tg_scenario *scenario = NULL;

        if (names_a_file(text))
                return 0;
        if (tg_scenario_parse("s.yaml", text, NULL, &diagnostics, &scenario) == 0)
                run(scenario);
        tg_scenario_free(scenario);
        tg_diagnostics_deinit(&diagnostics);
        return 0;
}
