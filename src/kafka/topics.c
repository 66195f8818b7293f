/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/topics.h"

#include <stdio.h>
#include <string.h>

#include "records/words.h"

enum { PARTITIONS_DEFAULT = 4, COMMANDS_SIZE = 700 };

static int32_t partitions_of(const struct rd_kafka_metadata *metadata, const char *topic)
{
        for (int i = 0; i < metadata->topic_cnt; i++)
                if (strcmp(metadata->topics[i].topic, topic) == 0 && !metadata->topics[i].err)
                        return metadata->topics[i].partition_cnt;
        return 0;
}

static void add_command(char *text, size_t size, const char *topic, int32_t partitions)
{
        size_t used = strlen(text);

        snprintf(text + used, size - used,
                 "\n  kafka-topics.sh --bootstrap-server $BROKER --create --topic %s "
                 "--partitions %d",
                 topic, (int)partitions);
}

static uint32_t channels_of(const struct tg_kafka_settings *settings,
                            const struct rd_kafka_metadata *metadata)
{
        char topic[TG_TOPIC_TEXT_SIZE];
        uint32_t channels = 0;

        for (unsigned i = TG_CHANNEL_UNKNOWN + 1; i < TG_CHANNELS; i++) {
                tg_kafka_permitted_topic(settings, tg_word(&tg_channel_words, i), topic);
                if (partitions_of(metadata, topic) > 0)
                        channels |= UINT32_C(1) << i;
        }
        return channels;
}

/* Says once, as a warning, which channels have no topic: a permit there would end the run. */
static void tell_missing_channels(const struct tg_client *client,
                                  const struct tg_kafka_settings *settings, uint32_t channels)
{
        char names[COMMANDS_SIZE] = "";
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

static int missing(const struct tg_kafka_settings *settings,
                   const struct rd_kafka_metadata *metadata, int32_t *ret_partitions,
                   struct tg_error *error)
{
        int32_t partitions = partitions_of(metadata, settings->topics[TG_TOPIC_REQUESTS]);
        char commands[COMMANDS_SIZE] = "";

        *ret_partitions = partitions;
        for (int i = 0; i < TG_TOPIC_PERMITTED; i++)
                if (partitions_of(metadata, settings->topics[i]) == 0)
                        add_command(commands, sizeof commands, settings->topics[i],
                                    partitions ? partitions : PARTITIONS_DEFAULT);
        if (!commands[0])
                return 0;
        return tg_fail(error, EX_CONFIG,
                       "topics are missing; create them (requests, touchpoints and decisions with "
                       "one number of partitions, which can't change later), and %s.<channel> for "
                       "every channel:%s",
                       settings->topics[TG_TOPIC_PERMITTED], commands);
}

/* Facts, requests and decisions of a customer have one partition number. */
static int unequal(const struct tg_kafka_settings *settings,
                   const struct rd_kafka_metadata *metadata, struct tg_error *error)
{
        static const enum tg_topic others[] = {TG_TOPIC_TOUCHPOINTS, TG_TOPIC_DECISIONS};
        const char *requests = settings->topics[TG_TOPIC_REQUESTS];
        int32_t partitions = partitions_of(metadata, requests);

        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                const char *topic = settings->topics[others[i]];
                int32_t count = partitions_of(metadata, topic);

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
                    struct tg_topics_found *ret_found, struct tg_error *error)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t code =
                rd_kafka_metadata(client->handle, 1, NULL, &metadata, TG_TOPICS_TIMEOUT_MS);
        struct tg_topics_found found;
        int result;

        if (code) {
                /* An authentication that failed is told by error_cb, and says more. */
                rd_kafka_poll(client->handle, 0);
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
        result = missing(settings, metadata, &found.partitions, error);
        if (result == 0)
                result = unequal(settings, metadata, error);
        if (result == 0) {
                found.channels = channels_of(settings, metadata);
                tell_missing_channels(client, settings, found.channels);
                *ret_found = found;
        }
        rd_kafka_metadata_destroy(metadata);
        return result;
}
