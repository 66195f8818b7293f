/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a scenario, and what a step says about the one it sends.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "scenario/read.h"

static void read_word(struct tg_reader *reader, const char *key, const struct tg_words *words,
                      uint8_t *value, bool *given)
{
        unsigned word;

        if (!tg_read_word(reader, key, TG_OPTIONAL, words->words, &word))
                return;
        *value = (uint8_t)word;
        *given = true;
}

/* A text, or nothing (`~`) where there was one. */
static void read_text(struct tg_reader *reader, const char *key, struct tg_span *value)
{
        const struct tg_node *node = tg_read_node(reader, key, TG_OPTIONAL, NULL);

        if (node && tg_node_is_null(node))
                *value = TG_SPAN_ABSENT;
        else
                tg_value_text(reader->diagnostics, node, value);
}

/* What may be sent instead; what it does not say is as requested. `~`: nothing. */
static void read_general(struct tg_reader *reader, struct tg_general *general)
{
        const struct tg_node *node = tg_read_node(reader, "general", TG_OPTIONAL, NULL);
        struct tg_reader words;

        if (!node)
                return;
        *general = (struct tg_general){.payload = tg_span_text("")};
        if (tg_node_is_null(node))
                return;
        general->present = true;
        tg_reader_init(&words, reader->diagnostics, node, "general");
        read_text(&words, "campaign", &general->campaign);
        read_text(&words, "topic", &general->topic);
        tg_reader_finish(&words);
}

void tg_message_read(struct tg_reader *reader, struct tg_message *message)
{
        struct tg_request *request = &message->request;
        const struct tg_node *expires, *about;
        int64_t priority = request->priority;
        bool unused;

        read_word(reader, "channel", &tg_channel_words, &request->channel, &message->has_channel);
        read_word(reader, "kind", &tg_kind_words, &request->kind, &message->has_kind);
        read_word(reader, "class", &tg_class_words, &request->class, &unused);
        read_text(reader, "campaign", &request->campaign);
        read_text(reader, "subject", &request->subject);
        read_text(reader, "category", &request->category);
        read_text(reader, "topic", &request->topic);
        read_text(reader, "segment", &request->segment);
        read_text(reader, "purpose", &request->purpose);
        tg_read_integer(reader, "priority", TG_OPTIONAL, INT32_MIN, INT32_MAX, &priority);
        request->priority = (int32_t)priority;
        read_general(reader, &request->general);
        expires = tg_read_node(reader, "expires", TG_OPTIONAL, NULL);
        about = tg_read_node(reader, "about", TG_OPTIONAL, NULL);
        if (expires)
                message->expires = expires;
        if (about)
                message->about = about;
}

void tg_messages_read(struct tg_scenario_reading *reading, struct tg_reader *reader)
{
        const struct tg_node *list = tg_read_node(reader, "messages", TG_OPTIONAL, NULL);
        struct tg_reader all;

        tg_reader_init(&all, reading->diagnostics, list, "messages");
        if (!all.node)
                return;
        reading->messages = tg_allocate_zeroed(tg_node_count(list), sizeof reading->messages[0]);
        for (const struct tg_node *node = tg_node_first(list); node; node = tg_node_next(node)) {
                struct tg_message *message = &reading->messages[reading->message_count++];
                struct tg_reader words;

                message->name = (const char *)tg_node_text(tg_node_key(node)).data;
                tg_reader_init(&words, reading->diagnostics, node, "message");
                tg_message_read(&words, message);
                tg_reader_finish(&words);
        }
}

void tg_end_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                 const struct tg_moments *moments, int64_t from_ms, int64_t *ret_ms)
{
        struct tg_span text = node ? tg_node_text(node) : TG_SPAN_ABSENT;
        int64_t after_ms;

        *ret_ms = TG_NO_TIME;
        if (tg_span_present(text) &&
            tg_duration_parse((const char *)text.data, text.size, &after_ms) == 0 &&
            !__builtin_add_overflow(from_ms, after_ms, ret_ms))
                return;
        if (node)
                tg_moment_read(reading->diagnostics, node, moments, ret_ms);
}

/* {interaction: 2026-03-01 14:00} */
static void read_about(struct tg_scenario_reading *reading, const struct tg_node *node,
                       const struct tg_moments *moments, struct tg_request *request)
{
        static const char advice[] = "write what happened and when: {interaction: 14:00}";
        const struct tg_node *when = node ? tg_node_first(node) : NULL;
        struct tg_about *about = &request->about;
        unsigned type;

        if (!node)
                return;
        if (tg_node_kind(node) != TG_NODE_MAPPING || tg_node_count(node) != 1) {
                tg_diagnose(reading->diagnostics, node, TG_ERROR, advice,
                            "a message is about one touchpoint");
                return;
        }
        if (tg_value_word(reading->diagnostics, tg_node_key(when), tg_type_words.words, &type) &&
            tg_moment_read(reading->diagnostics, when, moments, &about->time_ms)) {
                about->type = (uint8_t)type;
                about->present = true;
        }
}

void tg_message_times(struct tg_scenario_reading *reading, const struct tg_message *message,
                      const struct tg_moments *moments, int64_t at_ms, struct tg_request *request)
{
        request->time_ms = at_ms;
        tg_end_read(reading, message->expires, moments, at_ms, &request->expires_ms);
        read_about(reading, message->about, moments, request);
}
