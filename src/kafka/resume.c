/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/resume.h"

#include <time.h>

#include "base/clock.h"
#include "base/time.h"

int tg_resume_office_init(struct tg_resume_office *office, struct tg_client *consumer,
                          const struct tg_kafka_settings *settings, struct tg_lifetime *lifetime,
                          struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"isolation.level", "read_uncommitted"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {.settings = settings, .fixed = fixed};

        *office = (struct tg_resume_office){
                .consumer = consumer,
                .scout = {.notices = consumer->notices, .role = "scout", .trusted = true},
                .settings = settings,
                .lifetime = lifetime,
        };
        return tg_client_init(&office->scout, RD_KAFKA_CONSUMER, &options, error);
}

void tg_resume_office_deinit(struct tg_resume_office *office)
{
        tg_client_deinit(&office->scout);
}

void tg_resume_office_serve(struct tg_resume_office *office)
{
        rd_kafka_poll(office->scout.handle, 0);
}

static void add(const struct tg_resume_office *office, rd_kafka_topic_partition_list_t *list,
                enum tg_topic topic, int32_t partition)
{
        rd_kafka_topic_partition_list_add(list, office->settings->topics[topic], partition);
}

/* Until when everything of one call is asked; INSISTS: though the process may stop before. */
static void begin(struct tg_resume_office *office, bool insists)
{
        office->insists = insists;
        office->patience =
                (struct tg_patience){.until_ms = tg_clock_monotonic_ms() + TG_RESUME_TIMEOUT_MS};
}

static int turn_ms(const struct tg_resume_office *office)
{
        return tg_patience_turn_ms(&office->patience, tg_clock_monotonic_ms());
}

static bool stops(const struct tg_resume_office *office)
{
        return !office->insists && tg_lifetime_over(office->lifetime);
}

/* Says that it is tried again, and waits; false: it is not. */
static bool try_on(struct tg_resume_office *office, const char *what, rd_kafka_resp_err_t code)
{
        int64_t pause_ms = tg_patience_pause_ms(&office->patience, code, tg_clock_monotonic_ms());
        struct timespec pause;

        if (pause_ms < 0 || stops(office))
                return false;
        pause = (struct timespec){.tv_sec = pause_ms / TG_SECOND_MS,
                                  .tv_nsec = pause_ms % TG_SECOND_MS * TG_MS_NS};
        tg_notice(office->consumer->notices, TG_NOTICE_WARNING,
                  "%s could not be read (%s); trying on", what, rd_kafka_err2name(code));
        nanosleep(&pause, NULL);
        return true;
}

/* Nobody has answered. Returns 1, if that is for a stop, or -1. */
static int give_up(const struct tg_resume_office *office, const char *what,
                   rd_kafka_resp_err_t code)
{
        if (stops(office))
                return 1;
        tg_client_fail(office->consumer, code, what, rd_kafka_err2str(code));
        return -1;
}

/* The committed offsets of LIST; who doesn't answer is asked again. Returns as give_up(). */
static int read_committed(struct tg_resume_office *office, rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_resp_err_t code;

        do {
                code = tg_client_answer(
                        rd_kafka_committed(office->consumer->handle, list, turn_ms(office)), list);
                if (!code)
                        return 0;
        } while (try_on(office, "committed offsets", code));
        return give_up(office, "reading committed offsets", code);
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
                .next[TG_STREAM_CUSTOMERS] = -1,
                .clock_ms = TG_NO_TIME,
        };

        resume.decided = resume.next[TG_STREAM_REQUESTS];
        tg_bookmark_read(text_of(&items[0]), NULL, &resume);
        return resume;
}

/*
 * Where what was written about PARTITION to a topic ends now. One just created may have no leader
 * yet. Returns as give_up().
 */
static int find_end(struct tg_resume_office *office, enum tg_topic which, int32_t partition,
                    int64_t *ret_end)
{
        const char *topic = office->settings->topics[which];
        rd_kafka_resp_err_t code;
        int64_t low, high;

        do {
                code = rd_kafka_query_watermark_offsets(office->scout.handle, topic, partition,
                                                        &low, &high, turn_ms(office));
                if (code)
                        continue;
                *ret_end = low == high ? 0 : high;
                return 0;
        } while (try_on(office, "the end of what was written before", code));
        return give_up(office, topic, code);
}

static int find_ends(struct tg_resume_office *office, struct tg_resume *resume)
{
        int32_t partition = resume->progress.partition;
        int result =
                find_end(office, TG_TOPIC_DECISIONS, partition, &resume->ends[TG_STREAM_DECISIONS]);

        if (result == 0 && office->customers)
                result = find_end(office, TG_TOPIC_CUSTOMERS, partition,
                                  &resume->ends[TG_STREAM_CUSTOMERS]);
        return result;
}

/* Whether facts that are out of reach need not be read. */
static bool is_bounded(const struct tg_resume_office *office, const struct tg_progress *progress)
{
        return office->by_time && office->customers && progress->next[TG_STREAM_TOUCHPOINTS] >= 0 &&
               (office->lookback.lasting & ~progress->kept) == 0;
}

/* The first offsets of LIST at or after the times they have. False: no broker says. */
static bool read_times(struct tg_resume_office *office, rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_resp_err_t code;

        do {
                code = tg_client_answer(
                        rd_kafka_offsets_for_times(office->scout.handle, list, turn_ms(office)),
                        list);
                if (!code)
                        return true;
        } while (try_on(office, "offsets by their times", code));
        return false;
}

static void find_facts(struct tg_resume_office *office, struct tg_resume *resumes, int count)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
        int64_t now_ms = (int64_t)time(NULL) * TG_SECOND_MS;

        for (int i = 0; i < count; i++) {
                resumes[i].facts_from = -1;
                if (!is_bounded(office, &resumes[i].progress))
                        continue;
                add(office, list, TG_TOPIC_TOUCHPOINTS, resumes[i].progress.partition);
                list->elems[list->cnt - 1].offset = now_ms - office->lookback.window_ms;
        }
        if (list->cnt > 0 && !read_times(office, list))
                list->cnt = 0;
        for (int i = 0, j = 0; j < list->cnt; i++) {
                int64_t next = resumes[i].progress.next[TG_STREAM_TOUCHPOINTS];
                int64_t first = list->elems[j].offset;

                if (resumes[i].progress.partition != list->elems[j].partition)
                        continue;
                resumes[i].facts_from = first >= 0 && first < next ? first : next;
                j++;
        }
        rd_kafka_topic_partition_list_destroy(list);
}

static void tell(const struct tg_resume_office *office, const struct tg_resume *resume)
{
        const struct tg_progress *progress = &resume->progress;

        tg_notice(office->consumer->notices, TG_NOTICE_DEBUG,
                  "partition %d comes: requests were decided up to %lld and are read from %lld, "
                  "touchpoints had been read up to %lld and are read from %lld, decisions are read "
                  "back up to %lld, what lasts of customers up to %lld",
                  (int)progress->partition, (long long)progress->decided,
                  (long long)progress->next[TG_STREAM_REQUESTS],
                  (long long)progress->next[TG_STREAM_TOUCHPOINTS], (long long)resume->facts_from,
                  (long long)resume->ends[TG_STREAM_DECISIONS],
                  (long long)resume->ends[TG_STREAM_CUSTOMERS]);
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
        begin(office, false);
        result = read_committed(office, list);
        for (int i = 0; i < requests->cnt && result == 0; i++) {
                ret_resumes[i] = (struct tg_resume){
                        .progress = resume_of(&list->elems[TG_STREAMS * i]),
                };
                result = find_ends(office, &ret_resumes[i]);
        }
        if (result == 0)
                find_facts(office, ret_resumes, requests->cnt);
        for (int i = 0; i < requests->cnt && result == 0; i++)
                tell(office, &ret_resumes[i]);
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
        begin(office, true);
        result = read_committed(office, list);
        if (result == 0)
                tg_bookmark_read(text_of(&list->elems[0]), &name, &ignored);
        rd_kafka_topic_partition_list_destroy(list);
        if (result == 0)
                *ret_name = name;
        return result;
}
