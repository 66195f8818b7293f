/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/names.h"

#include <inttypes.h>

#include "rules/evaluate.h"

static const char advice[] = "decisions give this name as the reason: let each have its own";

static void tell_taken(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                       const char *name, const char *what, const struct tg_node *taken)
{
        tg_diagnose(diagnostics, node, TG_ERROR, advice,
                    "there is a %s \"%s\" already, in line %" PRIu32, what, name,
                    tg_node_place(taken).line);
}

void tg_name_check(const struct tg_policy *policy, struct tg_diagnostics *diagnostics,
                   const struct tg_node *node, const char *name)
{
        for (size_t i = 0; i < policy->rule_count; i++) {
                if (strcmp(policy->rules[i].name, name) == 0)
                        tell_taken(diagnostics, node, name, "rule", policy->rules[i].node);
        }
        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (strcmp(policy->throttles[i].name, name) == 0)
                        tell_taken(diagnostics, node, name, "throttle", policy->throttles[i].node);
        }
        for (unsigned reason = 0; reason < TG_GATE_REASONS; reason++) {
                if (strcmp(tg_gate_reason_text((enum tg_gate_reason)reason), name) == 0)
                        tg_diagnose(diagnostics, node, TG_ERROR, advice,
                                    "\"%s\" is a reason of the gate itself", name);
        }
}
