/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far partitions had come before they came to us, asked of the brokers: the committed offsets
 * with their bookmarks, then where what was written about them ends, and from where on their facts
 * are to be read.
 *
 * From the first whose timestamp is within reach (tg_lookback), but not behind the committed
 * offset; or from their beginning: if not all that lasts of the older ones was kept, if timestamps
 * can't be gone by (`clock: event`; a fact that was read had an impossible one), or no broker says.
 *
 * All calls block, each for at most TG_RESUME_TIMEOUT_MS in all (what a broker refuses for good
 * ends it at once), and come from the thread that polls the consumer. When the process stops,
 * tg_resume_find() ends with the try under way, 10 s later at most.
 */
#pragma once

#include "kafka/bookmark.h"
#include "kafka/client.h"
#include "kafka/lifetime.h"
#include "kafka/patience.h"

enum { TG_RESUME_TIMEOUT_MS = 60000 };

struct tg_resume {
        struct tg_progress progress;
        int64_t ends[TG_LANES]; /* of what was written, also if it is not committed; 0: nothing */
        int64_t facts_from;     /* -1: their beginning */
};

/* Whom is asked. */
struct tg_resume_office {
        struct tg_client *consumer;               /* borrowed; a failure is noted there */
        struct tg_client scout;                   /* owned: sees what is not committed, too */
        const struct tg_kafka_settings *settings; /* borrowed */
        struct tg_lifetime *lifetime;             /* borrowed: once it is over, nothing comes */
        struct tg_patience patience;              /* of the call that is asking */
        bool insists;                             /* it is asked to the end, stop or not */
        bool customers;                           /* there is a topic for what lasts of them */
        bool by_time;                             /* facts may be read from a time on: */
        struct tg_lookback lookback;              /* how far back */
};

/*
 * CONSUMER is there already; LIFETIME is the process's. Returns 0, or -1; OFFICE is to be deinited
 * in both cases.
 */
int tg_resume_office_init(struct tg_resume_office *office, struct tg_client *consumer,
                          const struct tg_kafka_settings *settings, struct tg_lifetime *lifetime,
                          struct tg_error *error);
void tg_resume_office_deinit(struct tg_resume_office *office);

/* Tells what went wrong with the scout's connections: it would be kept until somebody asks. */
void tg_resume_office_serve(struct tg_resume_office *office);

/*
 * Fills RET_RESUMES for the partitions of REQUESTS. Returns 0, 1 (the process stops, and nobody has
 * answered), or -1.
 */
int tg_resume_find(struct tg_resume_office *office, const rd_kafka_topic_partition_list_t *requests,
                   struct tg_resume *ret_resumes);

/* The name of the last commit of PARTITION that the group knows; zeros: none of ours. 0 or -1. */
int tg_resume_last_commit(struct tg_resume_office *office, int32_t partition,
                          struct tg_commit_name *ret_name);
