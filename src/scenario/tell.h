/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came out differently, in words: answers as a person would write them into the scenario.
 * Private to the running of cases.
 */
#pragma once

#include "scenario/run.h"

enum { TG_TOLD_ANSWERS_MAX = 4 }; /* more than a message ever has, so that too many would show */

/* The answers to the message of STEP aren't the expected ones. */
void tg_tell_answers(struct tg_case_result *result, const struct tg_policy *policy,
                     const struct tg_step *step, const struct tg_decision *const *answers,
                     size_t count);

/* STEP carries the receipt of a message that was never permitted. */
void tg_tell_no_receipt(struct tg_case_result *result, const struct tg_step *step,
                        const struct tg_step *sent);

/* Something became a dead letter, for the reason told in DETAIL. */
void tg_tell_rejection(struct tg_case_result *result, uint32_t line, const char *detail);
