/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/sink.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/framing.h"
#include "base/clock.h"
#include "base/memory.h"
#include "kafka/exactly_once.h"
#include "kafka/member.h"

enum {
        WAIT_MS = 100,        /* one turn of waiting for deliveries */
        STOP_WAIT_MS = 10000, /* for all of them, once the process was asked to leave */
        HEADERS = 6,          /* of ours on a dead letter */
        HEADER_TEXT_SIZE = 32,
        OUTPUTS_MAX = 20000, /* of a transaction, after which it is committed */
};

struct tg_kafka_sink {
        struct tg_kafka_sink_options options;
        struct tg_producer producer;
        struct tg_exactly_once once; /* if it is transactional */
        struct tg_commit_name name;  /* if it is not: of the last commit */
        struct tg_buffer frame;      /* of the message being produced */
        struct tg_kafka_sink_counts counts;
        int64_t committed_ms; /* when the last commit began */
        size_t outputs;       /* since then */
        bool open;            /* between begin and commit */
};

static bool is_transactional(const struct tg_kafka_sink *sink)
{
        return sink->options.transaction_ms > 0;
}

static int open_producer(struct tg_kafka_sink *sink, struct tg_error *error)
{
        const struct tg_kafka_sink_options *options = &sink->options;
        const struct tg_producer_options producer = {
                .settings = options->settings,
                .notices = options->notices,
                .subjects = options->subjects,
                .shard = options->shard,
                .shards = options->shards,
                .transaction_ms = options->transaction_ms,
        };

        tg_producer_init(&sink->producer, &producer);
        sink->name.producer = sink->producer.number;
        if (is_transactional(sink))
                return tg_exactly_once_init(&sink->once, &sink->producer, options->source,
                                            options->lifetime, error);
        return tg_producer_open(&sink->producer, error);
}

int tg_kafka_sink_new(const struct tg_kafka_sink_options *options, struct tg_kafka_sink **ret_sink,
                      struct tg_error *error)
{
        struct tg_kafka_sink *sink = tg_allocate_zeroed(1, sizeof *sink);

        assert(options->shards > 0);
        sink->options = *options;
        if (open_producer(sink, error) < 0) {
                tg_kafka_sink_free(sink);
                return -1;
        }
        *ret_sink = sink;
        return 0;
}

void tg_kafka_sink_free(struct tg_kafka_sink *sink)
{
        if (!sink)
                return;
        tg_exactly_once_deinit(&sink->once);
        tg_producer_close(&sink->producer);
        tg_buffer_deinit(&sink->frame);
        free(sink);
}

static int failed(const struct tg_kafka_sink *sink, struct tg_error *error)
{
        return tg_producer_failed(&sink->producer, error);
}

static int sink_begin(void *context, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;

        assert(!sink->open);
        rd_kafka_poll(sink->producer.client.handle, 0);
        sink->open = true;
        return failed(sink, error);
}

/* What a message is made of; headers are taken over. */
struct message {
        rd_kafka_topic_t *topic;
        int32_t partition; /* RD_KAFKA_PARTITION_UA: by key */
        struct tg_span key;
        struct tg_span value;
        rd_kafka_headers_t *headers; /* NULL: none */
};

static rd_kafka_resp_err_t offer(struct tg_kafka_sink *sink, const struct message *message)
{
        rd_kafka_vu_t parts[] = {
                {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = message->topic},
                {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
                {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
                {.vtype = RD_KAFKA_VTYPE_KEY,
                 .u.mem = {(void *)message->key.data, message->key.size}},
                {.vtype = RD_KAFKA_VTYPE_VALUE,
                 .u.mem = {(void *)message->value.data, message->value.size}},
                {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = message->headers},
        };
        size_t count = sizeof parts / sizeof parts[0] - (message->headers ? 0 : 1);
        rd_kafka_error_t *error = rd_kafka_produceva(sink->producer.client.handle, parts, count);
        rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;

        if (error)
                rd_kafka_error_destroy(error);
        return code;
}

/* Waits while the queue is full; takes the headers whatever the answer. */
static int produce(struct tg_kafka_sink *sink, const struct message *message,
                   struct tg_error *error)
{
        rd_kafka_resp_err_t code;

        assert(sink->open);
        if (is_transactional(sink))
                tg_exactly_once_begin(&sink->once);
        while ((code = offer(sink, message)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                rd_kafka_poll(sink->producer.client.handle, WAIT_MS);
                if (sink->producer.client.failed)
                        break;
        }
        sink->outputs++;
        if (code && message->headers)
                rd_kafka_headers_destroy(message->headers);
        if (code && is_transactional(sink) && !tg_producer_fails_for_good(code))
                sink->once.broken = true;
        else if (code && !sink->producer.client.failed)
                tg_client_fail(&sink->producer.client, code, rd_kafka_topic_name(message->topic),
                               rd_kafka_err2str(code));
        return failed(sink, error);
}

static struct tg_span framed(struct tg_kafka_sink *sink, uint32_t schema_id, struct tg_span datum)
{
        tg_buffer_reset(&sink->frame);
        tg_put_confluent(&sink->frame, schema_id);
        tg_buffer_append(&sink->frame, datum.data, datum.size);
        return tg_buffer_span(&sink->frame);
}

static int sink_decision(void *context, int32_t partition, const struct tg_decision *decision,
                         struct tg_span datum, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;
        const struct message message = {
                .topic = sink->producer.decisions,
                .partition = partition,
                .key = decision->request->customer,
                .value = framed(sink, tg_subjects_decision(sink->options.subjects), datum),
        };

        sink->counts.decisions++;
        return produce(sink, &message, error);
}

static int sink_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;
        uint8_t channel = decision->request->channel;
        struct message message = {
                .partition = RD_KAFKA_PARTITION_UA, /* channels may differ in partitions */
                .key = decision->request->customer,
        };

        (void)partition;
        if (tg_producer_open_channel(&sink->producer, channel, error) < 0)
                return -1;
        message.topic = sink->producer.permitted[channel];
        message.value = framed(sink, sink->producer.permitted_ids[channel], datum);
        sink->counts.permitted++;
        return produce(sink, &message, error);
}

static int sink_customer(void *context, int32_t partition, struct tg_span key, struct tg_span datum,
                         struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;
        const struct message message = {
                .topic = sink->producer.customers,
                .partition = partition,
                .key = key,
                .value = tg_span_present(datum)
                                 ? framed(sink, tg_subjects_customer(sink->options.subjects), datum)
                                 : TG_SPAN_ABSENT,
        };

        return produce(sink, &message, error);
}

static void add_header(rd_kafka_headers_t *headers, const char *name, const char *text)
{
        rd_kafka_header_add(headers, name, -1, text, -1);
}

static void add_number(rd_kafka_headers_t *headers, const char *name, int64_t number)
{
        char text[HEADER_TEXT_SIZE];

        snprintf(text, sizeof text, "%" PRId64, number);
        add_header(headers, name, text);
}

/* Those of the message as it came, and ours behind them. */
static rd_kafka_headers_t *rejection_headers(const rd_kafka_message_t *message, const char *reason,
                                             const char *detail)
{
        rd_kafka_headers_t *theirs, *headers;
        rd_kafka_timestamp_type_t type;

        if (rd_kafka_message_headers(message, &theirs) == RD_KAFKA_RESP_ERR_NO_ERROR)
                headers = rd_kafka_headers_copy(theirs);
        else
                headers = rd_kafka_headers_new(HEADERS);
        add_header(headers, "touchgate.topic", rd_kafka_topic_name(message->rkt));
        add_number(headers, "touchgate.partition", message->partition);
        add_number(headers, "touchgate.offset", message->offset);
        add_number(headers, "touchgate.timestamp", rd_kafka_message_timestamp(message, &type));
        add_header(headers, "touchgate.reason", reason);
        add_header(headers, "touchgate.detail", detail);
        return headers;
}

static int sink_rejected(void *context, const struct tg_record *record, const char *reason,
                         const char *detail, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;
        const rd_kafka_message_t *origin = record->owner;
        const struct message message = {
                .topic = sink->producer.rejected,
                .partition = RD_KAFKA_PARTITION_UA,
                .key = tg_span_of(origin->key, origin->key_len),
                .value = tg_span_of(origin->payload, origin->len),
                .headers = rejection_headers(origin, reason, detail),
        };

        sink->counts.rejected++;
        return produce(sink, &message, error);
}

/* Every delivery answered, or an error for a person. */
static int deliver(struct tg_kafka_sink *sink, struct tg_error *error)
{
        rd_kafka_t *handle = sink->producer.client.handle;
        int waited_ms = 0;

        while (rd_kafka_flush(handle, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
                if (sink->producer.client.failed)
                        break;
                if (!atomic_load_explicit(&sink->options.lifetime->stop, memory_order_relaxed))
                        continue;
                waited_ms += WAIT_MS;
                if (waited_ms >= STOP_WAIT_MS)
                        return tg_fail(error, EX_UNAVAILABLE,
                                       "%d messages were not delivered within %d s after the "
                                       "request to stop; what they answer is decided again after "
                                       "the next start",
                                       rd_kafka_outq_len(handle), STOP_WAIT_MS / 1000);
        }
        return failed(sink, error);
}

static int commit_at_least_once(struct tg_kafka_sink *sink, const struct tg_progress *progress,
                                size_t count, struct tg_error *error)
{
        if (deliver(sink, error) < 0)
                return -1;
        sink->name.serial++;
        return tg_kafka_source_commit(sink->options.source, progress, count, &sink->name, error);
}

/* Nothing was told, and no position has moved. */
static bool is_idle(const struct tg_kafka_sink *sink, const struct tg_progress *progress,
                    size_t count)
{
        return is_transactional(sink) && !sink->once.begun &&
               !tg_member_has_moved(tg_kafka_source_member(sink->options.source), progress, count);
}

/* What a shard that lost a partition decided since may not be committed. */
static int commit_exactly_once(struct tg_kafka_sink *sink, const struct tg_progress *progress,
                               size_t count, struct tg_error *error)
{
        if (tg_kafka_source_has_lost(sink->options.source) && sink->once.begun)
                return tg_exactly_once_abort(&sink->once, error) < 0 ? -1 : 1;
        return tg_exactly_once_commit(&sink->once, progress, count, error);
}

/* What has become of transactions, for whoever looks. Those that had nothing in them are none. */
static void show_transactions(const struct tg_kafka_sink *sink, int64_t begun_us)
{
        struct tg_board *board = sink->options.board;

        if (!board)
                return;
        tg_histogram_add(&board->commits, &tg_bounds_work, tg_watch_us() - begun_us);
        tg_board_put(board, TG_TALLY_COMMITTED, sink->counts.commits);
        tg_board_put(board, TG_TALLY_ABORTED, sink->once.aborts);
        tg_board_put(board, TG_TALLY_IN_DOUBT, sink->once.doubts);
}

/* Put off, nothing is told to be committed: without transactions it may not be delivered yet. */
static int sink_commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                       struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;
        int64_t now_ms = tg_clock_monotonic_ms();
        int64_t begun_us;
        int answer;

        assert(sink->open);
        sink->open = false;
        if (failed(sink, error) < 0)
                return -1;
        if (is_idle(sink, progress, count))
                return 0;
        if (!now && sink->outputs < OUTPUTS_MAX &&
            now_ms - sink->committed_ms < sink->options.commit_ms)
                return 2;
        begun_us = tg_watch_us();
        sink->committed_ms = now_ms;
        sink->outputs = 0;
        answer = is_transactional(sink) ? commit_exactly_once(sink, progress, count, error)
                                        : commit_at_least_once(sink, progress, count, error);
        sink->counts.commits += answer == 0;
        show_transactions(sink, begun_us);
        return answer;
}

static int sink_abort(void *context, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;

        assert(sink->open);
        sink->open = false;
        return tg_exactly_once_abort(&sink->once, error);
}

struct tg_sink tg_kafka_sink_port(struct tg_kafka_sink *sink)
{
        return (struct tg_sink){
                .begin = sink_begin,
                .decision = sink_decision,
                .permitted = sink_permitted,
                .rejected = sink_rejected,
                .customer = sink->options.customers ? sink_customer : NULL,
                .commit = sink_commit,
                .abort = is_transactional(sink) ? sink_abort : NULL,
                .context = sink,
        };
}

struct tg_kafka_sink_counts tg_kafka_sink_counts(const struct tg_kafka_sink *sink)
{
        struct tg_kafka_sink_counts counts = sink->counts;

        counts.aborts = sink->once.aborts;
        counts.doubts = sink->once.doubts;
        return counts;
}
