/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/scan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kafka/client.h"

enum {
        BATCH = 256,      /* messages taken of a queue at once */
        WAIT_MS = 50,     /* for a part that is to have a message soon */
        LOOK_EVERY = 256, /* messages, until parts at their ends are looked at again */
};

struct part {
        rd_kafka_topic_t *topic; /* owned: a reference each */
        const struct tg_scan_part *bounds;
        int64_t next; /* behind the last that was popped */
        bool started; /* librdkafka fetches it */
        bool at_end;  /* nothing more at present */
        bool over;    /* nothing more at all */
        size_t count;
        size_t given;
        rd_kafka_message_t *messages[BATCH]; /* owned, from `given` on */
};

struct tg_scan {
        struct tg_client client;
        struct tg_scan_options options;
        struct part *parts;
        size_t since_look; /* messages popped since parts at their ends were looked at */
};

static int open_client(struct tg_scan *scan, struct tg_error *error)
{
        const struct tg_kafka_settings *settings = scan->options.settings;
        const struct tg_client_bounds bounds =
                tg_client_bounds_of(settings, settings->fetch_bytes / (int64_t)scan->options.count);
        const struct tg_client_property fixed[] = {
                {"client.id", "touchgate-scan"},
                {"group.id", "touchgate-scan"}, /* never joined, and nothing committed */
                {"enable.auto.commit", "false"},
                {"auto.commit.enable", "false"},
                {"enable.partition.eof", "true"},
                {"auto.offset.reset", "error"},
                {"check.crcs", "true"},
                {"queued.max.messages.kbytes", bounds.kilobytes},
                {"queued.min.messages", bounds.messages},
                {"isolation.level",
                 scan->options.uncommitted ? "read_uncommitted" : "read_committed"},
                {bounds.backoff ? "fetch.queue.backoff.ms" : NULL, bounds.backoff},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = scan->options.settings,
                .fixed = fixed,
        };

        return tg_client_init(&scan->client, RD_KAFKA_CONSUMER, &options, error);
}

static int fail_part(const struct part *part, rd_kafka_resp_err_t code, const char *reason,
                     struct tg_error *error)
{
        char where[TG_TOPIC_TEXT_SIZE + 64];

        snprintf(where, sizeof where, "reading topic %s, partition %d", part->bounds->topic,
                 (int)part->bounds->partition);
        return tg_client_error(code, where, reason, error);
}

static int start_part(struct tg_scan *scan, struct part *part, struct tg_error *error)
{
        part->topic = rd_kafka_topic_new(scan->client.handle, part->bounds->topic, NULL);
        assert(part->topic); /* fails for a bad name alone, which settings exclude */
        part->next = part->bounds->from;
        part->over = part->bounds->from >= part->bounds->end;
        if (part->over)
                return 0;
        if (rd_kafka_consume_start(part->topic, part->bounds->partition, part->next) < 0) {
                rd_kafka_resp_err_t code = rd_kafka_last_error();

                return fail_part(part, code, rd_kafka_err2str(code), error);
        }
        part->started = true;
        return 0;
}

int tg_scan_new(const struct tg_scan_options *options, struct tg_scan **ret_scan,
                struct tg_error *error)
{
        struct tg_scan *scan = tg_allocate_zeroed(1, sizeof *scan);
        int result;

        assert(options->count > 0);
        scan->options = *options;
        scan->client = (struct tg_client){
                .notices = options->notices,
                .role = "reader",
                .trusted = true,
        };
        scan->parts = tg_allocate_zeroed(options->count, sizeof *scan->parts);
        result = open_client(scan, error);
        for (size_t i = 0; i < options->count && result == 0; i++) {
                scan->parts[i].bounds = &options->parts[i];
                result = start_part(scan, &scan->parts[i], error);
        }
        if (result < 0) {
                tg_scan_free(scan);
                return -1;
        }
        *ret_scan = scan;
        return 0;
}

static void drop(struct part *part)
{
        while (part->given < part->count)
                rd_kafka_message_destroy(part->messages[part->given++]);
}

void tg_scan_free(struct tg_scan *scan)
{
        if (!scan)
                return;
        for (size_t i = 0; i < scan->options.count; i++) {
                struct part *part = &scan->parts[i];

                drop(part);
                if (part->started)
                        rd_kafka_consume_stop(part->topic, part->bounds->partition);
                if (part->topic)
                        rd_kafka_topic_destroy(part->topic);
        }
        tg_client_deinit(&scan->client);
        free(scan->parts);
        free(scan);
}

/* Keeps MESSAGE, or takes from it that the part is at an end. */
static int keep(struct part *part, rd_kafka_message_t *message, struct tg_error *error)
{
        int result = 0;

        if (!message->err && message->offset < part->bounds->end && !part->over) {
                part->at_end = false;
                part->over = message->offset == part->bounds->end - 1;
                part->messages[part->count++] = message;
                return 0;
        }
        if (!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                part->at_end = true;
                part->over |= message->offset >= part->bounds->end;
        } else {
                result = fail_part(part, message->err, rd_kafka_message_errstr(message), error);
        }
        rd_kafka_message_destroy(message);
        return result;
}

/* Fills an empty part with what has arrived, or waits for the first message of it. */
static int fill_part(struct part *part, int wait_ms, struct tg_error *error)
{
        rd_kafka_message_t *messages[BATCH];
        ssize_t count = 0;
        int result = 0;

        part->count = part->given = 0;
        if (wait_ms > 0 &&
            (messages[0] = rd_kafka_consume(part->topic, part->bounds->partition, wait_ms)))
                count = 1;
        if (wait_ms == 0)
                count = rd_kafka_consume_batch(part->topic, part->bounds->partition, 0, messages,
                                               BATCH);
        for (ssize_t i = 0; i < count; i++) {
                if (result == 0)
                        result = keep(part, messages[i], error);
                else
                        rd_kafka_message_destroy(messages[i]);
        }
        return result;
}

static bool is_empty(const struct part *part)
{
        return part->given == part->count;
}

/* Takes what has arrived. RET_AWAITED: a part that will have something, or be at its end. */
static int take_arrived(struct tg_scan *scan, struct part **ret_awaited, size_t *ret_heads,
                        struct tg_error *error)
{
        bool look = scan->since_look >= LOOK_EVERY;

        for (size_t i = 0; i < scan->options.count; i++) {
                struct part *part = &scan->parts[i];

                if (is_empty(part) && !part->over && (!part->at_end || look) &&
                    fill_part(part, 0, error) < 0)
                        return -1;
                *ret_heads += !is_empty(part);
                if (is_empty(part) && !part->over && !part->at_end)
                        *ret_awaited = part;
        }
        if (look)
                scan->since_look = 0;
        return 0;
}

static struct part *find_open(struct tg_scan *scan)
{
        for (size_t i = 0; i < scan->options.count; i++)
                if (!scan->parts[i].over)
                        return &scan->parts[i];
        return NULL;
}

int tg_scan_fill(struct tg_scan *scan, struct tg_error *error)
{
        struct part *awaited = NULL;
        size_t heads = 0;

        rd_kafka_poll(scan->client.handle, 0);
        if (scan->client.failed) {
                *error = scan->client.failure;
                return -1;
        }
        if (take_arrived(scan, &awaited, &heads, error) < 0)
                return -1;
        if (!awaited && heads > 0)
                return TG_SCAN_READY;
        if (!awaited && !find_open(scan))
                return TG_SCAN_OVER;
        scan->since_look = LOOK_EVERY; /* there is time to look */
        if (fill_part(awaited ? awaited : find_open(scan), WAIT_MS, error) < 0)
                return -1;
        return TG_SCAN_WAITING;
}

const rd_kafka_message_t *tg_scan_head(const struct tg_scan *scan, size_t part)
{
        const struct part *from = &scan->parts[part];

        return is_empty(from) ? NULL : from->messages[from->given];
}

void tg_scan_pop(struct tg_scan *scan, size_t part)
{
        struct part *from = &scan->parts[part];

        assert(!is_empty(from));
        from->next = from->messages[from->given]->offset + 1;
        rd_kafka_message_destroy(from->messages[from->given++]);
        scan->since_look++;
}

int64_t tg_scan_next(const struct tg_scan *scan, size_t part)
{
        return scan->parts[part].next;
}
