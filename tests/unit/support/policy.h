/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of tests, in a few lines of YAML that must compile: what is wrong with them is printed,
 * and the test fails.
 */
#pragma once

#include "rules/policy.h"

/* A policy of these lines; the first, its name, is made up. For tg_policy_free(). */
struct tg_policy *policy_of(const char *lines);

/* The same for one that follows RUNNING. */
struct tg_policy *policy_after(const struct tg_policy *running, const char *lines);
