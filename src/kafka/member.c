/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/member.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/commit.h"
#include "kafka/lag.h"
#include "kafka/rebalance.h"

enum {
        METADATA_TIMEOUT_MS = 5000,
        SEEK_TIMEOUT_MS = 10000,
        INSTANCE_SIZE = TG_GROUP_SIZE_MAX + 16, /* with the shard's number */
        VERSION_KEEPS_BATCHES = 0x020d02ff, /* the first without what tg_member_read() tells of */
};

const char *tg_member_topic(const struct tg_member *member, enum tg_stream stream)
{
        static const enum tg_topic topics[TG_LANES] = {
                [TG_STREAM_TOUCHPOINTS] = TG_TOPIC_TOUCHPOINTS,
                [TG_STREAM_REQUESTS] = TG_TOPIC_REQUESTS,
                [TG_STREAM_DECISIONS] = TG_TOPIC_DECISIONS,
                [TG_STREAM_CUSTOMERS] = TG_TOPIC_CUSTOMERS,
        };

        return member->settings->topics[topics[stream]];
}

rd_kafka_topic_partition_t *tg_member_list(const struct tg_member *member,
                                           rd_kafka_topic_partition_list_t *list,
                                           enum tg_stream stream, int32_t partition, int64_t next)
{
        rd_kafka_topic_partition_t *item =
                rd_kafka_topic_partition_list_add(list, tg_member_topic(member, stream), partition);

        item->offset = next < 0 ? RD_KAFKA_OFFSET_BEGINNING : next;
        return item;
}

/* Called while reading. */
static int on_statistics(rd_kafka_t *handle, char *json, size_t size, void *opaque)
{
        struct tg_member *member = ((struct tg_client *)opaque)->owner;

        (void)handle;
        if (member->board)
                tg_lag_note(member->board, member->settings, json, size);
        return 0; /* the text is librdkafka's to free */
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_rebalance_cb(conf, tg_rebalance_note);
        rd_kafka_conf_set_stats_cb(conf, on_statistics);
}

/* Makes the consumer with bounds for its queue, from the memory that this shard may use. */
static int open_consumer(struct tg_member *member, const struct tg_member_options *join,
                         struct tg_error *error)
{
        const struct tg_client_bounds bounds =
                tg_client_bounds_of(member->settings, join->fetch_bytes);
        char instance_text[INSTANCE_SIZE];
        const struct tg_client_property defaults[] = {
                {"queued.max.messages.kbytes", bounds.kilobytes},
                {"queued.min.messages", bounds.messages},
                {"fetch.max.bytes", bounds.fetch},
                {"client.id", "touchgate"},
                {"session.timeout.ms", "30000"},
                {"check.crcs", "true"},
                {"fetch.wait.max.ms", "100"}, /* a fetch that is empty tells that facts end */
                {"statistics.interval.ms", join->board ? TG_LAG_EVERY_MS : "0"},
                {bounds.backoff ? "fetch.queue.backoff.ms" : NULL, bounds.backoff},
                {NULL, NULL},
        };
        const char *instance = tg_kafka_settings_find(member->settings, "group.instance.id");
        const struct tg_client_property fixed[] = {
                {"enable.auto.commit", "false"},
                {"enable.auto.offset.store", "false"},
                {"enable.partition.eof", "true"},
                {"auto.offset.reset", "earliest"},
                {"isolation.level", "read_committed"},
                {instance && join->shards > 1 ? "group.instance.id" : NULL, instance_text},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = member->settings,
                .defaults = defaults,
                .fixed = fixed,
                .prepare = prepare,
        };

        /* A static member's name is its own: with one for all, shards would fence one another. */
        snprintf(instance_text, sizeof instance_text, "%s-%u", instance ? instance : "",
                 join->shard);
        return tg_client_init(&member->client, RD_KAFKA_CONSUMER, &options, error);
}

static int subscribe(struct tg_member *member, struct tg_error *error)
{
        rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
        rd_kafka_resp_err_t code;

        rd_kafka_topic_partition_list_add(topics, tg_member_topic(member, TG_STREAM_REQUESTS),
                                          RD_KAFKA_PARTITION_UA);
        code = rd_kafka_subscribe(member->client.handle, topics);
        rd_kafka_topic_partition_list_destroy(topics);
        return code ? tg_client_error(code, "subscription", rd_kafka_err2str(code), error) : 0;
}

/*
 * Only the request topic is subscribed, so of the others nothing would be asked before their first
 * partitions come, and these would wait two seconds for their leaders.
 */
static rd_kafka_topic_t *learn(struct tg_member *member, enum tg_stream stream)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *topic =
                rd_kafka_topic_new(member->client.handle, tg_member_topic(member, stream), NULL);

        if (rd_kafka_metadata(member->client.handle, 0, topic, &metadata, METADATA_TIMEOUT_MS) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
                rd_kafka_metadata_destroy(metadata);
        return topic;
}

static bool loses_from_batches(const struct tg_kafka_settings *settings)
{
        const char *strategy = tg_kafka_settings_find(settings, "partition.assignment.strategy");

        return strategy && strstr(strategy, "cooperative") &&
               rd_kafka_version() < VERSION_KEEPS_BATCHES;
}

int tg_member_init(struct tg_member *member, const struct tg_member_options *options,
                   struct tg_error *error)
{
        *member = (struct tg_member){
                .client = {.notices = options->notices,
                           .role = "consumer",
                           .trusted = true,
                           .owner = member},
                .settings = options->settings,
                .shard = options->shard,
                .board = options->board,
                .late_ms = options->late_ms,
                .singly = loses_from_batches(options->settings),
        };
        tg_assignment_init(&member->assignment, options->partitions);
        if (open_consumer(member, options, error) < 0 ||
            tg_resume_office_init(&member->office, &member->client, member->settings,
                                  options->lifetime, error) < 0)
                return -1;
        member->office.customers = options->customers;
        rd_kafka_poll_set_consumer(member->client.handle);
        member->queue = rd_kafka_queue_get_consumer(member->client.handle);
        member->facts = learn(member, TG_STREAM_TOUCHPOINTS);
        member->told = learn(member, TG_STREAM_DECISIONS);
        if (options->customers)
                member->lasting = learn(member, TG_STREAM_CUSTOMERS);
        return subscribe(member, error);
}

void tg_member_deinit(struct tg_member *member)
{
        member->closing = true;
        tg_rebalance_carry_out(member);
        if (member->facts)
                rd_kafka_topic_destroy(member->facts);
        if (member->told)
                rd_kafka_topic_destroy(member->told);
        if (member->lasting)
                rd_kafka_topic_destroy(member->lasting);
        tg_resume_office_deinit(&member->office);
        if (member->queue)
                rd_kafka_queue_destroy(member->queue);
        if (member->client.handle)
                rd_kafka_consumer_close(member->client.handle);
        if (member->assignment.held == 0)
                tg_client_deinit(&member->client);
        tg_assignment_deinit(&member->assignment);
}

void tg_member_look_back(struct tg_member *member, const struct tg_lookback *lookback)
{
        member->office.lookback = *lookback;
        member->office.by_time = member->late_ms >= 0;
        member->office.lookback.window_ms += member->late_ms;
}

void tg_member_note_fact(struct tg_member *member, int64_t written_ms, int64_t happened_ms)
{
        if (written_ms >= happened_ms - member->late_ms || member->undated || member->late_ms < 0)
                return;
        member->undated = true;
        tg_notice(member->client.notices, TG_NOTICE_WARNING,
                  "records in topic %s have a timestamp earlier than the time of what they tell: "
                  "all that the topic holds will be read at every start, since from which record "
                  "on can't be told by the time (producers set timestamps in milliseconds)",
                  tg_member_topic(member, TG_STREAM_TOUCHPOINTS));
}

size_t tg_member_read(struct tg_member *member, int wait_ms, rd_kafka_message_t **messages,
                      size_t capacity)
{
        size_t count = 0;

        if (!member->singly) {
                ssize_t read =
                        rd_kafka_consume_batch_queue(member->queue, wait_ms, messages, capacity);

                return read < 0 ? 0 : (size_t)read;
        }
        while (count < capacity && !member->rebalance &&
               (messages[count] = rd_kafka_consume_queue(member->queue, count ? 0 : wait_ms)))
                count++;
        return count;
}

void tg_member_settle(struct tg_member *member)
{
        tg_resume_office_serve(&member->office);
        if (member->assignment.news == 0)
                tg_rebalance_carry_out(member);
}

void tg_member_pause(struct tg_member *member, int32_t partition, enum tg_stream stream,
                     bool paused)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

        rd_kafka_topic_partition_list_add(list, tg_member_topic(member, stream), partition);
        if (paused)
                rd_kafka_pause_partitions(member->client.handle, list);
        else
                rd_kafka_resume_partitions(member->client.handle, list);
        rd_kafka_topic_partition_list_destroy(list);
        member->assignment.partitions[partition].streams[stream].paused = paused;
}

/* Takes up fetching of what is to be sought: a pause would bring back where it was. */
static void resume_all(struct tg_member *member, const rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_resume_partitions(member->client.handle, (rd_kafka_topic_partition_list_t *)list);
        for (int32_t i = 0; i < member->assignment.count; i++)
                for (int j = 0; j < TG_LANES; j++)
                        if (rd_kafka_topic_partition_list_find(
                                    (rd_kafka_topic_partition_list_t *)list,
                                    tg_member_topic(member, (enum tg_stream)j), i))
                                member->assignment.partitions[i].streams[j].paused = false;
}

static int seek(struct tg_member *member, rd_kafka_topic_partition_list_t *list,
                struct tg_error *error)
{
        rd_kafka_error_t *failure;
        rd_kafka_resp_err_t code;

        resume_all(member, list);
        failure = rd_kafka_seek_partitions(member->client.handle, list, SEEK_TIMEOUT_MS);
        code = failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (failure)
                rd_kafka_error_destroy(failure);
        code = tg_client_answer(code, list);
        return code ? tg_client_error(code, "going back in the inputs", rd_kafka_err2str(code),
                                      error)
                    : 0;
}

int tg_member_rewind(struct tg_member *member, const struct tg_progress *progress, size_t count,
                     struct tg_error *error)
{
        rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new((int)count * TG_LANES);
        int result = 0;

        for (size_t i = 0; i < count; i++) {
                int32_t partition = progress[i].partition;

                if (!tg_assignment_owns(&member->assignment, partition))
                        continue;
                for (int j = 0; j < TG_LANES; j++) {
                        enum tg_stream stream = (enum tg_stream)j;
                        int64_t next = progress[i].next[j];

                        if (!tg_assignment_rewind(&member->assignment, partition, stream, next))
                                continue;
                        if (next < 0 && stream == TG_STREAM_TOUCHPOINTS)
                                next = member->assignment.partitions[partition].facts_from;
                        tg_member_list(member, list, stream, partition, next);
                }
        }
        if (list->cnt)
                result = seek(member, list, error);
        rd_kafka_topic_partition_list_destroy(list);
        return result;
}

static bool has_moved(const struct tg_progress *progress, const struct tg_progress *committed)
{
        if (progress->decided != committed->decided || progress->kept != committed->kept)
                return true;
        for (int i = 0; i < TG_STREAMS; i++)
                if (progress->next[i] != committed->next[i])
                        return true;
        return false;
}

bool tg_member_has_moved(const struct tg_member *member, const struct tg_progress *progress,
                         size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (tg_assignment_owns(&member->assignment, progress[i].partition) &&
                    has_moved(&progress[i],
                              &member->assignment.partitions[progress[i].partition].committed))
                        return true;
        return false;
}

/* A request's offset is committed always: the name of the commit stands with it. */
rd_kafka_topic_partition_list_t *tg_member_offsets(const struct tg_member *member,
                                                   const struct tg_progress *progress, size_t count,
                                                   const struct tg_commit_name *name)
{
        rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new((int)count * TG_STREAMS);
        char text[TG_BOOKMARK_SIZE];

        for (size_t i = 0; i < count; i++) {
                int32_t partition = progress[i].partition;
                int64_t requests = progress[i].next[TG_STREAM_REQUESTS];
                int64_t facts = progress[i].next[TG_STREAM_TOUCHPOINTS];
                struct tg_progress marked = progress[i];
                rd_kafka_topic_partition_t *item;

                if (!tg_assignment_owns(&member->assignment, partition))
                        continue;
                if (member->undated)
                        marked.kept = 0;
                item = tg_member_list(member, list, TG_STREAM_REQUESTS, partition,
                                      requests < 0 ? 0 : requests);
                tg_bookmark_write(name, &marked, text);
                item->metadata = strdup(text); /* librdkafka's to free */
                item->metadata_size = strlen(text);
                if (facts >= 0)
                        tg_member_list(member, list, TG_STREAM_TOUCHPOINTS, partition, facts);
        }
        return list;
}

void tg_member_note_committed(struct tg_member *member, const struct tg_progress *progress,
                              size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (tg_assignment_owns(&member->assignment, progress[i].partition))
                        member->assignment.partitions[progress[i].partition].committed =
                                progress[i];
}

int tg_member_knows_commit(struct tg_member *member, const struct tg_progress *progress,
                           size_t count, const struct tg_commit_name *name, struct tg_error *error)
{
        struct tg_commit_name known;

        for (size_t i = 0; i < count; i++) {
                if (!tg_assignment_owns(&member->assignment, progress[i].partition))
                        continue;
                if (tg_resume_last_commit(&member->office, progress[i].partition, &known) < 0) {
                        *error = member->client.failure;
                        return -1;
                }
                return known.producer == name->producer && known.serial == name->serial;
        }
        return 0;
}

int tg_member_commit(struct tg_member *member, const struct tg_progress *progress, size_t count,
                     const struct tg_commit_name *name, struct tg_error *error)
{
        rd_kafka_topic_partition_list_t *list = tg_member_offsets(member, progress, count, name);
        rd_kafka_resp_err_t code = list->cnt && tg_member_has_moved(member, progress, count)
                                           ? tg_commit(member->client.handle, list)
                                           : RD_KAFKA_RESP_ERR_NO_ERROR;

        rd_kafka_topic_partition_list_destroy(list);
        switch (code) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
        case RD_KAFKA_RESP_ERR__NO_OFFSET:
                tg_member_note_committed(member, progress, count);
                return 0;
        case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
                tg_notice(member->client.notices, TG_NOTICE_WARNING,
                          "offsets not committed, as the group is being rebalanced (%s): what was "
                          "decided since the last commit will be decided, and written, again",
                          rd_kafka_err2name(code));
                return 0;
        default:
                return tg_client_error(code, "committing offsets", rd_kafka_err2str(code), error);
        }
}
