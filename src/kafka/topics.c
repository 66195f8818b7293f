/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/topics.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "records/words.h"

enum { NAMES_SIZE = 700, COMMAND_SIZE = 1024 };

/* What is about a customer has one partition number: that of the customer's requests. */
static const enum tg_topic others[] = {TG_TOPIC_TOUCHPOINTS, TG_TOPIC_DECISIONS,
                                       TG_TOPIC_CUSTOMERS};

int tg_topics_ask(struct tg_client *client, const struct tg_kafka_settings *settings,
                  const struct rd_kafka_metadata **ret_metadata, struct tg_error *error)
{
        rd_kafka_resp_err_t code =
                tg_client_metadata(client, NULL, TG_TOPICS_TIMEOUT_MS, ret_metadata);

        if (!code)
                return 0;
        if (client->failed) {
                *error = client->failure;
                return -1;
        }
        return tg_fail(error, EX_UNAVAILABLE,
                       "no broker answered at %s in %d s (%s): see whether Kafka runs "
                       "there, and bootstrap.servers under `kafka`",
                       tg_kafka_settings_find(settings, "bootstrap.servers"),
                       TG_TOPICS_TIMEOUT_MS / 1000, rd_kafka_err2str(code));
}

int32_t tg_topics_partitions(const struct rd_kafka_metadata *metadata, const char *topic)
{
        for (int i = 0; i < metadata->topic_cnt; i++)
                if (strcmp(metadata->topics[i].topic, topic) == 0 && !metadata->topics[i].err)
                        return metadata->topics[i].partition_cnt;
        return 0;
}

/* The first that is there: others that differ are told of when all are there. */
int32_t tg_topics_partitions_wanted(const struct rd_kafka_metadata *metadata,
                                    const struct tg_kafka_settings *settings)
{
        int32_t partitions = tg_topics_partitions(metadata, settings->topics[TG_TOPIC_REQUESTS]);

        for (size_t i = 0; partitions == 0 && i < sizeof others / sizeof others[0]; i++)
                partitions = tg_topics_partitions(metadata, settings->topics[others[i]]);
        return partitions ? partitions : TG_TOPICS_PARTITIONS_DEFAULT;
}

const char *tg_topics_name(const struct tg_kafka_settings *settings, unsigned i,
                           char text[static TG_TOPIC_TEXT_SIZE])
{
        if (i < TG_TOPIC_PERMITTED)
                snprintf(text, TG_TOPIC_TEXT_SIZE, "%s", settings->topics[i]);
        else
                tg_kafka_permitted_topic(
                        settings,
                        tg_word(&tg_channel_words, i - TG_TOPIC_PERMITTED + TG_CHANNEL_UNKNOWN + 1),
                        text);
        return text;
}

const struct tg_topic_need *tg_topics_need(const struct tg_topic_needs *needs, unsigned i)
{
        return &needs->topics[i < TG_TOPIC_PERMITTED ? i : TG_TOPIC_PERMITTED];
}

static void add_text(struct tg_buffer *buffer, const char *text)
{
        tg_buffer_append(buffer, text, strlen(text));
}

/* The topic-to-be's own properties, as the command takes them. */
static void add_configs(struct tg_buffer *text, const struct tg_topic_need *need)
{
        for (size_t i = 0; i < need->count; i++) {
                add_text(text, i ? " --config " : " \\\n      --config ");
                add_text(text, need->configs[i].name);
                add_text(text, "=");
                add_text(text, need->configs[i].value);
        }
}

/* Of those from FIRST up to END (excluded) that are not there. */
static void add_commands(struct tg_buffer *text, const struct tg_kafka_settings *settings,
                         const struct tg_topic_needs *needs,
                         const struct rd_kafka_metadata *metadata, unsigned first, unsigned end)
{
        int32_t partitions = tg_topics_partitions_wanted(metadata, settings);
        bool secured = tg_kafka_settings_find(settings, "security.protocol") != NULL;
        char topic[TG_TOPIC_TEXT_SIZE], command[COMMAND_SIZE];

        for (unsigned i = first; i < end; i++) {
                if (tg_topics_partitions(metadata, tg_topics_name(settings, i, topic)) > 0)
                        continue;
                snprintf(command, sizeof command,
                         "\n  kafka-topics.sh --bootstrap-server %s%s --create --topic %s "
                         "--partitions %d",
                         tg_kafka_settings_find(settings, "bootstrap.servers"),
                         secured ? " --command-config client.properties" : "", topic,
                         (int)partitions);
                add_text(text, command);
                add_configs(text, tg_topics_need(needs, i));
        }
}

static uint32_t channels_of(const struct tg_kafka_settings *settings,
                            const struct rd_kafka_metadata *metadata)
{
        char topic[TG_TOPIC_TEXT_SIZE];
        uint32_t channels = 0;

        for (unsigned i = TG_CHANNEL_UNKNOWN + 1; i < TG_CHANNELS; i++) {
                tg_kafka_permitted_topic(settings, tg_word(&tg_channel_words, i), topic);
                if (tg_topics_partitions(metadata, topic) > 0)
                        channels |= UINT32_C(1) << i;
        }
        return channels;
}

/* Says once, as a warning, which channels have no topic: a permit there would end the run. */
static void tell_missing_channels(const struct tg_client *client,
                                  const struct tg_kafka_settings *settings, uint32_t channels)
{
        char names[NAMES_SIZE] = "";
        char topic[TG_TOPIC_TEXT_SIZE];

        for (unsigned i = TG_CHANNEL_UNKNOWN + 1; i < TG_CHANNELS; i++) {
                size_t used = strlen(names);

                tg_kafka_permitted_topic(settings, tg_word(&tg_channel_words, i), topic);
                if (!(channels & UINT32_C(1) << i))
                        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 topic);
        }
        if (names[0])
                tg_notice(client->notices, TG_NOTICE_WARNING,
                          "no topic for the permitted messages of some channels (%s): create those "
                          "whose requests you send, or the first permit there will end this run",
                          names);
}

static int missing(const struct tg_client *client, const struct tg_kafka_settings *settings,
                   const struct tg_topic_needs *needs, const struct rd_kafka_metadata *metadata,
                   int32_t *ret_partitions, struct tg_error *error)
{
        static const char channels[] = "\nand for each channel whose requests you send:";
        tg_cleanup(tg_buffer_deinit) struct tg_buffer commands = {0};

        *ret_partitions = tg_topics_partitions(metadata, settings->topics[TG_TOPIC_REQUESTS]);
        add_commands(&commands, settings, needs, metadata, 0, TG_TOPIC_CUSTOMERS);
        if (needs->customers)
                add_commands(&commands, settings, needs, metadata, TG_TOPIC_CUSTOMERS,
                             TG_TOPIC_PERMITTED);
        if (commands.size == 0)
                return 0;
        add_text(&commands, channels);
        add_commands(&commands, settings, needs, metadata, TG_TOPIC_PERMITTED, TG_TOPICS_COUNT);
        tg_buffer_append(&commands, "", 1);
        client->notices->tell(client->notices->context, TG_NOTICE_ERROR, "missing topics",
                              (const char *)commands.data + 1);
        return tg_fail(error, EX_CONFIG,
                       "topics are missing: the commands above create them, or --create-topics "
                       "does (%s, %s, %s and %s have one number of partitions, which can't change "
                       "later)",
                       settings->topics[TG_TOPIC_REQUESTS], settings->topics[TG_TOPIC_TOUCHPOINTS],
                       settings->topics[TG_TOPIC_DECISIONS], settings->topics[TG_TOPIC_CUSTOMERS]);
}

/* All of `others` that are there must have as many partitions as the requests. */
static int unequal(const struct tg_kafka_settings *settings,
                   const struct rd_kafka_metadata *metadata, struct tg_error *error)
{
        const char *requests = settings->topics[TG_TOPIC_REQUESTS];
        int32_t partitions = tg_topics_partitions(metadata, requests);

        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                const char *topic = settings->topics[others[i]];
                int32_t count = tg_topics_partitions(metadata, topic);

                if (count == 0 && others[i] == TG_TOPIC_CUSTOMERS)
                        continue;
                if (count != partitions)
                        return tg_fail(error, EX_CONFIG,
                                       "topic %s has %d partitions and topic %s has %d: they must "
                                       "have the same number, since a customer's facts, requests "
                                       "and decisions share one; create %s anew with %d and write "
                                       "its records again, keyed by customer",
                                       topic, (int)count, requests, (int)partitions, topic,
                                       (int)partitions);
        }
        return 0;
}

int tg_topics_check(struct tg_client *client, const struct tg_kafka_settings *settings,
                    const struct tg_topic_needs *needs, struct tg_topics_found *ret_found,
                    struct tg_error *error)
{
        const struct rd_kafka_metadata *metadata;
        struct tg_topics_found found;
        int result;

        if (tg_topics_ask(client, settings, &metadata, error) < 0)
                return -1;
        result = missing(client, settings, needs, metadata, &found.partitions, error);
        if (result == 0)
                result = unequal(settings, metadata, error);
        if (result == 0) {
                found.channels = channels_of(settings, metadata);
                found.customers =
                        tg_topics_partitions(metadata, settings->topics[TG_TOPIC_CUSTOMERS]) > 0;
                tell_missing_channels(client, settings, found.channels);
                *ret_found = found;
        }
        rd_kafka_metadata_destroy(metadata);
        return result;
}
