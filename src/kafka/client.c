/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"

enum {
        TEXT_SIZE = 512,
        MESSAGE_COST = 400,    /* bytes that a small message takes in librdkafka, 50 of its value */
        VALUES_SHARE = 4,      /* of the memory; the rest bounds how many messages there are */
        ANSWERS = 4,           /* that fill the queue, two at least */
        ANSWER_MAX = 52428800, /* librdkafka's default of fetch.max.bytes */
        MESSAGE_MAX = 1000000, /* and of message.max.bytes */
        KILOBYTES_MAX = 2097151, /* librdkafka's own limits */
        MESSAGES_MAX = 10000000,
        VERSION_BACKS_OFF = 0x020200ff, /* the first with fetch.queue.backoff.ms */
        VERSION_SOUND = 0x020601ff, /* the first without what tg_client_tell_versions() tells of */
        TURN_MS = 1000,             /* of waiting for an answer */
};

/* What can go wrong for good, and what a person can do about it. */
static const struct advice {
        rd_kafka_resp_err_t code;
        int exit_code;
        const char *text;
} advices[] = {
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, EX_NOPERM,
         "check sasl.username, sasl.password and security.protocol under `kafka`; for SCRAM on "
         "Kafka 4, librdkafka must be 2.6.1 or newer"},
        {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, EX_NOPERM,
         "check sasl.username and sasl.password under `kafka`"},
        {RD_KAFKA_RESP_ERR__SSL, EX_NOPERM,
         "check ssl.ca.location (the authority that signed the brokers' certificates), the host's "
         "name in bootstrap.servers, and the other ssl.* properties under `kafka`"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, EX_NOPERM,
         "let this user read the input topics and write the output topics (kafka-acls.sh)"},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, EX_NOPERM,
         "let this user read with this group.id (kafka-acls.sh --group)"},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, EX_NOPERM,
         "let this user write idempotently (kafka-acls.sh --cluster)"},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, EX_CONFIG,
         "create the topic with as many partitions as the request topic, or name another one "
         "under `topics`"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, EX_CONFIG,
         "create the topic with as many partitions as the request topic, or name another one "
         "under `topics`"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, EX_CONFIG,
         "give the topic as many partitions as the request topic has"},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, EX_CONFIG,
         "raise message.max.bytes under `kafka` and max.message.bytes of the topic"},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, EX_UNAVAILABLE,
         "see whether the brokers are up and enough replicas are in sync; what was not written "
         "is decided again after a restart"},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, EX_CONFIG,
         "another process runs with this group.instance.id: give each its own"},
        {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, EX_CONFIG,
         "other members of this group.id use another partition.assignment.strategy, or are no "
         "touchgate: use one strategy, or a group.id of its own"},
        {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, EX_NOPERM,
         "let this user write with these transactional ids (kafka-acls.sh --transactional-id)"},
        {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, EX_CONFIG,
         "lower transaction_timeout, or raise transaction.max.timeout.ms of the brokers"},
        {RD_KAFKA_RESP_ERR__FENCED, EX_PROTOCOL,
         "another process writes with the same transactional.id, whose group.instance.id or host "
         "and process id are the same: give each its own"},
        {RD_KAFKA_RESP_ERR__FATAL, EX_SOFTWARE,
         "start again; what was not written is decided anew"},
};

static const struct advice *find_advice(rd_kafka_resp_err_t code)
{
        for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
                if (advices[i].code == code)
                        return &advices[i];
        return NULL;
}

int tg_client_error(rd_kafka_resp_err_t code, const char *where, const char *reason,
                    struct tg_error *error)
{
        const struct advice *advice = find_advice(code);

        if (!advice)
                return tg_fail(error, EX_UNAVAILABLE, "%s: %s (%s)", where, reason,
                               rd_kafka_err2name(code));
        return tg_fail(error, advice->exit_code, "%s: %s (%s); %s", where, reason,
                       rd_kafka_err2name(code), advice->text);
}

void tg_client_fail(struct tg_client *client, rd_kafka_resp_err_t code, const char *where,
                    const char *reason)
{
        if (client->failed)
                return;
        client->failed = true;
        tg_client_error(code, where, reason, &client->failure);
}

static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
        struct tg_client *client = rd_kafka_opaque(handle);
        enum tg_notice_level notice_level = level <= LOG_ERR       ? TG_NOTICE_ERROR
                                            : level == LOG_WARNING ? TG_NOTICE_WARNING
                                            : level <= LOG_INFO    ? TG_NOTICE_INFO
                                                                   : TG_NOTICE_DEBUG;
        char line[TEXT_SIZE * 2];

        if (strcmp(facility, "REQTMOUT") == 0)
                atomic_fetch_add_explicit(&client->timeouts, 1, memory_order_relaxed);
        /* One set of properties serves consumers and producers; each finds the other's odd. */
        if (strcmp(facility, "CONFWARN") == 0)
                return;
        snprintf(line, sizeof line, "%s: librdkafka %s: %s", client->role, facility, text);
        client->notices->tell(client->notices->context, notice_level, facility, line);
}

static bool is_refusal(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
}

/* Some broker lets us in, or did before. */
static bool is_heard(const struct tg_client *client)
{
        const struct rd_kafka_metadata *metadata;

        if (rd_kafka_metadata(client->handle, 0, NULL, &metadata, TURN_MS))
                return false;
        rd_kafka_metadata_destroy(metadata);
        return true;
}

/* A broker that goes away in a handshake makes one of these, too. */
static bool may_heal(struct tg_client *client, rd_kafka_resp_err_t code)
{
        if (!client->trusted || !is_refusal(code))
                return false;
        if (!tg_refusals_note(&client->refusals, tg_clock_monotonic_ms()))
                return true;
        if (!is_heard(client))
                return false;
        client->refusals = (struct tg_refusals){0};
        return true;
}

/* Whatever librdkafka can't heal by itself ends the run; the rest is told and goes on. */
void tg_client_note(struct tg_client *client, rd_kafka_resp_err_t code, const char *reason)
{
        if (find_advice(code) && !may_heal(client, code))
                tg_client_fail(client, code, client->role, reason);
        else
                tg_notice(client->notices, TG_NOTICE_WARNING, "%s: %s (%s); trying on",
                          client->role, reason, rd_kafka_err2name(code));
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
        struct tg_client *client = opaque;
        rd_kafka_resp_err_t kind = (rd_kafka_resp_err_t)code;
        char text[TEXT_SIZE];

        if (kind == RD_KAFKA_RESP_ERR__FATAL) {
                kind = rd_kafka_fatal_error(handle, text, sizeof text);
                if (client->revives) {
                        tg_notice(client->notices, TG_NOTICE_WARNING, "%s: %s (%s)", client->role,
                                  text, rd_kafka_err2name(kind));
                        return;
                }
                tg_client_fail(client, find_advice(kind) ? kind : RD_KAFKA_RESP_ERR__FATAL,
                               client->role, text);
                return;
        }
        tg_client_note(client, kind, reason);
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct tg_error *error)
{
        char text[TEXT_SIZE];

        if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
                return 0;
        return tg_fail(error, EX_CONFIG, "kafka: %s: %s", name, text);
}

static int set_all(rd_kafka_conf_t *conf, const struct tg_client_property *properties,
                   struct tg_error *error)
{
        for (; properties && properties->name; properties++)
                if (set(conf, properties->name, properties->value, error) < 0)
                        return -1;
        return 0;
}

static int configure(rd_kafka_conf_t *conf, const struct tg_client_options *options,
                     struct tg_error *error)
{
        const struct tg_kafka_settings *settings = options->settings;

        if (set_all(conf, options->defaults, error) < 0)
                return -1;
        for (size_t i = 0; i < settings->property_count; i++)
                if (set(conf, settings->properties[i].name, settings->properties[i].value, error) <
                    0)
                        return -1;
        return set_all(conf, options->fixed, error);
}

int tg_client_init(struct tg_client *client, rd_kafka_type_t type,
                   const struct tg_client_options *options, struct tg_error *error)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char text[TEXT_SIZE];

        if (configure(conf, options, error) < 0) {
                rd_kafka_conf_destroy(conf);
                return -1;
        }
        rd_kafka_conf_set_opaque(conf, client);
        rd_kafka_conf_set_log_cb(conf, on_log);
        rd_kafka_conf_set_error_cb(conf, on_error);
        if (options->prepare)
                options->prepare(conf);
        client->handle = rd_kafka_new(type, conf, text, sizeof text);
        if (client->handle)
                return 0;
        rd_kafka_conf_destroy(conf);
        return tg_fail(error, EX_CONFIG, "%s: librdkafka can't start: %s", client->role, text);
}

void tg_client_deinit(struct tg_client *client)
{
        if (client->handle)
                rd_kafka_destroy(client->handle);
        client->handle = NULL;
}

static int64_t larger(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* The largest message that may be read: an answer is not allowed to be smaller. */
static int64_t message_max(const struct tg_kafka_settings *settings)
{
        const char *text = tg_kafka_settings_find(settings, "message.max.bytes");

        return text ? strtoll(text, NULL, 10) : MESSAGE_MAX;
}

struct tg_client_bounds tg_client_bounds_of(const struct tg_kafka_settings *settings, int64_t bytes)
{
        int64_t values = bytes / VALUES_SHARE;
        int64_t fetch = larger(smaller(values / ANSWERS, ANSWER_MAX), message_max(settings));
        struct tg_client_bounds bounds = {
                .backoff = rd_kafka_version() >= VERSION_BACKS_OFF ? "5" : NULL,
        };

        snprintf(bounds.fetch, sizeof bounds.fetch, "%" PRId64, fetch);
        snprintf(bounds.kilobytes, sizeof bounds.kilobytes, "%" PRId64,
                 smaller(larger(values, 2 * fetch) >> 10, KILOBYTES_MAX));
        snprintf(bounds.messages, sizeof bounds.messages, "%" PRId64,
                 larger(smaller((bytes - values) / MESSAGE_COST, MESSAGES_MAX), 1));
        return bounds;
}

size_t tg_client_message_bytes(const rd_kafka_message_t *message)
{
        return MESSAGE_COST + message->len;
}

rd_kafka_resp_err_t tg_client_answer(rd_kafka_resp_err_t code,
                                     const rd_kafka_topic_partition_list_t *list)
{
        for (int i = 0; !code && list && i < list->cnt; i++)
                code = list->elems[i].err;
        return code;
}

struct tg_span tg_client_header(const rd_kafka_message_t *message, const char *name)
{
        rd_kafka_headers_t *headers;
        const void *value;
        size_t size;

        if (rd_kafka_message_headers(message, &headers) ||
            rd_kafka_header_get_last(headers, name, &value, &size))
                return TG_SPAN_ABSENT;
        return tg_span_of(value, size);
}

/* In short turns: what cannot heal is told by callbacks, which only polling calls. */
rd_kafka_resp_err_t tg_client_metadata(struct tg_client *client, rd_kafka_topic_t *topic,
                                       int timeout_ms,
                                       const struct rd_kafka_metadata **ret_metadata)
{
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

        for (int waited_ms = 0; waited_ms < timeout_ms && !client->failed; waited_ms += TURN_MS) {
                code = rd_kafka_metadata(client->handle, !topic, topic, ret_metadata, TURN_MS);
                if (!code)
                        return code;
                rd_kafka_poll(client->handle, 0);
        }
        return code;
}

/* Its client-final-message repeats a nonce, which brokers before Kafka 4 let pass. */
static void tell_scram(const struct tg_kafka_settings *settings, const struct tg_notices *notices)
{
        const char *mechanism = tg_kafka_settings_find(settings, "sasl.mechanism");

        if (!mechanism)
                mechanism = tg_kafka_settings_find(settings, "sasl.mechanisms");
        if (mechanism && strncmp(mechanism, "SCRAM", 5) == 0)
                tg_notice(notices, TG_NOTICE_WARNING,
                          "before librdkafka 2.6.1 brokers of Kafka 4 refuse every password by "
                          "%s: use a newer librdkafka, or sasl.mechanism: PLAIN over TLS",
                          mechanism);
}

void tg_client_tell_versions(const struct tg_kafka_settings *settings,
                             const struct tg_notices *notices)
{
        const char *strategy = tg_kafka_settings_find(settings, "partition.assignment.strategy");

        tg_notice(notices, TG_NOTICE_INFO, "librdkafka %s", rd_kafka_version_str());
        if (rd_kafka_version() >= VERSION_SOUND)
                return;
        tell_scram(settings, notices);
        if (strategy && strstr(strategy, "cooperative"))
                tg_notice(notices, TG_NOTICE_WARNING,
                          "before librdkafka 2.6.1 a member can get stuck in a rebalance with "
                          "cooperative-sticky assignment, which is configured: prefer range, or "
                          "static membership");
}
