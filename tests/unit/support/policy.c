/* SPDX-License-Identifier: Apache-2.0 */
#include "support/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct tg_policy *policy_after(const struct tg_policy *running, const char *lines)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        char *yaml;

        cr_assert(asprintf(&yaml, "policy: test\n%s", lines) > 0);
        if (running)
                tg_policy_parse_next("p.yaml", tg_span_text(yaml), 0, running, &diagnostics,
                                     &policy);
        else
                tg_policy_parse("p.yaml", tg_span_text(yaml), 0, &diagnostics, &policy);
        if (!policy)
                tg_diagnostics_print(&diagnostics, stderr, false);
        cr_assert_not_null(policy);
        tg_diagnostics_deinit(&diagnostics);
        free(yaml);
        return policy;
}

struct tg_policy *policy_of(const char *lines)
{
        return policy_after(NULL, lines);
}
