/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `touchgate check` says of a policy without mistakes: the memory it takes, the counters it
 * uses, and how long its topics must be kept.
 */
#pragma once

#include <stdio.h>

#include "rules/policy.h"

struct json_t;

/* For people. */
void tg_check_report_print(const struct tg_policy *policy, FILE *file);

/* The same as an object. Returns a new reference. */
struct json_t *tg_check_report_json(const struct tg_policy *policy);
