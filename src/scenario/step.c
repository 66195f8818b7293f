/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a story: something happens, somebody wants to send something. What repeats is
 * written out, so that a run only plays.
 */
#include <stdlib.h>

#include "config/nearest.h"
#include "scenario/read.h"

enum { REPEATS_MAX = 1000, ADVICE_SIZE = 200, NAMES_MAX = 100 };

static void read_repeats(struct tg_draft *draft)
{
        tg_read_integer(&draft->reader, "times", TG_OPTIONAL, 1, REPEATS_MAX, &draft->times);
        tg_read_duration(&draft->reader, "every", TG_OPTIONAL, 0, 366 * TG_DAY_MS,
                         &draft->every_ms);
        draft->id_node = tg_read_text(&draft->reader, "id", TG_OPTIONAL, &draft->id);
}

/* A word of a touchpoint: given, left out on purpose (`~`), or that of the message it is about. */
static void read_touch_word(struct tg_draft *draft, const char *key, enum tg_scope scope,
                            struct tg_span *word)
{
        const struct tg_node *node = tg_read_node(&draft->reader, key, TG_OPTIONAL, NULL);

        if (!node)
                draft->step.unsaid |= 1U << scope;
        else if (!tg_node_is_null(node))
                tg_value_text(draft->reader.diagnostics, node, word);
}

static void read_touch_words(struct tg_draft *draft)
{
        struct tg_touchpoint *touchpoint = &draft->step.touchpoint;
        const struct tg_node *node = tg_read_node(&draft->reader, "channel", TG_OPTIONAL, NULL);
        unsigned channel = TG_CHANNEL_ABSENT;

        if (!node)
                draft->step.unsaid |= 1U << TG_SCOPE_CHANNEL;
        else if (!tg_node_is_null(node))
                tg_value_word(draft->reader.diagnostics, node, tg_channel_words.words, &channel);
        touchpoint->channel = (uint8_t)channel;
        read_touch_word(draft, "campaign", TG_SCOPE_CAMPAIGN, &touchpoint->campaign);
        read_touch_word(draft, "subject", TG_SCOPE_SUBJECT, &touchpoint->subject);
        read_touch_word(draft, "topic", TG_SCOPE_TOPIC, &touchpoint->topic);
}

static void read_what_happened(struct tg_draft *draft, const struct tg_node *customer)
{
        struct tg_touchpoint *touchpoint = &draft->step.touchpoint;
        struct tg_span who = tg_node_text(tg_node_key(customer));
        unsigned type = TG_TYPE_UNKNOWN;
        const struct tg_node *named = tg_read_word(&draft->reader, (const char *)who.data,
                                                   TG_REQUIRED, tg_type_words.words, &type);

        touchpoint->customer = who;
        touchpoint->type = (uint8_t)type;
        if (named && (type == TG_TYPE_UNKNOWN || type == TG_TYPE_PERMIT))
                tg_diagnose(draft->reader.diagnostics, named, TG_ERROR,
                            "permits come of messages: {send: a-message, to: ana, answer: permit}",
                            "this is no touchpoint that can happen");
        tg_read_bool(&draft->reader, "bot", TG_OPTIONAL, &touchpoint->bot);
}

/* The receipt of a message of the story, or one written out. */
static void read_receipt(struct tg_telling *telling, struct tg_draft *draft)
{
        struct tg_diagnostics *diagnostics = draft->reader.diagnostics;
        struct tg_receipt *receipt = &draft->step.touchpoint.receipt;
        const struct tg_node *node = tg_read_node(&draft->reader, "receipt", TG_OPTIONAL, NULL);
        struct tg_reader words;
        int64_t tag = 0;

        if (!node || tg_node_kind(node) != TG_NODE_MAPPING) {
                tg_value_bool(diagnostics, node, &draft->step.with_receipt);
                if (draft->step.with_receipt && !draft->step.of_node)
                        tg_diagnose(diagnostics, draft->node, TG_ERROR,
                                    "name the message, as in \"of: spring-ad\"",
                                    "a receipt is that of a message");
                return;
        }
        tg_reader_init(&words, diagnostics, node, "receipt");
        receipt->present =
                tg_moment_read(diagnostics, tg_read_node(&words, "time", TG_REQUIRED, "17:00"),
                               &telling->moments, &receipt->time_ms);
        tg_read_integer(&words, "tag", TG_REQUIRED, 0, UINT16_MAX, &tag);
        receipt->tag = (uint16_t)tag;
        tg_reader_finish(&words);
}

/* The message a touchpoint is about: one of the story, or any other by its id. */
static void read_of(struct tg_telling *telling, struct tg_draft *draft)
{
        struct tg_span unused;
        const struct tg_node *id;

        draft->step.of_node = tg_read_text(&draft->reader, "of", TG_OPTIONAL, &unused);
        id = tg_read_text(&draft->reader, "message_id", TG_OPTIONAL,
                          &draft->step.touchpoint.message_id);
        if (id && draft->step.of_node)
                tg_diagnose(draft->reader.diagnostics, id, TG_ERROR, "leave one of them out",
                            "\"of\" says which message it is about already");
        read_receipt(telling, draft);
}

void tg_touchpoint_step_read(struct tg_telling *telling, struct tg_draft *draft,
                             const struct tg_node *customer)
{
        struct tg_touchpoint *touchpoint = &draft->step.touchpoint;

        draft->step.kind = TG_STEP_TOUCHPOINT;
        read_what_happened(draft, customer);
        read_of(telling, draft);
        read_touch_words(draft);
        tg_body_read(draft);
        read_repeats(draft);
        for (int64_t i = 0; i < draft->times; i++) {
                touchpoint->time_ms = draft->step.at_ms;
                tg_end_read(telling->reading, draft->until, &telling->moments, touchpoint->time_ms,
                            &touchpoint->consent.until_ms);
                touchpoint->id = draft->id;
                if (!tg_span_present(draft->id))
                        touchpoint->id = tg_span_text(
                                tg_scenario_text(telling->reading->scenario, "touchpoint-%zu",
                                                 telling->story->step_count + 1));
                if (!tg_telling_append(telling, draft))
                        return;
                draft->step.at_ms += draft->every_ms;
        }
}

static const struct tg_message *find_message(struct tg_scenario_reading *reading,
                                             const struct tg_node *node, struct tg_span name)
{
        const char *names[NAMES_MAX];
        char advice[ADVICE_SIZE] = "describe it under \"messages\" at the top of the file";
        size_t count = 0;
        ptrdiff_t nearest;

        for (size_t i = 0; i < reading->message_count; i++) {
                if (tg_span_equal(tg_span_text(reading->messages[i].name), name))
                        return &reading->messages[i];
                if (count < NAMES_MAX)
                        names[count++] = reading->messages[i].name;
        }
        nearest = tg_nearest(name, names, count);
        if (nearest >= 0)
                snprintf(advice, sizeof advice, "did you mean \"%s\"?", names[nearest]);
        tg_diagnose(reading->diagnostics, node, TG_ERROR, advice, "there is no message \"%.*s\"",
                    TG_SPAN_FORMAT(name));
        return NULL;
}

/* The message that is sent: one under `messages`, or described on the spot. */
static struct tg_message read_sent(struct tg_telling *telling, struct tg_draft *draft,
                                   const struct tg_node *send)
{
        struct tg_scenario_reading *reading = telling->reading;
        struct tg_message message = {.name = "message"};
        const struct tg_message *known;
        struct tg_reader words;
        struct tg_span name;

        if (tg_node_kind(send) == TG_NODE_MAPPING) {
                tg_reader_init(&words, reading->diagnostics, send, "message");
                tg_message_read(&words, &message);
                tg_reader_finish(&words);
        } else if (tg_value_text(reading->diagnostics, send, &name)) {
                known = find_message(reading, send, name);
                message.has_channel = message.has_kind = !known;
                if (known)
                        message = *known;
        }
        tg_message_read(&draft->reader, &message);
        if (!message.has_channel || !message.has_kind)
                tg_diagnose(reading->diagnostics, send, TG_ERROR,
                            "add it to the message, as in channel: ads, kind: promotion",
                            "this message has no %s", message.has_channel ? "kind" : "channel");
        return message;
}

/* The message's own name, or with the first number behind it that is free. */
static struct tg_span free_id(struct tg_telling *telling, struct tg_draft *draft)
{
        struct tg_span id = tg_span_text(draft->name);
        bool taken = draft->number > 1 || tg_telling_find(telling->story, id) != SIZE_MAX;

        while (taken) {
                id = tg_span_text(tg_scenario_text(telling->reading->scenario, "%s-%u", draft->name,
                                                   ++draft->number));
                taken = tg_telling_find(telling->story, id) != SIZE_MAX;
        }
        return id;
}

/* The id of the draft's message was given before exactly if it is sent again. */
static void check_id(struct tg_telling *telling, struct tg_draft *draft, const struct tg_node *send)
{
        const struct tg_node *node = draft->id_node ? draft->id_node : send;
        struct tg_diagnostics *diagnostics = telling->reading->diagnostics;
        size_t found = tg_telling_find(telling->story, tg_span_text(draft->name));
        struct tg_span customer;

        if (draft->step.again && found == SIZE_MAX)
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "a message is called as in \"send\", or by its \"id\"; the second of "
                            "one name has -2 behind it",
                            "no message \"%s\" was sent before", draft->name);
        if (found == SIZE_MAX)
                return;
        customer = telling->story->steps[found].request.customer;
        if (draft->step.again && !tg_span_equal(customer, draft->step.request.customer))
                tg_diagnose(diagnostics, node, TG_ERROR, NULL,
                            "this message is for %.*s, not for %.*s", TG_SPAN_FORMAT(customer),
                            TG_SPAN_FORMAT(draft->step.request.customer));
        else if (!draft->step.again && draft->id_node)
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "give each its own id, or add \"again: true\" if it is the same one",
                            "there is a message \"%s\" in this story already", draft->name);
}

static void add_sends(struct tg_telling *telling, struct tg_draft *draft,
                      const struct tg_message *message, const struct tg_node *answer)
{
        struct tg_scenario_reading *reading = telling->reading;
        struct tg_moments moments = telling->moments;

        draft->step.kind = TG_STEP_SEND;
        for (int64_t i = 0; i < draft->times; i++) {
                struct tg_step *step;

                moments.day_ms = draft->step.at_ms;
                draft->step.request.id =
                        draft->step.again ? tg_span_text(draft->name) : free_id(telling, draft);
                tg_message_times(reading, message, &moments, draft->step.at_ms,
                                 &draft->step.request);
                step = tg_telling_append(telling, draft);
                if (!step)
                        return;
                tg_answers_read(reading, answer, &moments, telling->clock_ms, step);
                draft->step.at_ms += draft->every_ms;
        }
}

void tg_send_step_read(struct tg_telling *telling, struct tg_draft *draft,
                       const struct tg_node *send)
{
        struct tg_message message = read_sent(telling, draft, send);
        const struct tg_node *answer;
        struct tg_span customer = TG_SPAN_ABSENT;

        tg_value_text(telling->reading->diagnostics,
                      tg_read_node(&draft->reader, "to", TG_REQUIRED, "ana"), &customer);
        answer = tg_read_node(&draft->reader, "answer", TG_REQUIRED, "permit");
        tg_read_bool(&draft->reader, "again", TG_OPTIONAL, &draft->step.again);
        read_repeats(draft);
        draft->name = draft->id_node ? (const char *)draft->id.data : message.name;
        draft->step.request = message.request;
        draft->step.request.customer = customer;
        check_id(telling, draft, send);
        add_sends(telling, draft, &message, answer);
}
