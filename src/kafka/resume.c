/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/resume.h"

#include <time.h>

enum { TIMEOUT_MS = 10000, TRIES = 7, PAUSE_MS = 100 };

int tg_resume_office_init(struct tg_resume_office *office, struct tg_client *consumer,
                          const struct tg_kafka_settings *settings, struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"isolation.level", "read_uncommitted"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {.settings = settings, .fixed = fixed};

        *office = (struct tg_resume_office){
                .consumer = consumer,
                .scout = {.notices = consumer->notices, .role = "scout"},
                .settings = settings,
        };
        return tg_client_init(&office->scout, RD_KAFKA_CONSUMER, &options, error);
}

void tg_resume_office_deinit(struct tg_resume_office *office)
{
        tg_client_deinit(&office->scout);
}

static void add(const struct tg_resume_office *office, rd_kafka_topic_partition_list_t *list,
                enum tg_topic topic, int32_t partition)
{
        rd_kafka_topic_partition_list_add(list, office->settings->topics[topic], partition);
}

/* Says that it is tried again, and waits: twice as long each time, six seconds in all. */
static void try_on(const struct tg_resume_office *office, const char *what,
                   rd_kafka_resp_err_t code, int tries)
{
        int64_t pause_ms = (int64_t)PAUSE_MS << tries;
        const struct timespec pause = {.tv_sec = pause_ms / 1000,
                                       .tv_nsec = pause_ms % 1000 * 1000 * 1000};

        tg_notice(office->consumer->notices, TG_NOTICE_WARNING,
                  "%s could not be read (%s); trying on", what, rd_kafka_err2name(code));
        nanosleep(&pause, NULL);
}

/* The committed offsets of LIST; a broker that doesn't answer is asked again. Returns 0 or -1. */
static int read_committed(struct tg_resume_office *office, rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

        for (int i = 0; i < TRIES; i++) {
                if (code)
                        try_on(office, "committed offsets", code, i - 1);
                code = rd_kafka_committed(office->consumer->handle, list, TIMEOUT_MS);
                for (int j = 0; !code && j < list->cnt; j++)
                        code = list->elems[j].err;
                if (!code)
                        return 0;
        }
        tg_client_fail(office->consumer, code, "reading committed offsets", rd_kafka_err2str(code));
        return -1;
}

static struct tg_span text_of(const rd_kafka_topic_partition_t *item)
{
        return tg_span_of(item->metadata, item->metadata_size);
}

/* How far a partition had come, by the two offsets at ITEMS. */
static struct tg_progress resume_of(const rd_kafka_topic_partition_t *items)
{
        struct tg_progress resume = {
                .partition = items[0].partition,
                .next[TG_STREAM_REQUESTS] = items[0].offset < 0 ? -1 : items[0].offset,
                .next[TG_STREAM_TOUCHPOINTS] = items[1].offset < 0 ? -1 : items[1].offset,
                .next[TG_STREAM_DECISIONS] = -1,
                .clock_ms = TG_NO_TIME,
        };

        resume.decided = resume.next[TG_STREAM_REQUESTS];
        tg_bookmark_read(text_of(&items[0]), NULL, &resume);
        return resume;
}

/*
 * Where what was told about a partition ends now. That of a topic just created may have no leader
 * yet. Returns 0 or -1.
 */
static int find_told_end(struct tg_resume_office *office, struct tg_resume *resume)
{
        const char *topic = office->settings->topics[TG_TOPIC_DECISIONS];
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
        int64_t low, high;

        for (int i = 0; i < TRIES; i++) {
                if (code)
                        try_on(office, "the end of the decisions", code, i - 1);
                code = rd_kafka_query_watermark_offsets(office->scout.handle, topic,
                                                        resume->progress.partition, &low, &high,
                                                        TIMEOUT_MS);
                if (code)
                        continue;
                resume->told_end = low == high ? 0 : high;
                return 0;
        }
        tg_client_fail(office->consumer, code, topic, rd_kafka_err2str(code));
        return -1;
}

static void tell(const struct tg_resume_office *office, const struct tg_resume *resume)
{
        const struct tg_progress *progress = &resume->progress;

        tg_notice(office->consumer->notices, TG_NOTICE_DEBUG,
                  "partition %d comes: requests were decided up to %lld and are read from %lld, "
                  "touchpoints had been read up to %lld, decisions are read back up to %lld",
                  (int)progress->partition, (long long)progress->decided,
                  (long long)progress->next[TG_STREAM_REQUESTS],
                  (long long)progress->next[TG_STREAM_TOUCHPOINTS], (long long)resume->told_end);
}

/* In this order: whatever the offsets know of was told before they were read. */
int tg_resume_find(struct tg_resume_office *office, const rd_kafka_topic_partition_list_t *requests,
                   struct tg_resume *ret_resumes)
{
        rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new(requests->cnt * TG_STREAMS);
        int result;

        for (int i = 0; i < requests->cnt; i++) {
                add(office, list, TG_TOPIC_REQUESTS, requests->elems[i].partition);
                add(office, list, TG_TOPIC_TOUCHPOINTS, requests->elems[i].partition);
        }
        result = read_committed(office, list);
        for (int i = 0; i < requests->cnt && result == 0; i++) {
                ret_resumes[i].progress = resume_of(&list->elems[TG_STREAMS * i]);
                result = find_told_end(office, &ret_resumes[i]);
                if (result == 0)
                        tell(office, &ret_resumes[i]);
        }
        rd_kafka_topic_partition_list_destroy(list);
        return result;
}

int tg_resume_last_commit(struct tg_resume_office *office, int32_t partition,
                          struct tg_commit_name *ret_name)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        struct tg_commit_name name = {0};
        struct tg_progress ignored;
        int result;

        add(office, list, TG_TOPIC_REQUESTS, partition);
        result = read_committed(office, list);
        if (result == 0)
                tg_bookmark_read(text_of(&list->elems[0]), &name, &ignored);
        rd_kafka_topic_partition_list_destroy(list);
        if (result == 0)
                *ret_name = name;
        return result;
}
