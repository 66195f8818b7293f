/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case: its story, in the order in which it is told.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "scenario/read.h"

/* The keys of steps: what is none of them is a customer. */
static const char *const step_keys[] = {
        "at",
        "send",
        "to",
        "answer",
        "id",
        "times",
        "every",
        "late",
        "of",
        "receipt",
        "bot",
        "channel",
        "kind",
        "class",
        "topic",
        "campaign",
        "subject",
        "segment",
        "category",
        "purpose",
        "expires",
        "about",
        "priority",
        "general",
        "again",
        "together",
        "granted",
        "implied",
        "until",
        "message_id",
        "source",
        "identity_level",
        "shared_device",
        "gift",
        "attributes",
        "key",
        "value",
        "time_zone",
        "country",
        "region",
        "postal_code",
        "phone_prefix",
        "language",
        "tier",
        "household",
        "canonical",
};
enum { STEP_KEYS = sizeof step_keys / sizeof step_keys[0] };

static bool is_step_key(struct tg_span key)
{
        for (size_t i = 0; i < STEP_KEYS; i++) {
                if (tg_span_equal(key, tg_span_text(step_keys[i])))
                        return true;
        }
        return false;
}

static bool is_type(struct tg_span word)
{
        for (unsigned i = 0; i < TG_TYPES; i++) {
                if (tg_span_equal(word, tg_span_text(tg_type_words.words[i])))
                        return true;
        }
        return false;
}

/* "ana: view": the one key that is no word of ours; of several, the one that says what happened. */
static const struct tg_node *find_customer(const struct tg_node *node)
{
        const struct tg_node *found = NULL;

        for (const struct tg_node *child = tg_node_first(node); child;
             child = tg_node_next(child)) {
                if (is_step_key(tg_node_text(tg_node_key(child))))
                        continue;
                if (!found || (is_type(tg_node_text(child)) && !is_type(tg_node_text(found))))
                        found = child;
        }
        /* Somebody misspelt "send". */
        if (found && !is_type(tg_node_text(found)) && tg_node_find(node, "to"))
                return NULL;
        return found;
}

size_t tg_telling_find(const struct tg_case *story, struct tg_span id)
{
        for (size_t i = 0; i < story->step_count; i++) {
                const struct tg_step *step = &story->steps[i];

                if (step->kind == TG_STEP_SEND && tg_span_equal(step->request.id, id))
                        return i;
        }
        return SIZE_MAX;
}

/* Only facts: what is asked in the same batch has its place behind them anyway. */
static void read_together(struct tg_telling *telling, struct tg_draft *draft)
{
        const struct tg_node *node =
                tg_read_bool(&draft->reader, "together", TG_OPTIONAL, &draft->step.together);

        if (!draft->step.together)
                return;
        if (tg_node_find(draft->node, "to") || !find_customer(draft->node))
                tg_diagnose(telling->reading->diagnostics, node, TG_ERROR,
                            "put the message first, and then what is read together with it",
                            "only what happens to somebody is read together with the step before");
        else if (telling->story->step_count == 0)
                tg_diagnose(telling->reading->diagnostics, node, TG_ERROR, NULL,
                            "there is no step before this one");
}

/* When the step is; told if it is before what was read already, unless that is meant. */
static void read_when(struct tg_telling *telling, struct tg_draft *draft)
{
        struct tg_diagnostics *diagnostics = telling->reading->diagnostics;
        const struct tg_node *at =
                tg_read_node(&draft->reader, "at", TG_REQUIRED, "2026-03-01 12:00");
        char text[TG_TIME_TEXT_SIZE];
        bool late = false;

        tg_read_bool(&draft->reader, "late", TG_OPTIONAL, &late);
        read_together(telling, draft);
        if (!tg_moment_read(diagnostics, at, &telling->moments, &draft->step.at_ms))
                return;
        if (draft->step.at_ms < telling->clock_ms && !late && !draft->step.together) {
                tg_diagnose(diagnostics, at, TG_ERROR,
                            "put it in its place, or add \"late: true\" if it is read late",
                            "it is %s already", tg_moment_text(telling->clock_ms, text));
                return;
        }
        if (telling->moments.first_ms == TG_NO_TIME)
                telling->moments.first_ms = draft->step.at_ms;
        telling->moments.day_ms = draft->step.at_ms;
}

/* Appends one of the draft's repeats. */
struct tg_step *tg_telling_append(struct tg_telling *telling, const struct tg_draft *draft)
{
        struct tg_case *story = telling->story;
        struct tg_step *step;

        if (story->step_count == TG_SCENARIO_STEPS_MAX) {
                tg_diagnose(telling->reading->diagnostics, draft->node, TG_ERROR, NULL,
                            "a case of more than %d steps", TG_SCENARIO_STEPS_MAX);
                return NULL;
        }
        if ((story->step_count & (story->step_count - 1)) == 0)
                story->steps = tg_reallocate(story->steps,
                                             (2 * story->step_count + 1) * sizeof story->steps[0]);
        step = &story->steps[story->step_count++];
        *step = draft->step;
        if (telling->clock_ms < step->at_ms)
                telling->clock_ms = step->at_ms;
        return step;
}

/* A message is to be sent, but "send" is missing or misspelt: that is what is told. */
static void expect_send(struct tg_reader *reader)
{
        tg_read_node(reader, "send", TG_REQUIRED, "spring-ad");
        for (size_t i = 0; i < STEP_KEYS; i++)
                tg_read_node(reader, step_keys[i], TG_OPTIONAL, NULL);
}

static void read_step(struct tg_telling *telling, const struct tg_node *node)
{
        struct tg_draft draft = {
                .node = node,
                .step = {.line = tg_node_place(node).line, .of = SIZE_MAX},
                .number = 1,
                .times = 1,
        };
        const struct tg_node *send, *customer = NULL;

        tg_reader_init(&draft.reader, telling->reading->diagnostics, node, "step");
        if (!draft.reader.node)
                return;
        read_when(telling, &draft);
        send = tg_read_node(&draft.reader, "send", TG_OPTIONAL, NULL);
        if (!send)
                customer = find_customer(node);
        if (send)
                tg_send_step_read(telling, &draft, send);
        else if (customer)
                tg_touchpoint_step_read(telling, &draft, customer);
        else if (tg_node_find(node, "to"))
                expect_send(&draft.reader);
        else
                tg_telling_append(telling, &draft);
        tg_reader_finish(&draft.reader);
}

/* A touchpoint says of the message it is about what it did not say itself. */
static void take_over(struct tg_step *step, const struct tg_request *request)
{
        struct tg_touchpoint *touchpoint = &step->touchpoint;

        if (step->unsaid & 1U << TG_SCOPE_CHANNEL)
                touchpoint->channel = request->channel;
        if (step->unsaid & 1U << TG_SCOPE_CAMPAIGN)
                touchpoint->campaign = request->campaign;
        if (step->unsaid & 1U << TG_SCOPE_SUBJECT)
                touchpoint->subject = request->subject;
        if (step->unsaid & 1U << TG_SCOPE_TOPIC)
                touchpoint->topic = request->topic;
}

/* Finds the message that a step is about: it may be sent later in the story. */
static void resolve(struct tg_telling *telling, struct tg_step *step)
{
        struct tg_diagnostics *diagnostics = telling->reading->diagnostics;
        const struct tg_request *request;
        char id[TG_MESSAGE_ID_SIZE + 1];

        step->of = tg_telling_find(telling->story, tg_node_text(step->of_node));
        if (step->of == SIZE_MAX) {
                tg_diagnose(
                        diagnostics, step->of_node, TG_ERROR,
                        "a message is called as in \"send\", or by its \"id\"; the second of one "
                        "name has -2 behind it",
                        "no message \"%.*s\" is sent in this story",
                        TG_SPAN_FORMAT(tg_node_text(step->of_node)));
                return;
        }
        request = &telling->story->steps[step->of].request;
        if (!tg_span_equal(request->customer, step->touchpoint.customer))
                tg_diagnose(diagnostics, step->of_node, TG_ERROR, NULL,
                            "this message is for %.*s, not for %.*s",
                            TG_SPAN_FORMAT(request->customer),
                            TG_SPAN_FORMAT(step->touchpoint.customer));
        take_over(step, request);
        tg_message_id(request->customer, request->id, id);
        step->touchpoint.message_id =
                tg_span_text(tg_scenario_text(telling->reading->scenario, "%s", id));
}

void tg_case_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                  struct tg_case *ret_case)
{
        struct tg_telling telling = {reading, ret_case, {TG_NO_TIME, TG_NO_TIME}, TG_NO_TIME};
        struct tg_span name = tg_span_text("");
        const struct tg_node *story;
        struct tg_reader reader;

        tg_reader_init(&reader, reading->diagnostics, node, "case");
        tg_read_text(&reader, "case", TG_REQUIRED, &name);
        ret_case->name = (const char *)name.data;
        ret_case->line = tg_node_place(node).line;
        story = tg_read_sequence(&reader, "story", TG_REQUIRED);
        for (const struct tg_node *step = story ? tg_node_first(story) : NULL; step;
             step = tg_node_next(step))
                read_step(&telling, step);
        for (size_t i = 0; i < ret_case->step_count; i++) {
                if (ret_case->steps[i].of_node)
                        resolve(&telling, &ret_case->steps[i]);
        }
        tg_reader_finish(&reader);
}
