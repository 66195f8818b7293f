/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/source.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/intake.h"
#include "kafka/member.h"
#include "kafka/rounds.h"
#include "shard/pool.h"

enum {
        WAIT_MS = 5,      /* a batch that isn't full is waited for so long: latency */
        HURRY_MS = 1,     /* likewise while requests wait for an answer */
        HELD_BATCHES = 8, /* batches of one stream that a shard may hold */
};

struct tg_kafka_source {
        struct tg_member member;
        struct tg_kafka_source_options options;
        struct tg_intake intake;
        struct tg_rounds rounds;
        struct tg_pool pool;
        uint64_t told_deviations;
        rd_kafka_message_t **messages; /* of one batch */
        rd_kafka_message_t **parked;   /* in the order they came, behind one of unknown schema */
        size_t parked_count;
        size_t parked_capacity;
        const rd_kafka_topic_t *topics[TG_LANES]; /* as last seen; to compare by address */
        struct tg_kafka_source_counts counts;
        bool busy;    /* counted in the lifetime */
        bool drained; /* the last batch was not full */
        bool hurried; /* the next batch is not waited for */
};

int tg_kafka_source_new(const struct tg_kafka_source_options *options,
                        struct tg_kafka_source **ret_source, struct tg_error *error)
{
        const struct tg_member_options member = {
                .settings = options->settings,
                .notices = options->notices,
                .board = options->board,
                .lifetime = options->lifetime,
                .partitions = options->partitions,
                .fetch_bytes = options->settings->fetch_bytes / options->shards,
                .late_ms = options->late_ms,
                .customers = options->customers,
                .shard = options->shard,
                .shards = options->shards,
        };
        struct tg_kafka_source *source = tg_allocate_zeroed(1, sizeof *source);

        assert(options->batch > 0 && options->shards > 0);
        source->options = *options;
        source->busy = true; /* the lifetime counts every shard as busy from its start */
        tg_intake_init(&source->intake, options->readings, options->partitions);
        tg_rounds_init(&source->rounds, options->lookout, options->board, options->partitions);
        source->messages = tg_allocate(options->batch * sizeof(rd_kafka_message_t *));
        if (tg_member_init(&source->member, &member, error) < 0) {
                tg_kafka_source_free(source);
                return -1;
        }
        *ret_source = source;
        return 0;
}

static enum tg_stream stream_of(struct tg_kafka_source *source, const rd_kafka_topic_t *topic)
{
        int lane = 0;

        for (int i = 0; i < TG_LANES; i++)
                if (topic == source->topics[i])
                        return (enum tg_stream)i;
        while (lane < TG_LANES - 1 &&
               strcmp(rd_kafka_topic_name(topic),
                      tg_member_topic(&source->member, (enum tg_stream)lane)) != 0)
                lane++;
        source->topics[lane] = topic;
        return (enum tg_stream)lane;
}

static void release_message(struct tg_kafka_source *source, rd_kafka_message_t *message,
                            enum tg_stream stream)
{
        tg_assignment_release(&source->member.assignment, message->partition, stream,
                              tg_client_message_bytes(message));
        rd_kafka_message_destroy(message);
}

void tg_kafka_source_free(struct tg_kafka_source *source)
{
        if (!source)
                return;
        for (size_t i = 0; i < source->parked_count; i++)
                release_message(source, source->parked[i],
                                stream_of(source, source->parked[i]->rkt));
        free(source->parked);
        tg_member_deinit(&source->member);
        tg_intake_deinit(&source->intake);
        tg_rounds_deinit(&source->rounds);
        tg_pool_deinit(&source->pool);
        free(source->messages);
        free(source);
}

/* Librdkafka tells errors of a partition as messages. */
static void take_event(struct tg_kafka_source *source, const rd_kafka_message_t *message)
{
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                if (tg_assignment_owns(&source->member.assignment, message->partition))
                        tg_assignment_see_end(&source->member.assignment, message->partition,
                                              stream_of(source, message->rkt), message->offset,
                                              tg_clock_monotonic_ms());
                return;
        }
        switch (message->err) {
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
        case RD_KAFKA_RESP_ERR__FATAL:
                tg_client_fail(&source->member.client, message->err, "reading",
                               rd_kafka_message_errstr(message));
                return;
        default:
                tg_notice(source->member.client.notices, TG_NOTICE_WARNING,
                          "reading: %s (%s); trying on", rd_kafka_message_errstr(message),
                          rd_kafka_err2name(message->err));
        }
}

/* NULL: its schema is not known yet. */
static struct tg_record *read_record(struct tg_kafka_source *source, rd_kafka_message_t *message)
{
        struct tg_record *record = tg_pool_take(&source->pool);
        rd_kafka_timestamp_type_t timestamp_type;
        const struct tg_arrival arrival = {
                .stream = stream_of(source, message->rkt),
                .partition = message->partition,
                .offset = message->offset,
                .key = tg_span_of(message->key, message->key_len),
                .value = tg_span_of(message->payload, message->len),
        };

        if (!tg_intake_read(&source->intake, &arrival, record)) {
                tg_pool_give(&source->pool, record);
                return NULL;
        }
        record->owner = message;
        source->counts.records[arrival.stream]++;
        source->counts.faulty += record->kind == TG_RECORD_FAULTY;
        if (record->kind == TG_RECORD_FAULTY && arrival.stream >= TG_STREAMS)
                tg_notice(source->member.client.notices, TG_NOTICE_WARNING,
                          "a record of topic %s can't be read back: what it says is not known (%s: "
                          "%s)",
                          rd_kafka_topic_name(message->rkt), record->fault, record->detail);
        if (record->kind == TG_RECORD_DATA && arrival.stream == TG_STREAM_TOUCHPOINTS)
                tg_member_note_fact(&source->member,
                                    rd_kafka_message_timestamp(message, &timestamp_type),
                                    record->time_ms);
        return record;
}

static void park(struct tg_kafka_source *source, rd_kafka_message_t *message)
{
        if (source->parked_count == source->parked_capacity) {
                source->parked_capacity += source->options.batch;
                source->parked = tg_reallocate(source->parked,
                                               source->parked_capacity * sizeof *source->parked);
        }
        source->parked[source->parked_count++] = message;
        tg_intake_announce(&source->intake, stream_of(source, message->rkt),
                           tg_span_of(message->payload, message->len));
}

/* Until the schema of a record is known, its whole partition waits, so that order is kept. */
static struct tg_record *take_record(struct tg_kafka_source *source, rd_kafka_message_t *message)
{
        struct tg_assignment *assignment = &source->member.assignment;
        bool *waits = &assignment->partitions[message->partition].waits;
        struct tg_record *record = NULL;

        tg_assignment_hold(assignment, message->partition, stream_of(source, message->rkt),
                           tg_client_message_bytes(message));
        if (!*waits)
                record = read_record(source, message);
        *waits = !record;
        if (*waits)
                park(source, message);
        return record;
}

/* Those of partitions that are going: whoever gets them reads them again. */
static void drop_parked(struct tg_kafka_source *source)
{
        const struct tg_assignment *assignment = &source->member.assignment;
        size_t kept = 0;

        for (size_t i = 0; i < source->parked_count; i++) {
                rd_kafka_message_t *message = source->parked[i];

                if (tg_assignment_owns(assignment, message->partition) &&
                    !assignment->partitions[message->partition].leaving)
                        source->parked[kept++] = message;
                else
                        release_message(source, message, stream_of(source, message->rkt));
        }
        source->parked_count = kept;
}

/* Of those that waited, what can be read now. */
static size_t take_parked(struct tg_kafka_source *source, struct tg_record **records,
                          size_t capacity)
{
        struct tg_partition_state *partitions = source->member.assignment.partitions;
        size_t kept = 0, count = 0;

        for (size_t i = 0; i < source->parked_count; i++)
                partitions[source->parked[i]->partition].waits = false;
        for (size_t i = 0; i < source->parked_count; i++) {
                rd_kafka_message_t *message = source->parked[i];
                bool *waits = &partitions[message->partition].waits;
                struct tg_record *record = NULL;

                if (!*waits && count < capacity)
                        record = read_record(source, message);
                *waits = !record;
                if (*waits)
                        source->parked[kept++] = message;
                else
                        records[count++] = record;
        }
        source->parked_count = kept;
        return count;
}

/* What somebody has taken out of what lasts (a record without a value) is not there. */
static bool is_wanted(struct tg_kafka_source *source, const rd_kafka_message_t *message)
{
        struct tg_assignment *assignment = &source->member.assignment;
        enum tg_stream stream = stream_of(source, message->rkt);

        return tg_assignment_owns(assignment, message->partition) &&
               tg_assignment_take(assignment, message->partition, stream, message->offset) &&
               (message->payload || stream != TG_STREAM_CUSTOMERS);
}

/* Of the batch, what is a record of a partition that is ours. */
static size_t take_batch(struct tg_kafka_source *source, struct tg_record **records,
                         size_t capacity)
{
        size_t wanted = capacity < source->options.batch ? capacity : source->options.batch;
        int wait_ms = source->hurried ? 0 : source->rounds.hurries ? HURRY_MS : WAIT_MS;
        size_t read = tg_member_read(&source->member, wait_ms, source->messages, wanted);
        size_t count = 0;

        source->hurried = false;
        source->drained = read < wanted;
        for (size_t i = 0; i < read; i++) {
                rd_kafka_message_t *message = source->messages[i];

                if (!message->err && is_wanted(source, message)) {
                        if ((records[count] = take_record(source, message)))
                                count++;
                        continue;
                }
                if (message->err)
                        take_event(source, message);
                rd_kafka_message_destroy(message);
        }
        return count;
}

/* How much of one stream of a partition a shard may hold. */
struct bound {
        uint64_t records;
        uint64_t bytes; /* all of its partitions together: once more what may be fetched */
};

static struct bound bound_of(const struct tg_kafka_source *source)
{
        const struct tg_kafka_source_options *options = &source->options;
        int32_t owned = source->member.assignment.owned;

        return (struct bound){
                .records = HELD_BATCHES * options->batch,
                .bytes = (uint64_t)options->settings->fetch_bytes / options->shards /
                         (uint64_t)(owned > 0 ? owned : 1),
        };
}

static bool is_too_much(const struct tg_stream_state *stream, struct bound bound)
{
        return stream->held > bound.records || stream->held_bytes > bound.bytes;
}

/* So little that it is fetched again: a pause costs what librdkafka has fetched already. */
static bool is_little(const struct tg_stream_state *stream, struct bound bound)
{
        return stream->held < bound.records / 2 && stream->held_bytes < bound.bytes / 2;
}

/* Bounds what an event-time merge holds of a stream that is ahead, and what waits for a schema. */
static void balance(struct tg_kafka_source *source)
{
        const struct bound bound = bound_of(source);

        for (int32_t i = 0; i < source->member.assignment.count; i++) {
                const struct tg_partition_state *state = &source->member.assignment.partitions[i];

                if (!state->owned || state->leaving)
                        continue;
                for (int j = 0; j < TG_LANES; j++) {
                        const struct tg_stream_state *stream = &state->streams[j];
                        bool ended = j >= TG_STREAMS && stream->end_told;

                        if (j >= TG_STREAMS && stream->end == 0)
                                continue;
                        if (!stream->paused &&
                            (ended || is_too_much(stream, bound) || state->waits))
                                tg_member_pause(&source->member, i, (enum tg_stream)j, true);
                        else if (stream->paused && !ended && is_little(stream, bound) &&
                                 !state->waits)
                                tg_member_pause(&source->member, i, (enum tg_stream)j, false);
                }
        }
}

static void tell_deviations(struct tg_kafka_source *source)
{
        uint64_t total = source->intake.other_keys + source->intake.other_partitions;

        if (total == source->told_deviations)
                return;
        source->told_deviations = total;
        tg_notice(source->member.client.notices, TG_NOTICE_WARNING,
                  "records that are not keyed by customer as Kafka's Java clients do it: %llu with "
                  "another key, %llu in another partition; their customers' facts and requests may "
                  "not meet (set partitioner=murmur2_random in librdkafka producers)",
                  (unsigned long long)source->intake.other_keys,
                  (unsigned long long)source->intake.other_partitions);
}

/* Keeps the lifetime's count of those that still have something to read. */
static void update_busy(struct tg_kafka_source *source)
{
        struct tg_lifetime *lifetime = source->options.lifetime;
        bool busy = !source->member.assigned || source->member.rebalance || !source->drained ||
                    !tg_rounds_none(&source->rounds, &source->member.assignment) ||
                    !tg_assignment_at_end(&source->member.assignment, tg_clock_monotonic_ms(),
                                          source->options.idle_ms);

        if (busy == source->busy)
                return;
        source->busy = busy;
        if (busy)
                atomic_fetch_add_explicit(&lifetime->busy, 1, memory_order_relaxed);
        else
                atomic_fetch_sub_explicit(&lifetime->busy, 1, memory_order_relaxed);
}

static void source_hurry(void *context)
{
        ((struct tg_kafka_source *)context)->hurried = true;
}

static void source_release(void *context, struct tg_record *record)
{
        struct tg_kafka_source *source = context;

        if (record->owner)
                release_message(source, record->owner, record->stream);
        tg_pool_give(&source->pool, record);
}

/* Fills in what the assignment has to tell: news, or ends. */
static size_t tell_news(struct tg_kafka_source *source, struct tg_record **records, size_t capacity)
{
        struct tg_record mark;
        size_t count = 0;

        while (count < capacity && tg_assignment_next_news(&source->member.assignment, &mark)) {
                if (mark.kind == TG_RECORD_ASSIGNED)
                        tg_rounds_begin(&source->rounds, mark.partition, tg_clock_awake_ms());
                records[count] = tg_pool_take(&source->pool);
                *records[count++] = mark;
        }
        return count;
}

static size_t tell_ends(struct tg_kafka_source *source, struct tg_record **records, size_t capacity)
{
        int64_t idle_ms = source->options.end_at_once ? 0 : source->options.idle_ms;
        struct tg_record mark;
        size_t count = 0;

        while (count < capacity &&
               tg_assignment_next_end(&source->member.assignment, tg_clock_monotonic_ms(), idle_ms,
                                      &mark)) {
                records[count] = tg_pool_take(&source->pool);
                *records[count++] = mark;
        }
        return count;
}

/* Of what the shard was given so far, what it may decide on. */
static size_t tell_rounds(struct tg_kafka_source *source, struct tg_record **records,
                          size_t capacity)
{
        struct tg_record mark;
        size_t count = 0;

        while (count < capacity && tg_rounds_next(&source->rounds, &source->member.assignment,
                                                  tg_clock_awake_ms(), &mark)) {
                records[count] = tg_pool_take(&source->pool);
                *records[count++] = mark;
        }
        return count;
}

static int source_poll(void *context, struct tg_record **records, size_t capacity,
                       size_t *ret_count, struct tg_error *error)
{
        struct tg_kafka_source *source = context;
        size_t count;

        tg_member_settle(&source->member);
        drop_parked(source);
        balance(source); /* by what the shard holds on to: the last batch has been taken up */
        count = tell_news(source, records, capacity);
        /* Before the batch too: one after the other may be full. */
        count += tell_rounds(source, records + count, capacity - count);
        if (!source->member.rebalance)
                count += take_parked(source, records + count, capacity - count);
        if (count < capacity && !source->member.rebalance) {
                count += take_batch(source, records + count, capacity - count);
                count += tell_news(source, records + count, capacity - count);
                count += tell_rounds(source, records + count, capacity - count);
                tg_rounds_ask(&source->rounds, &source->member.assignment, tg_clock_awake_ms());
                /* Behind a batch that was full more of a stream may wait. */
                if (source->drained || source->options.end_at_once)
                        count += tell_ends(source, records + count, capacity - count);
        }
        tell_deviations(source);
        update_busy(source);
        if (source->member.client.failed) {
                for (size_t i = 0; i < count; i++)
                        source_release(source, records[i]);
                *error = source->member.client.failure;
                return -1;
        }
        *ret_count = count;
        return tg_lifetime_over(source->options.lifetime) ? 1 : 0;
}

/* What waits for a schema comes again, too. */
static int source_rewind(void *context, const struct tg_progress *progress, size_t count,
                         struct tg_error *error)
{
        struct tg_kafka_source *source = context;

        for (size_t i = 0; i < source->parked_count; i++)
                release_message(source, source->parked[i],
                                stream_of(source, source->parked[i]->rkt));
        source->parked_count = 0;
        for (int32_t i = 0; i < source->member.assignment.count; i++)
                source->member.assignment.partitions[i].waits = false;
        tg_rounds_rewind(&source->rounds, progress, count);
        return tg_member_rewind(&source->member, progress, count, error);
}

static void source_look_back(void *context, const struct tg_lookback *lookback)
{
        tg_member_look_back(&((struct tg_kafka_source *)context)->member, lookback);
}

static const char *source_stream_name(void *context, enum tg_stream stream)
{
        const struct tg_kafka_source *source = context;

        return tg_member_topic(&source->member, stream);
}

struct tg_source tg_kafka_source_port(struct tg_kafka_source *source)
{
        return (struct tg_source){
                .poll = source_poll,
                .hurry = source_hurry,
                .release = source_release,
                .rewind = source_rewind,
                .look_back = source_look_back,
                .stream_name = source_stream_name,
                .context = source,
        };
}

struct tg_kafka_source_counts tg_kafka_source_counts(const struct tg_kafka_source *source)
{
        struct tg_kafka_source_counts counts = source->counts;

        counts.keys = source->intake.other_keys;
        counts.partitions = source->intake.other_partitions;
        counts.lost = source->member.losses;
        return counts;
}

bool tg_kafka_source_has_lost(const struct tg_kafka_source *source)
{
        return source->member.assignment.lost > 0;
}

struct tg_member *tg_kafka_source_member(struct tg_kafka_source *source)
{
        return &source->member;
}

int tg_kafka_source_commit(struct tg_kafka_source *source, const struct tg_progress *progress,
                           size_t count, const struct tg_commit_name *name, struct tg_error *error)
{
        return tg_member_commit(&source->member, progress, count, name, error);
}
