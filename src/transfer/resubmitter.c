/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/resubmitter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/client.h"

enum { WAIT_MS = 100, NUMBER_SIZE = 32 };

struct tg_resubmitter {
        struct tg_client client;
};

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
        (void)handle;
        if (message->err)
                tg_client_fail(opaque, message->err, rd_kafka_topic_name(message->rkt),
                               rd_kafka_err2str(message->err));
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

int tg_resubmitter_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                       struct tg_resubmitter **ret_resubmitter, struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"enable.idempotence", "true"},
                {"client.id", "touchgate-rejected"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = settings,
                .fixed = fixed,
                .prepare = prepare,
        };
        struct tg_resubmitter *resubmitter = tg_allocate_zeroed(1, sizeof *resubmitter);

        resubmitter->client = (struct tg_client){
                .notices = notices,
                .role = "resubmitter",
        };
        if (tg_client_init(&resubmitter->client, RD_KAFKA_PRODUCER, &options, error) < 0) {
                tg_resubmitter_free(resubmitter);
                return -1;
        }
        *ret_resubmitter = resubmitter;
        return 0;
}

void tg_resubmitter_free(struct tg_resubmitter *resubmitter)
{
        if (!resubmitter)
                return;
        tg_client_deinit(&resubmitter->client);
        free(resubmitter);
}

/* The record's own, and how often it was submitted again. */
static rd_kafka_headers_t *headers_of(const struct tg_letter *letter)
{
        rd_kafka_headers_t *headers = rd_kafka_headers_new(4), *theirs;
        char number[NUMBER_SIZE];
        const char *name;
        const void *value;
        size_t size;

        if (rd_kafka_message_headers(letter->message, &theirs) == RD_KAFKA_RESP_ERR_NO_ERROR)
                for (size_t i = 0; rd_kafka_header_get_all(theirs, i, &name, &value, &size) == 0;
                     i++)
                        if (strncmp(name, TG_LETTER_HEADER, strlen(TG_LETTER_HEADER)) != 0)
                                rd_kafka_header_add(headers, name, -1, value, (ssize_t)size);
        snprintf(number, sizeof number, "%" PRId64, letter->resubmitted + 1);
        rd_kafka_header_add(headers, TG_LETTER_RESUBMITTED, -1, number, -1);
        return headers;
}

static rd_kafka_resp_err_t offer(struct tg_resubmitter *resubmitter, const char *topic,
                                 const struct tg_letter *letter)
{
        rd_kafka_headers_t *headers = headers_of(letter);
        const rd_kafka_vu_t parts[] = {
                {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
                {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)letter->origin_partition},
                {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
                {.vtype = RD_KAFKA_VTYPE_KEY,
                 .u.mem = {(void *)(uintptr_t)letter->key.data, letter->key.size}},
                {.vtype = RD_KAFKA_VTYPE_VALUE,
                 .u.mem = {(void *)(uintptr_t)letter->value.data, letter->value.size}},
                {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
        };
        rd_kafka_error_t *error = rd_kafka_produceva(resubmitter->client.handle, parts,
                                                     sizeof parts / sizeof parts[0]);
        rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;

        if (error) {
                rd_kafka_headers_destroy(headers);
                rd_kafka_error_destroy(error);
        }
        return code;
}

static int failed(const struct tg_resubmitter *resubmitter, struct tg_error *error)
{
        if (!resubmitter->client.failed)
                return 0;
        *error = resubmitter->client.failure;
        return -1;
}

int tg_resubmitter_submit(struct tg_resubmitter *resubmitter, const struct tg_letter *letter,
                          struct tg_error *error)
{
        tg_cleanup(tg_free_pointer) char *topic =
                tg_duplicate((const char *)letter->origin_topic.data, letter->origin_topic.size);
        rd_kafka_resp_err_t code;

        while ((code = offer(resubmitter, topic, letter)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                rd_kafka_poll(resubmitter->client.handle, WAIT_MS);
                if (failed(resubmitter, error) < 0)
                        return -1;
        }
        rd_kafka_poll(resubmitter->client.handle, 0);
        if (code)
                return tg_client_error(code, topic, rd_kafka_err2str(code), error);
        return failed(resubmitter, error);
}

int tg_resubmitter_finish(struct tg_resubmitter *resubmitter, struct tg_error *error)
{
        while (rd_kafka_flush(resubmitter->client.handle, WAIT_MS) ==
                       RD_KAFKA_RESP_ERR__TIMED_OUT &&
               !resubmitter->client.failed)
                ;
        return failed(resubmitter, error);
}
