/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a story expects:
 *
 *     answer: permit
 *     answer: {deny: retarget-30-days}
 *     answer: [{defer: 17:00, because: {ads-weekly: 10 of 10}}, permit]
 *     answer: {permit: general, because: retarget-30-days}
 *     answer: {repeat: permit}
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/nearest.h"
#include "rules/evaluate.h"
#include "scenario/read.h"

enum { ADVICE_SIZE = 300, SOURCES_MAX = TG_REASONS_MAX };

/* Everything that belongs to reading one answer. */
struct answering {
        struct tg_scenario_reading *reading;
        const struct tg_moments *moments;
        struct tg_expected_answer *answer;
        int64_t now_ms;
        bool again; /* the message was sent before */
};

static void name_advice(const struct tg_policy *policy, struct tg_span text,
                        char advice[static ADVICE_SIZE])
{
        const char *names[SOURCES_MAX];
        size_t count = tg_reason_sources(policy), used;
        ptrdiff_t nearest;

        for (size_t i = 0; i < count; i++)
                names[i] = tg_reason_source_name(policy, i);
        nearest = tg_nearest(text, names, count);
        if (nearest >= 0) {
                snprintf(advice, ADVICE_SIZE, "did you mean \"%s\"?", names[nearest]);
                return;
        }
        used = (size_t)snprintf(advice, ADVICE_SIZE, "it has: ");
        for (size_t i = 0; i < count && used < ADVICE_SIZE; i++)
                used += (size_t)snprintf(advice + used, ADVICE_SIZE - used, "%s%s", i ? ", " : "",
                                         names[i]);
}

/* Adds the rule that NODE names; NULL: told. */
static struct tg_expected_reason *add_reason(struct answering *answering,
                                             const struct tg_node *node)
{
        const struct tg_policy *policy = answering->reading->scenario->policy;
        struct tg_expected_answer *answer = answering->answer;
        struct tg_diagnostics *diagnostics = answering->reading->diagnostics;
        char advice[ADVICE_SIZE];
        struct tg_span name;

        if (!tg_value_text(diagnostics, node, &name) || !policy)
                return NULL;
        if (answer->reason_count == TG_SCENARIO_REASONS_MAX) {
                tg_diagnose(diagnostics, node, TG_ERROR, NULL, "more than %d reasons",
                            TG_SCENARIO_REASONS_MAX);
                return NULL;
        }
        for (size_t source = 0; source < tg_reason_sources(policy); source++) {
                if (strcmp((const char *)name.data, tg_reason_source_name(policy, source)) == 0) {
                        struct tg_expected_reason *reason = &answer->reasons[answer->reason_count];

                        answer->reason_count++;
                        *reason = (struct tg_expected_reason){source, TG_NO_COUNT, TG_NO_COUNT,
                                                              TG_NO_TIME, false};
                        return reason;
                }
        }
        name_advice(policy, name, advice);
        tg_diagnose(diagnostics, node, TG_ERROR, advice, "the policy has no rule \"%.*s\"",
                    TG_SPAN_FORMAT(name));
        return NULL;
}

/* "10 of 10", "until 17:00", "10 of 10 until 17:00", "never". */
static void read_said(struct answering *answering, const struct tg_node *node,
                      struct tg_expected_reason *reason)
{
        static const char advice[] = "write \"10 of 10\", \"until 17:00\", \"never\", or the first "
                                     "with one of the others behind it";
        struct tg_diagnostics *diagnostics = answering->reading->diagnostics;
        const char *text;
        struct tg_span span;
        int64_t counter, limit;
        int used = 0;

        if (!tg_value_text(diagnostics, node, &span))
                return;
        text = (const char *)span.data;
        if (sscanf(text, "%" SCNd64 " of %" SCNd64 "%n", &counter, &limit, &used) == 2) {
                reason->counter = counter;
                reason->limit = limit;
                text += used;
                text += strspn(text, " ");
                if (*text == '\0')
                        return;
        }
        if (strcmp(text, "never") == 0) {
                reason->until_ms = TG_NEVER;
                reason->until_given = true;
        } else if (strncmp(text, "until ", 6) == 0) {
                reason->until_given = tg_moment_parse(diagnostics, node, tg_span_text(text + 6),
                                                      answering->moments, &reason->until_ms);
        } else {
                tg_diagnose(diagnostics, node, TG_ERROR, advice, "\"%s\" is nothing a rule says",
                            (const char *)span.data);
        }
}

/* {name: what it says, ...} */
static void read_sayings(struct answering *answering, const struct tg_node *node)
{
        for (const struct tg_node *said = tg_node_first(node); said; said = tg_node_next(said)) {
                struct tg_expected_reason *reason = add_reason(answering, tg_node_key(said));

                if (reason)
                        read_said(answering, said, reason);
        }
}

/* A name, {name: what it says}, or a list of these. */
static void read_reasons(struct answering *answering, const struct tg_node *node)
{
        bool list = node && tg_node_kind(node) == TG_NODE_SEQUENCE;
        const struct tg_node *item = list ? tg_node_first(node) : node;

        if (node && !item)
                tg_diagnose(answering->reading->diagnostics, node, TG_ERROR,
                            "name the rule, as in {deny: ads-weekly}",
                            "a message is never held back without a reason");
        for (; item; item = list ? tg_node_next(item) : NULL) {
                if (tg_node_kind(item) == TG_NODE_MAPPING)
                        read_sayings(answering, item);
                else
                        add_reason(answering, item);
        }
}

static void read_moment(struct answering *answering, const struct tg_node *node, int64_t *ret_ms)
{
        tg_moment_read(answering->reading->diagnostics, node, answering->moments, ret_ms);
}

static void read_at(struct answering *answering, struct tg_reader *reader)
{
        read_moment(answering, tg_read_node(reader, "at", TG_OPTIONAL, NULL),
                    &answering->answer->at_ms);
}

static void read_because(struct answering *answering, struct tg_reader *reader)
{
        read_reasons(answering, tg_read_node(reader, "because", TG_REQUIRED, "ads-weekly"));
}

static void read_variant(struct answering *answering, struct tg_reader *reader)
{
        static const char *const words[] = {"general", NULL};
        unsigned word;

        if (tg_read_word(reader, "variant", TG_OPTIONAL, words, &word))
                answering->answer->variant = TG_VARIANT_GENERAL;
}

/* {permit: 17:00}, or {permit: general} with what was said against the message itself. */
static void read_permit(struct answering *answering, struct tg_reader *reader,
                        const struct tg_node *node)
{
        answering->answer->outcome = TG_PERMIT;
        if (!tg_span_equal(tg_node_text(node), tg_span_text("general"))) {
                read_moment(answering, node, &answering->answer->at_ms);
                return;
        }
        answering->answer->variant = TG_VARIANT_GENERAL;
        read_at(answering, reader);
        read_because(answering, reader);
}

static void read_deny(struct answering *answering, struct tg_reader *reader,
                      const struct tg_node *node)
{
        answering->answer->outcome = TG_DENY;
        read_reasons(answering, node);
        read_at(answering, reader);
        read_variant(answering, reader);
}

static void read_defer(struct answering *answering, struct tg_reader *reader,
                       const struct tg_node *node)
{
        answering->answer->outcome = TG_DEFER;
        read_moment(answering, node, &answering->answer->until_ms);
        read_because(answering, reader);
        read_variant(answering, reader);
}

/* {repeat: defer, until: 17:00, at: 12:00}: what the same request was answered before, and when. */
static void read_repeat(struct answering *answering, struct tg_reader *reader,
                        const struct tg_node *node)
{
        static const char *const words[] = {"permit", "deny", "defer", NULL};
        static const enum tg_outcome outcomes[] = {TG_PERMIT, TG_DENY, TG_DEFER};
        struct tg_diagnostics *diagnostics = answering->reading->diagnostics;
        struct tg_expected_answer *answer = answering->answer;
        unsigned word = 0;

        if (!answering->again)
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "add \"again: true\" to the step, if it is the same request",
                            "only a message that is sent again repeats an answer");
        tg_value_word(diagnostics, node, words, &word);
        answer->outcome = outcomes[word];
        answer->repeat = true;
        answer->told_ms = answering->now_ms;
        read_at(answering, reader);
        if (answer->outcome == TG_DEFER)
                read_moment(answering, tg_read_node(reader, "until", TG_REQUIRED, "17:00"),
                            &answer->until_ms);
}

static bool read_mapping(struct answering *answering, const struct tg_node *node)
{
        static const struct {
                const char *key;
                void (*read)(struct answering *, struct tg_reader *, const struct tg_node *);
        } kinds[] = {
                {"permit", read_permit},
                {"deny", read_deny},
                {"defer", read_defer},
                {"repeat", read_repeat},
        };
        struct tg_diagnostics *diagnostics = answering->reading->diagnostics;
        struct tg_reader reader;
        size_t count = 0;

        tg_reader_init(&reader, diagnostics, node, "answer");
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                const struct tg_node *value =
                        tg_read_node(&reader, kinds[i].key, TG_OPTIONAL, NULL);

                if (value && count++ == 0)
                        kinds[i].read(answering, &reader, value);
        }
        if (count != 1) {
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "begin it with one of these, as in {deny: ads-weekly}",
                            "an answer is permit, deny, defer or repeat");
                return false;
        }
        tg_reader_finish(&reader);
        return true;
}

static bool read_answer(struct answering *answering, const struct tg_node *node)
{
        static const char *const words[] = {"permit", "deny", "defer", NULL};
        struct tg_diagnostics *diagnostics = answering->reading->diagnostics;
        unsigned word;

        if (tg_node_kind(node) == TG_NODE_MAPPING)
                return read_mapping(answering, node);
        if (!tg_value_word(diagnostics, node, words, &word))
                return false;
        answering->answer->outcome = TG_PERMIT;
        if (word == 1)
                tg_diagnose(diagnostics, node, TG_ERROR, "write {deny: <the rule>}",
                            "a denial needs its reason");
        else if (word == 2)
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "write {defer: <until when>, because: <the rule>}",
                            "a deferral needs its time and its reason");
        return word == 0;
}

/* An answer that says no time comes at once, or when the deferral before it ends. */
static void default_times(struct tg_step *step, int64_t now_ms)
{
        int64_t at_ms = now_ms;

        for (size_t i = 0; i < step->answer_count; i++) {
                if (step->answers[i].at_ms == TG_NO_TIME && !step->answers[i].repeat)
                        step->answers[i].at_ms = at_ms;
                at_ms = step->answers[i].until_ms;
        }
}

void tg_answers_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                     const struct tg_moments *moments, int64_t now_ms, struct tg_step *step)
{
        const struct tg_node *item = node;

        if (node && tg_node_kind(node) == TG_NODE_SEQUENCE)
                item = tg_node_first(node);
        if (node && !item)
                tg_diagnose(reading->diagnostics, node, TG_ERROR,
                            "say what must come of it: permit, {deny: ...} or {defer: ...}",
                            "an empty list is no answer");
        for (; item; item = node == item ? NULL : tg_node_next(item)) {
                struct tg_expected_answer *answer = &step->answers[step->answer_count];
                struct answering answering = {reading, moments, answer, now_ms, step->again};

                if (step->answer_count == TG_ANSWERS_MAX ||
                    (step->answer_count == 1 &&
                     (step->answers[0].outcome != TG_DEFER || step->answers[0].repeat))) {
                        tg_diagnose(reading->diagnostics, item, TG_ERROR,
                                    "a message has one answer, or first defer and then the end",
                                    "nothing comes after this message's end");
                        return;
                }
                *answer = (struct tg_expected_answer){
                        .variant = TG_VARIANT_AS_REQUESTED,
                        .at_ms = TG_NO_TIME,
                        .until_ms = TG_NO_TIME,
                };
                if (!read_answer(&answering, item))
                        return;
                if (step->answer_count++ == 1 && answer->outcome == TG_DEFER)
                        tg_diagnose(reading->diagnostics, item, TG_ERROR,
                                    "write until when it waits at first, and then how it ends",
                                    "a message is told to wait once, however long it then waits");
        }
        default_times(step, now_ms);
}
