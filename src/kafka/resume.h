/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far partitions had come before they came to us, asked of the brokers: the committed offsets
 * with their bookmarks, and then where what was told about them ends.
 *
 * All calls block, for at most a minute, and come from the thread that polls the consumer.
 */
#pragma once

#include "kafka/bookmark.h"
#include "kafka/client.h"

struct tg_resume {
        struct tg_progress progress;
        int64_t told_end; /* of its decisions, what is not committed included; 0: there are none */
};

/* Whom is asked. */
struct tg_resume_office {
        struct tg_client *consumer;               /* borrowed; a failure is noted there */
        struct tg_client scout;                   /* owned: sees what is not committed, too */
        const struct tg_kafka_settings *settings; /* borrowed */
};

/* CONSUMER is there already. Returns 0, or -1; OFFICE is to be deinited in both cases. */
int tg_resume_office_init(struct tg_resume_office *office, struct tg_client *consumer,
                          const struct tg_kafka_settings *settings, struct tg_error *error);
void tg_resume_office_deinit(struct tg_resume_office *office);

/* Fills RET_RESUMES for the partitions of REQUESTS. Returns 0 or -1. */
int tg_resume_find(struct tg_resume_office *office, const rd_kafka_topic_partition_list_t *requests,
                   struct tg_resume *ret_resumes);

/* The name of the last commit of PARTITION that the group knows; zeros: none of ours. 0 or -1. */
int tg_resume_last_commit(struct tg_resume_office *office, int32_t partition,
                          struct tg_commit_name *ret_name);
