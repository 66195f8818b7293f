/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/retention.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/memory.h"

enum { ANSWER_MARGIN_MS = 1000, TEXT_SIZE = 512, COMMAND_SIZE = 640 };

/* What a topic has and should have, as lists of properties. */
struct shortfall {
        struct tg_buffer has;
        struct tg_buffer needs;
        struct tg_buffer change; /* "retention.ms=-1,cleanup.policy=delete" */
};

static void shortfall_deinit(struct shortfall *shortfall)
{
        tg_buffer_deinit(&shortfall->has);
        tg_buffer_deinit(&shortfall->needs);
        tg_buffer_deinit(&shortfall->change);
}

static void list(struct tg_buffer *items, const char *separator, const char *item)
{
        if (items->size)
                tg_buffer_append(items, separator, strlen(separator));
        tg_buffer_append(items, item, strlen(item));
}

static const char *value_of(const rd_kafka_ConfigResource_t *topic, const char *name)
{
        size_t count;
        const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topic, &count);

        for (size_t i = 0; i < count; i++)
                if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
                        return rd_kafka_ConfigEntry_value(entries[i]);
        return NULL;
}

static void compare(const struct tg_topic_need *need, const rd_kafka_ConfigResource_t *topic,
                    struct shortfall *shortfall)
{
        char text[TG_TOPIC_CONFIG_TEXT_SIZE];

        for (size_t i = 0; i < need->count; i++) {
                const struct tg_topic_config *config = &need->configs[i];
                const char *value = value_of(topic, config->name);

                if (!value || tg_topic_config_suffices(config, value))
                        continue;
                list(&shortfall->has, ", ", tg_topic_config_text(config->name, value, text));
                list(&shortfall->needs, ", ",
                     tg_topic_config_text(config->name, config->value, text));
                snprintf(text, sizeof text, "%s=%s", config->name, config->value);
                list(&shortfall->change, ",", text);
        }
}

static void check_topic(const struct tg_client *client, const struct tg_kafka_settings *settings,
                        const struct tg_topic_need *need, const rd_kafka_ConfigResource_t *topic)
{
        tg_cleanup(shortfall_deinit) struct shortfall shortfall = {0};
        const char *name = rd_kafka_ConfigResource_name(topic);

        if (rd_kafka_ConfigResource_error(topic)) {
                tg_notice(client->notices, TG_NOTICE_INFO,
                          "topic %s: how long it keeps its records is not known (%s)", name,
                          rd_kafka_ConfigResource_error_string(topic));
                return;
        }
        compare(need, topic, &shortfall);
        if (!shortfall.has.size)
                return;
        tg_notice(client->notices, TG_NOTICE_WARNING,
                  "topic %s has %.*s and needs %.*s: what it no longer has is forgotten when a "
                  "process starts or a partition moves; change it with\n"
                  "  kafka-configs.sh --bootstrap-server %s%s --alter --topic %s --add-config "
                  "%.*s",
                  name, TG_SPAN_FORMAT(tg_buffer_span(&shortfall.has)),
                  TG_SPAN_FORMAT(tg_buffer_span(&shortfall.needs)),
                  tg_kafka_settings_find(settings, "bootstrap.servers"),
                  tg_kafka_settings_find(settings, "security.protocol")
                          ? " --command-config client.properties"
                          : "",
                  name, TG_SPAN_FORMAT(tg_buffer_span(&shortfall.change)));
}

/* Which topic of the run has this NAME and needs something, or NULL. */
static const struct tg_topic_need *need_of(const struct tg_kafka_settings *settings,
                                           const struct tg_topic_needs *needs, const char *name)
{
        for (unsigned i = 0; i < TG_TOPICS; i++)
                if (needs->topics[i].count && strcmp(settings->topics[i], name) == 0)
                        return &needs->topics[i];
        return NULL;
}

static void check_answer(const struct tg_client *client, const struct tg_kafka_settings *settings,
                         const struct tg_topic_needs *needs, rd_kafka_event_t *event)
{
        const rd_kafka_ConfigResource_t **topics;
        size_t count;

        if (!event || rd_kafka_event_error(event)) {
                tg_notice(client->notices, TG_NOTICE_INFO,
                          "how long the topics keep their records is not known (%s)",
                          event ? rd_kafka_event_error_string(event) : "no answer");
                return;
        }
        topics = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event), &count);
        for (size_t i = 0; i < count; i++) {
                const struct tg_topic_need *need =
                        need_of(settings, needs, rd_kafka_ConfigResource_name(topics[i]));

                if (need)
                        check_topic(client, settings, need, topics[i]);
        }
}

void tg_retention_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                        const struct tg_topic_needs *needs)
{
        rd_kafka_AdminOptions_t *options =
                rd_kafka_AdminOptions_new(client->handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client->handle);
        rd_kafka_ConfigResource_t *topics[TG_TOPICS];
        rd_kafka_event_t *event;
        char text[TEXT_SIZE];
        size_t count = 0;

        for (unsigned i = 0; i < TG_TOPICS; i++)
                if (needs->topics[i].count)
                        topics[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                                      settings->topics[i]);
        rd_kafka_AdminOptions_set_request_timeout(
                options, TG_RETENTION_TIMEOUT_MS - ANSWER_MARGIN_MS, text, sizeof text);
        rd_kafka_DescribeConfigs(client->handle, topics, count, options, queue);
        event = rd_kafka_queue_poll(queue, TG_RETENTION_TIMEOUT_MS);
        check_answer(client, settings, needs, event);
        if (event)
                rd_kafka_event_destroy(event);
        rd_kafka_ConfigResource_destroy_array(topics, count);
        rd_kafka_queue_destroy(queue);
        rd_kafka_AdminOptions_destroy(options);
}
