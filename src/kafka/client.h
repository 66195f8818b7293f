/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every handle of librdkafka here has in common: its properties, its log lines, its errors.
 *
 * A client is part of its owner's struct and must not move. Log lines come from librdkafka's
 * threads; errors come in the thread that polls, where the first that cannot heal is kept in
 * `failure`, for the owner to return.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "kafka/notice.h"
#include "kafka/refusals.h"
#include "kafka/settings.h"

struct tg_client {
        rd_kafka_t *handle;               /* owned */
        const struct tg_notices *notices; /* borrowed */
        const char *role;                 /* "consumer", for people; static text */
        void *owner;                      /* whose part this is, for the owner's callbacks */
        struct tg_error failure;          /* with `failed`: what cannot heal */
        bool failed;
        bool revives; /* the owner deals with what is fatal to the handle */
        bool trusted; /* another client of these settings was let in before this one */
        struct tg_refusals refusals; /* of one that is trusted */
        atomic_uint timeouts;        /* requests that were not answered in time */
};

/* A property that is ours to set. */
struct tg_client_property {
        const char *name;
        const char *value;
};

struct tg_client_options {
        const struct tg_kafka_settings *settings;  /* borrowed for the call */
        const struct tg_client_property *defaults; /* settings go before them; name NULL ends */
        const struct tg_client_property *fixed;    /* these go before settings; name NULL ends */
        void (*prepare)(rd_kafka_conf_t *conf);    /* sets callbacks; NULL: none */
};

/* Fills CLIENT, whose notices, role and owner are set. Returns 0 or -1. */
int tg_client_init(struct tg_client *client, rd_kafka_type_t type,
                   const struct tg_client_options *options, struct tg_error *error);
void tg_client_deinit(struct tg_client *client);

/* Keeps the first failure of CODE, with what to do about it. WHERE: "topic requests", say. */
void tg_client_fail(struct tg_client *client, rd_kafka_resp_err_t code, const char *where,
                    const char *reason);

/* What librdkafka told of the handle: fails, or if it can heal, tells so. */
void tg_client_note(struct tg_client *client, rd_kafka_resp_err_t code, const char *reason);

/* Fills ERROR with CODE told for a person, its exit code and what to do. Returns -1. */
int tg_client_error(rd_kafka_resp_err_t code, const char *where, const char *reason,
                    struct tg_error *error);

/*
 * librdkafka's bounds on what waits in its queues, for at most BYTES of memory: of what is read it
 * counts values alone, an eighth of what small messages take.
 *
 * A queue that is full is not filled again for up to a second (before 2.2; later it is as long as
 * one says), however soon it is empty. So one answer must not fill it.
 */
enum { TG_CLIENT_NUMBER_SIZE = 24 };
struct tg_client_bounds {
        char kilobytes[TG_CLIENT_NUMBER_SIZE]; /* of a consumer: queued.max.messages.kbytes */
        char messages[TG_CLIENT_NUMBER_SIZE];  /* of a consumer or a producer */
        char fetch[TG_CLIENT_NUMBER_SIZE];     /* of a consumer: fetch.max.bytes */
        const char *backoff;                   /* fetch.queue.backoff.ms, or NULL: there is none */
};
struct tg_client_bounds tg_client_bounds_of(const struct tg_kafka_settings *settings,
                                            int64_t bytes);

/* What MESSAGE takes in librdkafka, about. */
size_t tg_client_message_bytes(const rd_kafka_message_t *message);

/* CODE, or if that is none, the first error of a partition of LIST (NULL: there are none). */
rd_kafka_resp_err_t tg_client_answer(rd_kafka_resp_err_t code,
                                     const rd_kafka_topic_partition_list_t *list);

/* The last header NAME of MESSAGE, borrowed; absent if there is none. */
struct tg_span tg_client_header(const rd_kafka_message_t *message, const char *name);

/*
 * What the brokers know of TOPIC (NULL: of all), for rd_kafka_metadata_destroy(). Waits at most
 * TIMEOUT_MS, less for what cannot heal, such as a wrong password: that is then in `failure`.
 */
rd_kafka_resp_err_t tg_client_metadata(struct tg_client *client, rd_kafka_topic_t *topic,
                                       int timeout_ms,
                                       const struct rd_kafka_metadata **ret_metadata);

/* Tells the versions once, and what is known to be wrong with them. */
void tg_client_tell_versions(const struct tg_kafka_settings *settings,
                             const struct tg_notices *notices);
