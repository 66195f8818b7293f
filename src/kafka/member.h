/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member of the consumer group: the consumer, what it owns, and how that changes hands.
 *
 * Only the request topic is subscribed; the same-numbered partitions of touchpoints are assigned
 * with it, eagerly or cooperatively as the group does it, and those of decisions and customers up
 * to where they end when the offsets have been read. A rebalance is only noted when it is
 * announced, and carried out by tg_member_settle(), so that the shard hears of it in between
 * (kafka/rebalance.h). All calls come from one thread. A member must not move.
 */
#pragma once

#include "kafka/assignment.h"
#include "kafka/loss.h"
#include "kafka/resume.h"
#include "shard/board.h"

struct tg_member {
        struct tg_client client;
        struct tg_assignment assignment;
        const struct tg_kafka_settings *settings; /* borrowed */
        struct tg_board *board;                   /* borrowed; NULL: nobody is to see */
        rd_kafka_topic_t *facts;                  /* owned: keeps what is known of it */
        rd_kafka_topic_t *told;                   /* likewise, of decisions */
        rd_kafka_topic_t *lasting;                /* likewise, of customers; NULL: there is none */
        struct tg_resume_office office;           /* how far partitions had come */
        struct tg_losses losses;                  /* of partitions that came */
        rd_kafka_queue_t *queue;                  /* owned: where everything arrives */
        rd_kafka_topic_partition_list_t *rebalance; /* owned: to be carried out; NULL: none */
        int64_t late_ms;                            /* as the option */
        bool undated;                               /* timestamps of facts can't be relied upon */
        bool gaining;                               /* what `rebalance` does */
        bool assigned;                              /* what is ours is known */
        bool closing;
        unsigned shard; /* which of the process, for people */
        bool singly;    /* messages are taken one at a time: see tg_member_read() */
};

struct tg_member_options {
        const struct tg_kafka_settings *settings; /* borrowed until the end */
        const struct tg_notices *notices;         /* likewise */
        struct tg_lifetime *lifetime;             /* likewise */
        struct tg_board *board;                   /* likewise: where lags are shown; or NULL */
        int32_t partitions;                       /* of the request topic */
        int64_t fetch_bytes;                      /* that may wait to be read */
        int64_t late_ms;                          /* by so much may the timestamp of a fact be
                                                   * earlier than its time; -1: by anything */
        bool customers;                           /* there is a topic for what lasts of them */
        unsigned shard;                           /* tells static members of a process apart */
        unsigned shards;
};

/* Joins the group. Returns 0 or -1, after which MEMBER is to be deinited too. */
int tg_member_init(struct tg_member *member, const struct tg_member_options *options,
                   struct tg_error *error);

/*
 * Leaves the group. If the shard still holds messages (it failed), librdkafka's memory is left to
 * the end of the process, as it would wait for them forever.
 */
void tg_member_deinit(struct tg_member *member);

/*
 * Waits up to WAIT_MS for messages and events, takes at most CAPACITY of them, to be destroyed, and
 * returns how many. A rebalance may be announced in it.
 *
 * Librdkafka pauses all partitions while a group is rebalanced. When those stay, cooperatively,
 * they go on behind what a batch had taken, though that was purged from it (before 2.1), or one
 * behind an end that was told in it (2.2 to 2.13.1). Messages that are taken one at a time are not
 * lost.
 */
size_t tg_member_read(struct tg_member *member, int wait_ms, rd_kafka_message_t **messages,
                      size_t capacity);

/* Carries out a rebalance that was announced, if one was and the shard knows what goes. */
void tg_member_settle(struct tg_member *member);

/* How far back the facts of partitions that come are read. */
void tg_member_look_back(struct tg_member *member, const struct tg_lookback *lookback);

/* A fact of HAPPENED_MS has the timestamp WRITTEN_MS: is it late enough to go by? */
void tg_member_note_fact(struct tg_member *member, int64_t written_ms, int64_t happened_ms);

/* Stops or takes up fetching one stream of a partition that is owned. */
void tg_member_pause(struct tg_member *member, int32_t partition, enum tg_stream stream,
                     bool paused);

/*
 * Goes back to these positions, of partitions that are ours. What arrives later is dropped by the
 * assignment until it comes from there. Returns 0 or -1.
 */
int tg_member_rewind(struct tg_member *member, const struct tg_progress *progress, size_t count,
                     struct tg_error *error);

/* Whether PROGRESS has moved since what was committed last. */
bool tg_member_has_moved(const struct tg_member *member, const struct tg_progress *progress,
                         size_t count);

/* The offsets to commit as NAME, of partitions that are ours; to be destroyed. */
rd_kafka_topic_partition_list_t *tg_member_offsets(const struct tg_member *member,
                                                   const struct tg_progress *progress, size_t count,
                                                   const struct tg_commit_name *name);

/* PROGRESS has been committed. */
void tg_member_note_committed(struct tg_member *member, const struct tg_progress *progress,
                              size_t count);

/*
 * Whether NAME is the commit that the group knows last of the partitions of PROGRESS that are ours.
 * Returns 1, 0 or -1.
 */
int tg_member_knows_commit(struct tg_member *member, const struct tg_progress *progress,
                           size_t count, const struct tg_commit_name *name, struct tg_error *error);

/* As tg_kafka_source_commit(). */
int tg_member_commit(struct tg_member *member, const struct tg_progress *progress, size_t count,
                     const struct tg_commit_name *name, struct tg_error *error);

/* Adds a partition of a stream to LIST, from NEXT on; -1: from its beginning. */
rd_kafka_topic_partition_t *tg_member_list(const struct tg_member *member,
                                           rd_kafka_topic_partition_list_t *list,
                                           enum tg_stream stream, int32_t partition, int64_t next);

/* The name of the topic that a stream is. */
const char *tg_member_topic(const struct tg_member *member, enum tg_stream stream);
