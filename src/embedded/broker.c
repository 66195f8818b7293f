/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded/broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "records/words.h"

struct tg_embedded {
        rd_kafka_t *host; /* the mock cluster lives in its threads */
        rd_kafka_mock_cluster_t *cluster;
};

/* One topic to be made, by a thread of its own: the cluster answers after half a second, anybody.
 */
struct creation {
        pthread_t thread;
        rd_kafka_mock_cluster_t *cluster;
        char topic[TG_TOPIC_TEXT_SIZE];
        int32_t partitions;
        rd_kafka_resp_err_t code;
};

static void *create(void *argument)
{
        struct creation *creation = argument;

        creation->code = rd_kafka_mock_topic_create(creation->cluster, creation->topic,
                                                    creation->partitions, 1);
        return NULL;
}

static int create_all(struct tg_embedded *embedded, const struct tg_kafka_settings *settings,
                      int32_t partitions, struct tg_error *error)
{
        struct creation creations[(size_t)TG_TOPIC_PERMITTED + (size_t)TG_CHANNELS];
        size_t count = sizeof creations / sizeof creations[0];
        int result = 0;

        for (size_t i = 0; i < count; i++) {
                struct creation *creation = &creations[i];
                unsigned channel = (unsigned)(i - TG_TOPIC_PERMITTED);

                *creation = (struct creation){
                        .cluster = embedded->cluster,
                        .partitions = partitions,
                };
                if (i < TG_TOPIC_PERMITTED)
                        snprintf(creation->topic, sizeof creation->topic, "%s",
                                 settings->topics[i]);
                else
                        tg_kafka_permitted_topic(settings, tg_word(&tg_channel_words, channel),
                                                 creation->topic);
                if (pthread_create(&creation->thread, NULL, create, creation))
                        abort();
        }
        for (size_t i = 0; i < count; i++) {
                pthread_join(creations[i].thread, NULL);
                if (creations[i].code)
                        result = tg_fail(error, EX_SOFTWARE, "embedded broker: topic %s: %s",
                                         creations[i].topic, rd_kafka_err2str(creations[i].code));
        }
        return result;
}

/* The client that carries the cluster connects to nothing, and need not say so. */
static void say_nothing(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
        (void)handle;
        (void)level;
        (void)facility;
        (void)text;
}

static rd_kafka_t *open_host(void)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char text[256];

        rd_kafka_conf_set_log_cb(conf, say_nothing);
        return rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
}

int tg_embedded_new(const struct tg_kafka_settings *settings, int32_t partitions,
                    struct tg_embedded **ret_embedded, struct tg_error *error)
{
        struct tg_embedded *embedded = tg_allocate_zeroed(1, sizeof *embedded);

        embedded->host = open_host();
        if (embedded->host)
                embedded->cluster = rd_kafka_mock_cluster_new(embedded->host, 1);
        if (!embedded->cluster) {
                tg_embedded_free(embedded);
                return tg_fail(error, EX_OSERR,
                               "the embedded broker can't start: see whether the process may "
                               "listen on 127.0.0.1");
        }
        if (create_all(embedded, settings, partitions, error) < 0) {
                tg_embedded_free(embedded);
                return -1;
        }
        *ret_embedded = embedded;
        return 0;
}

void tg_embedded_free(struct tg_embedded *embedded)
{
        if (!embedded)
                return;
        if (embedded->cluster)
                rd_kafka_mock_cluster_destroy(embedded->cluster);
        if (embedded->host)
                rd_kafka_destroy(embedded->host);
        free(embedded);
}

void tg_embedded_use(const struct tg_embedded *embedded, struct tg_kafka_settings *settings)
{
        tg_kafka_settings_set(settings, "bootstrap.servers",
                              rd_kafka_mock_cluster_bootstraps(embedded->cluster));
        /* The mock cluster answers an empty fetch only when this time is over. */
        tg_kafka_settings_set(settings, "fetch.wait.max.ms", "10");
        /*
         * A rebalance of its groups can stand still until the session of a member is over that has
         * joined again: sessions are short, and members ask often.
         */
        tg_kafka_settings_set(settings, "heartbeat.interval.ms", "500");
        tg_kafka_settings_set(settings, "session.timeout.ms", "6000");
        /* Its limits count bytes as they are stored, and are computed uncompressed. */
        tg_kafka_settings_set(settings, "compression.codec", "none");
        /* Nothing outside this process takes part, a schema registry neither. */
        tg_registry_settings_deinit(&settings->registry);
}
