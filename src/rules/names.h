/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that decisions give as their reasons: every rule and throttle has one of its own.
 */
#pragma once

#include "rules/policy.h"

/* Tells at NODE who has NAME already: a rule or throttle of POLICY, so far, or the gate itself. */
void tg_name_check(const struct tg_policy *policy, struct tg_diagnostics *diagnostics,
                   const struct tg_node *node, const char *name);
