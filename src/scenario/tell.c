/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rules/evaluate.h"
#include "scenario/read.h"

/* Texts grow in memory; closing one gives it to its owner. */
struct telling {
        FILE *file;
        char *text;
        size_t size;
};

static void open_telling(struct telling *telling)
{
        *telling = (struct telling){0};
        telling->file = open_memstream(&telling->text, &telling->size);
        if (!telling->file)
                abort(); /* out of memory */
}

static char *close_telling(struct telling *telling)
{
        fclose(telling->file);
        return telling->text;
}

static void add_difference(struct tg_case_result *result, uint32_t line, char *message,
                           char *expected, char *happened)
{
        result->differences = tg_reallocate(result->differences,
                                            (result->count + 1) * sizeof result->differences[0]);
        result->differences[result->count++] =
                (struct tg_difference){line, message, expected, happened};
}

static void tell_reason(FILE *file, const char *separator, const char *name, int64_t counter,
                        int64_t limit, int64_t until_ms, bool until_given)
{
        char text[TG_TIME_TEXT_SIZE];

        fprintf(file, "%s%s", separator, name);
        separator = ": ";
        if (counter != TG_NO_COUNT) {
                fprintf(file, "%s%" PRId64 " of %" PRId64, separator, counter, limit);
                separator = " ";
        }
        if (until_given && until_ms == TG_NEVER)
                fprintf(file, "%snever", separator);
        else if (until_given)
                fprintf(file, "%suntil %s", separator, tg_moment_text(until_ms, text));
}

/* "permit at 12:00", "defer (general) at 12:00, until 13:00", "repeat at 12:30 of deny at 12:00" */
static void tell_head(FILE *file, const struct tg_expected_answer *answer)
{
        char text[TG_TIME_TEXT_SIZE];

        if (answer->repeat)
                fprintf(file, "repeat at %s of ", tg_moment_text(answer->told_ms, text));
        fprintf(file, "%s%s", tg_word(&tg_outcome_words, answer->outcome),
                answer->variant == TG_VARIANT_GENERAL ? " (general)" : "");
        if (answer->at_ms != TG_NO_TIME)
                fprintf(file, " at %s", tg_moment_text(answer->at_ms, text));
        if (answer->outcome == TG_DEFER)
                fprintf(file, ", until %s", tg_moment_text(answer->until_ms, text));
}

/* Whether a message still waits after this answer, as far as it is known from it. */
static bool waits(const struct tg_expected_answer *answer)
{
        return answer->outcome == TG_DEFER && !answer->repeat;
}

static char *tell_expected(const struct tg_policy *policy, const struct tg_step *step)
{
        struct telling telling;

        open_telling(&telling);
        for (size_t i = 0; i < step->answer_count; i++) {
                const struct tg_expected_answer *answer = &step->answers[i];

                if (i > 0)
                        fputs("\nthen ", telling.file);
                tell_head(telling.file, answer);
                for (size_t k = 0; k < answer->reason_count; k++) {
                        const struct tg_expected_reason *reason = &answer->reasons[k];

                        tell_reason(telling.file, k ? "; " : ", because ",
                                    tg_reason_source_name(policy, reason->source), reason->counter,
                                    reason->limit, reason->until_ms, reason->until_given);
                }
        }
        if (waits(&step->answers[step->answer_count - 1]))
                fputs("\nand it still waits when the story ends", telling.file);
        return close_telling(&telling);
}

static char *tell_happened(const struct tg_policy *policy, const struct tg_decision *const *answers,
                           size_t count)
{
        struct tg_expected_answer given = {0};
        struct telling telling;

        open_telling(&telling);
        if (count == 0)
                fputs("nothing", telling.file);
        for (size_t i = 0; i < count; i++) {
                const struct tg_decision *answer = answers[i];

                if (i > 0)
                        fputs("\nthen ", telling.file);
                given = (struct tg_expected_answer){
                        .outcome = answer->outcome,
                        .variant = answer->variant,
                        .repeat = answer->repeat,
                        .told_ms = answer->told_ms,
                        .at_ms = answer->time_ms,
                        .until_ms = answer->until_ms,
                };
                tell_head(telling.file, &given);
                for (size_t k = 0; k < answer->reason_count; k++) {
                        const struct tg_reason *reason = &answer->reasons[k];
                        bool by_gate =
                                reason->source >= policy->rule_count + policy->throttle_count;

                        tell_reason(telling.file, k ? "; " : ", because ", reason->rule,
                                    reason->counter, reason->limit, reason->until_ms, !by_gate);
                }
        }
        if (waits(&given))
                fputs("\nand it still waits when the story ends", telling.file);
        return close_telling(&telling);
}

void tg_tell_answers(struct tg_case_result *result, const struct tg_policy *policy,
                     const struct tg_step *step, const struct tg_decision *const *answers,
                     size_t count)
{
        char text[TG_TIME_TEXT_SIZE];
        struct telling message;

        open_telling(&message);
        fprintf(message.file, "%.*s to %.*s, sent at %s", TG_SPAN_FORMAT(step->request.id),
                TG_SPAN_FORMAT(step->request.customer), tg_moment_text(step->at_ms, text));
        add_difference(result, step->line, close_telling(&message), tell_expected(policy, step),
                       tell_happened(policy, answers, count));
}

void tg_tell_no_receipt(struct tg_case_result *result, const struct tg_step *step,
                        const struct tg_step *sent)
{
        static const char expected[] = "a receipt of the message it is about";
        struct telling message, happened;

        open_telling(&message);
        fprintf(message.file, "%s of %.*s", tg_word(&tg_type_words, step->touchpoint.type),
                TG_SPAN_FORMAT(step->touchpoint.customer));
        open_telling(&happened);
        fprintf(happened.file, "%.*s, sent in line %u, was not permitted",
                TG_SPAN_FORMAT(sent->request.id), sent->line);
        add_difference(result, step->line, close_telling(&message),
                       tg_duplicate(expected, sizeof expected - 1), close_telling(&happened));
}

void tg_tell_rejection(struct tg_case_result *result, uint32_t line, const char *detail)
{
        static const char message[] = "a step of this story";
        static const char expected[] = "a record that can be read";

        add_difference(result, line, tg_duplicate(message, sizeof message - 1),
                       tg_duplicate(expected, sizeof expected - 1),
                       tg_duplicate(detail, strlen(detail)));
}
