/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/sink.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "avro/framing.h"
#include "base/memory.h"
#include "kafka/failpoint.h"
#include "kafka/member.h"
#include "kafka/transaction.h"

enum {
        WAIT_MS = 100,        /* one turn of waiting for deliveries */
        STOP_WAIT_MS = 10000, /* for all of them, once the process was asked to leave */
        HEADERS_MAX = 7,      /* of ours on a dead letter */
        HEADER_TEXT_SIZE = 32,
        MESSAGES_MAX = 10000000, /* librdkafka's own limit */
        MESSAGE_COST = 400,      /* bytes a small message takes in librdkafka */
        OUTPUTS_MAX = 20000,     /* of a transaction, after which it is committed */
        ID_SIZE = 512,
        REFUSED_MAX = 4,  /* commits, once the process was asked to leave */
        REVIVALS_MAX = 5, /* in a row, without a commit in between */
};

struct tg_kafka_sink {
        struct tg_client client;
        struct tg_kafka_sink_options options;
        rd_kafka_topic_t *decisions;
        rd_kafka_topic_t *rejected;
        rd_kafka_topic_t *permitted[TG_CHANNELS]; /* made at the first permit of a channel */
        uint32_t permitted_ids[TG_CHANNELS];      /* likewise */
        struct tg_buffer frame;                   /* of the message being produced */
        struct tg_kafka_sink_counts counts;
        int64_t committed_ms; /* when the last commit began */
        bool open;            /* between begin and commit */

        /* Exactly once. */
        struct tg_transaction transaction;
        struct tg_commit_name name; /* of the last commit */
        char id[ID_SIZE];           /* transactional.id */
        size_t outputs;             /* of the transaction */
        bool begun;                 /* there is one */
        bool broken;                /* it can only be aborted */
        unsigned revivals;          /* since the last commit */
        unsigned refused;           /* commits, since the process was asked to leave */
};

/* Nothing is gained by an abort: the same message would fail again. */
static bool fails_for_good(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
               code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
               code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
               code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* Called within poll and flush, in the shard's thread. */
static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
        const struct tg_client *client = opaque;
        char where[TG_TOPIC_TEXT_SIZE + 64];

        (void)handle;
        if (!message->err)
                return;
        /* The commit of its transaction fails, which is the answer. */
        if (client->revives && !fails_for_good(message->err))
                return;
        snprintf(where, sizeof where, "writing to topic %s, partition %d",
                 rd_kafka_topic_name(message->rkt), (int)message->partition);
        tg_client_fail(opaque, message->err, where, rd_kafka_err2str(message->err));
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

static bool is_transactional(const struct tg_kafka_sink *sink)
{
        return sink->options.transaction_ms > 0;
}

/* Requests are given up before the transaction is, so that there is time to end it. */
static int64_t request_timeout_ms(const struct tg_kafka_sink *sink)
{
        return sink->options.transaction_ms / 2;
}

static int open_producer(struct tg_kafka_sink *sink, struct tg_error *error)
{
        int64_t share = sink->options.settings->produce_bytes / sink->options.shards;
        int64_t messages = share / MESSAGE_COST;
        char kilobytes_text[32], messages_text[32], transaction_text[32], request_text[32];
        const struct tg_client_property defaults[] = {
                {"client.id", "touchgate"},
                {"socket.nagle.disable", "true"},
                {"compression.codec", "lz4"},
                {"queue.buffering.max.kbytes", kilobytes_text},
                {"queue.buffering.max.messages", messages_text},
                {is_transactional(sink) ? NULL : "message.timeout.ms", "60000"},
                {NULL, NULL},
        };
        const struct tg_client_property fixed[] = {
                {"partitioner", "murmur2_random"},
                {"enable.idempotence", "true"},
                {is_transactional(sink) ? "transactional.id" : NULL, sink->id},
                {"transaction.timeout.ms", transaction_text},
                {"message.timeout.ms", request_text},
                {"socket.timeout.ms", request_text},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = sink->options.settings,
                .defaults = defaults,
                .fixed = fixed,
                .prepare = prepare,
        };

        snprintf(transaction_text, sizeof transaction_text, "%" PRId64,
                 sink->options.transaction_ms);
        snprintf(request_text, sizeof request_text, "%" PRId64, request_timeout_ms(sink));
        snprintf(kilobytes_text, sizeof kilobytes_text, "%" PRId64, share / 1024);
        snprintf(messages_text, sizeof messages_text, "%" PRId64,
                 messages > MESSAGES_MAX ? MESSAGES_MAX : messages);
        return tg_client_init(&sink->client, RD_KAFKA_PRODUCER, &options, error);
}

static rd_kafka_topic_t *open_topic(struct tg_kafka_sink *sink, const char *name)
{
        rd_kafka_topic_t *topic = rd_kafka_topic_new(sink->client.handle, name, NULL);

        assert(topic); /* fails for a bad name alone, which settings and words exclude */
        return topic;
}

/* What another process of this group can't have as well. */
static void name_producer(struct tg_kafka_sink *sink)
{
        const struct tg_kafka_settings *settings = sink->options.settings;
        const char *group = tg_kafka_settings_find(settings, "group.id");
        const char *instance = tg_kafka_settings_find(settings, "group.instance.id");
        char host[HOST_NAME_MAX + 1] = "";

        if (getrandom(&sink->name.producer, sizeof sink->name.producer, 0) < 0)
                sink->name.producer = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
        gethostname(host, sizeof host - 1);
        if (instance)
                snprintf(sink->id, sizeof sink->id, "%s-%s-%u", group, instance,
                         sink->options.shard);
        else
                snprintf(sink->id, sizeof sink->id, "%s-%s-%d-%08x-%u", group, host, (int)getpid(),
                         (unsigned)sink->name.producer, sink->options.shard);
}

static void open_topics(struct tg_kafka_sink *sink)
{
        sink->decisions = open_topic(sink, sink->options.settings->topics[TG_TOPIC_DECISIONS]);
        sink->rejected = open_topic(sink, sink->options.settings->topics[TG_TOPIC_REJECTED]);
}

/* What was not delivered is thrown away. */
static void close_producer(struct tg_kafka_sink *sink)
{
        if (sink->client.handle)
                rd_kafka_purge(sink->client.handle, RD_KAFKA_PURGE_F_QUEUE |
                                                            RD_KAFKA_PURGE_F_INFLIGHT |
                                                            RD_KAFKA_PURGE_F_NON_BLOCKING);
        for (int i = 0; i < TG_CHANNELS; i++)
                if (sink->permitted[i])
                        rd_kafka_topic_destroy(sink->permitted[i]);
        memset(sink->permitted, 0, sizeof sink->permitted);
        if (sink->rejected)
                rd_kafka_topic_destroy(sink->rejected);
        if (sink->decisions)
                rd_kafka_topic_destroy(sink->decisions);
        sink->rejected = sink->decisions = NULL;
        tg_client_deinit(&sink->client);
        sink->begun = sink->broken = false;
        sink->outputs = 0;
}

static bool is_fenced(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
               code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* A new producer in place of the one there was, whose transaction is ended by this. */
static int revive(struct tg_kafka_sink *sink, struct tg_error *error)
{
        struct tg_transaction *transaction = &sink->transaction;

        for (;;) {
                if (sink->client.handle)
                        tg_notice(sink->client.notices, TG_NOTICE_WARNING,
                                  "a new producer is made, as the answer to a transaction is in "
                                  "doubt: %s (%s)",
                                  transaction->reason, rd_kafka_err2name(transaction->cause));
                close_producer(sink);
                if (open_producer(sink, error) < 0)
                        return -1;
                open_topics(sink);
                if (tg_transaction_open(transaction) == TG_STEP_DONE)
                        return 0;
                if (sink->client.failed) {
                        *error = sink->client.failure;
                        return -1;
                }
                if (++sink->revivals >= REVIVALS_MAX)
                        return tg_client_error(is_fenced(transaction->cause)
                                                       ? RD_KAFKA_RESP_ERR__FENCED
                                                       : transaction->cause,
                                               "transactions", transaction->reason, error);
        }
}

int tg_kafka_sink_new(const struct tg_kafka_sink_options *options, struct tg_kafka_sink **ret_sink,
                      struct tg_error *error)
{
        struct tg_kafka_sink *sink = tg_allocate_zeroed(1, sizeof *sink);
        int result;

        assert(options->shards > 0);
        sink->options = *options;
        sink->client = (struct tg_client){
                .notices = options->notices,
                .role = "producer",
                .owner = sink,
                .revives = options->transaction_ms > 0,
        };
        sink->transaction = (struct tg_transaction){
                .client = &sink->client,
                .deadline_ms = 2 * options->transaction_ms,
                .answer_ms = options->transaction_ms / 2,
        };
        name_producer(sink);
        if (is_transactional(sink)) {
                result = revive(sink, error);
        } else {
                result = open_producer(sink, error);
                if (result == 0)
                        open_topics(sink);
        }
        if (result < 0) {
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
        if (sink->begun) {
                sink->transaction.deadline_ms = request_timeout_ms(sink);
                tg_transaction_abort(&sink->transaction);
        }
        close_producer(sink);
        tg_buffer_deinit(&sink->frame);
        free(sink);
}

static int failed(const struct tg_kafka_sink *sink, struct tg_error *error)
{
        if (!sink->client.failed)
                return 0;
        *error = sink->client.failure;
        return -1;
}

static int sink_begin(void *context, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;

        assert(!sink->open);
        rd_kafka_poll(sink->client.handle, 0);
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
        rd_kafka_error_t *error = rd_kafka_produceva(sink->client.handle, parts, count);
        rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;

        if (error)
                rd_kafka_error_destroy(error);
        return code;
}

/* With the first output: an idle shard commits nothing. */
static void begin_transaction(struct tg_kafka_sink *sink)
{
        if (!is_transactional(sink) || sink->begun)
                return;
        sink->begun = true;
        sink->outputs = 0;
        sink->broken = tg_transaction_begin(&sink->transaction) != TG_STEP_DONE;
}

/* Waits while the queue is full; takes the headers whatever the answer. */
static int produce(struct tg_kafka_sink *sink, const struct message *message,
                   struct tg_error *error)
{
        rd_kafka_resp_err_t code;

        assert(sink->open);
        begin_transaction(sink);
        while ((code = offer(sink, message)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                rd_kafka_poll(sink->client.handle, WAIT_MS);
                if (sink->client.failed)
                        break;
        }
        sink->outputs++;
        if (code && message->headers)
                rd_kafka_headers_destroy(message->headers);
        if (code && is_transactional(sink) && !fails_for_good(code))
                sink->broken = true;
        else if (code && !sink->client.failed)
                tg_client_fail(&sink->client, code, rd_kafka_topic_name(message->topic),
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
                .topic = sink->decisions,
                .partition = partition,
                .key = decision->request->customer,
                .value = framed(sink, tg_subjects_decision(sink->options.subjects), datum),
        };

        sink->counts.decisions++;
        return produce(sink, &message, error);
}

/* Topic and schema id of a channel, at its first permit. */
static int open_channel(struct tg_kafka_sink *sink, uint8_t channel, struct tg_error *error)
{
        char name[TG_TOPIC_TEXT_SIZE];

        assert(channel < TG_CHANNELS);
        if (sink->permitted[channel])
                return 0;
        if (tg_subjects_permitted(sink->options.subjects, channel, &sink->permitted_ids[channel],
                                  error) < 0)
                return -1;
        tg_kafka_permitted_topic(sink->options.settings, tg_word(&tg_channel_words, channel), name);
        sink->permitted[channel] = open_topic(sink, name);
        return 0;
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
        if (open_channel(sink, channel, error) < 0)
                return -1;
        message.topic = sink->permitted[channel];
        message.value = framed(sink, sink->permitted_ids[channel], datum);
        sink->counts.permitted++;
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
                headers = rd_kafka_headers_new(HEADERS_MAX);
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
                .topic = sink->rejected,
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
        rd_kafka_t *handle = sink->client.handle;
        int waited_ms = 0;

        while (rd_kafka_flush(handle, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
                if (sink->client.failed)
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

static int64_t monotonic_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int commit_at_least_once(struct tg_kafka_sink *sink, const struct tg_progress *progress,
                                size_t count, bool now, struct tg_error *error)
{
        int64_t now_ms = monotonic_ms();

        if (!now && now_ms - sink->committed_ms < sink->options.commit_ms)
                return failed(sink, error);
        if (deliver(sink, error) < 0)
                return -1;
        sink->committed_ms = now_ms;
        sink->counts.commits++;
        sink->name.serial++;
        return tg_kafka_source_commit(sink->options.source, progress, count, &sink->name, error);
}

static void end_transaction(struct tg_kafka_sink *sink)
{
        sink->begun = sink->broken = false;
        sink->outputs = 0;
}

/* Has it ended without effect, whatever that takes. Returns 1 or -1. */
static int abort_transaction(struct tg_kafka_sink *sink, struct tg_error *error)
{
        if (failed(sink, error) < 0)
                return -1;
        sink->counts.aborts++;
        if (tg_transaction_abort(&sink->transaction) != TG_STEP_DONE && revive(sink, error) < 0)
                return -1;
        end_transaction(sink);
        return 1;
}

/* Finds out whether the commit that was tried last has come about. Returns 0, 1 or -1. */
static int settle(struct tg_kafka_sink *sink, const struct tg_progress *progress, size_t count,
                  struct tg_error *error)
{
        int known;

        sink->counts.doubts++;
        tg_board_count(sink->options.board, TG_TALLY_IN_DOUBT);
        if (++sink->revivals > REVIVALS_MAX)
                return tg_client_error(sink->transaction.cause, "transactions",
                                       sink->transaction.reason, error);
        if (revive(sink, error) < 0)
                return -1;
        known = tg_member_knows_commit(tg_kafka_source_member(sink->options.source), progress,
                                       count, &sink->name, error);
        if (known < 0)
                return -1;
        tg_notice(sink->client.notices, TG_NOTICE_WARNING,
                  known ? "the transaction in doubt was committed"
                        : "the transaction in doubt was not committed: what it decided is decided "
                          "again");
        sink->counts.aborts += !known;
        return known ? 0 : 1;
}

static enum tg_step try_commit(struct tg_kafka_sink *sink, const struct tg_progress *progress,
                               size_t count)
{
        struct tg_member *member = tg_kafka_source_member(sink->options.source);
        rd_kafka_topic_partition_list_t *offsets;
        enum tg_step step;

        tg_failpoint(TG_FAIL_AFTER_PRODUCE);
        sink->name.serial++;
        offsets = tg_member_offsets(member, progress, count, &sink->name);
        step = tg_transaction_add_offsets(&sink->transaction, member->client.handle, offsets);
        rd_kafka_topic_partition_list_destroy(offsets);
        return step == TG_STEP_DONE ? tg_transaction_commit(&sink->transaction) : step;
}

/* Once the process is to leave, there is no deciding again and again. */
static int may_go_on(struct tg_kafka_sink *sink, int answer, struct tg_error *error)
{
        if (answer != 1 ||
            !atomic_load_explicit(&sink->options.lifetime->stop, memory_order_relaxed) ||
            ++sink->refused < REFUSED_MAX)
                return answer;
        return tg_fail(error, EX_UNAVAILABLE,
                       "the last transaction was not committed (%s); what it answers is decided "
                       "again after the next start",
                       sink->transaction.reason);
}

static int commit_once(struct tg_kafka_sink *sink, const struct tg_progress *progress, size_t count,
                       struct tg_error *error)
{
        enum tg_step step;
        int answer = 0;

        sink->committed_ms = monotonic_ms();
        begin_transaction(sink);
        step = sink->broken ? TG_STEP_ABORT : try_commit(sink, progress, count);
        if (step == TG_STEP_DONE)
                end_transaction(sink);
        else if (step == TG_STEP_ABORT)
                answer = abort_transaction(sink, error);
        else
                answer = settle(sink, progress, count, error);
        if (answer == 0) {
                sink->counts.commits++;
                sink->revivals = 0;
                tg_member_note_committed(tg_kafka_source_member(sink->options.source), progress,
                                         count);
        } else if (answer > 0) {
                tg_notice(sink->client.notices, TG_NOTICE_WARNING,
                          "a transaction was aborted: %s (%s)", sink->transaction.reason,
                          rd_kafka_err2name(sink->transaction.cause));
        }
        return may_go_on(sink, answer, error);
}

static int commit_exactly_once(struct tg_kafka_sink *sink, const struct tg_progress *progress,
                               size_t count, bool now, struct tg_error *error)
{
        const struct tg_member *member = tg_kafka_source_member(sink->options.source);

        if (failed(sink, error) < 0)
                return -1;
        if (tg_kafka_source_has_lost(sink->options.source) && sink->begun)
                return abort_transaction(sink, error);
        if (!sink->begun && !tg_member_has_moved(member, progress, count))
                return 0;
        if (!now && !sink->broken && sink->outputs < OUTPUTS_MAX &&
            monotonic_ms() - sink->committed_ms < sink->options.commit_ms)
                return 2;
        return commit_once(sink, progress, count, error);
}

static int sink_commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                       struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;

        assert(sink->open);
        sink->open = false;
        return is_transactional(sink) ? commit_exactly_once(sink, progress, count, now, error)
                                      : commit_at_least_once(sink, progress, count, now, error);
}

static int sink_abort(void *context, struct tg_error *error)
{
        struct tg_kafka_sink *sink = context;

        assert(sink->open);
        sink->open = false;
        return sink->begun && abort_transaction(sink, error) < 0 ? -1 : 0;
}

struct tg_sink tg_kafka_sink_port(struct tg_kafka_sink *sink)
{
        return (struct tg_sink){
                .begin = sink_begin,
                .decision = sink_decision,
                .permitted = sink_permitted,
                .rejected = sink_rejected,
                .commit = sink_commit,
                .abort = is_transactional(sink) ? sink_abort : NULL,
                .context = sink,
        };
}

struct tg_kafka_sink_counts tg_kafka_sink_counts(const struct tg_kafka_sink *sink)
{
        return sink->counts;
}
