/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/stretch.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"

enum { AGAIN_MS = 200 };

int tg_stretch_client(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                      struct tg_client *client, struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"isolation.level", "read_committed"}, /* an end is the last stable offset */
                {"enable.auto.commit", "false"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {.settings = settings, .fixed = fixed};

        *client = (struct tg_client){.notices = notices, .role = "start"};
        return tg_client_init(client, RD_KAFKA_CONSUMER, &options, error);
}

/* Leaders and coordinators move, and have none while a topic is new. */
static bool passes(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
               code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
               code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
               code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
               code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

/* Whether to ask once more, after a pause; TURN counts. */
static bool ask_again(rd_kafka_resp_err_t code, int turn)
{
        const struct timespec pause = {.tv_nsec = AGAIN_MS * TG_MS_NS};

        if (!passes(code) || turn * AGAIN_MS >= TG_STRETCH_TIMEOUT_MS)
                return false;
        nanosleep(&pause, NULL);
        return true;
}

static int no_answer(struct tg_client *client, const char *topic, rd_kafka_resp_err_t code,
                     struct tg_error *error)
{
        /* An authentication that failed is told by error_cb, and says more. */
        rd_kafka_poll(client->handle, 0);
        if (!client->failed)
                return tg_client_error(code, topic, rd_kafka_err2str(code), error);
        *error = client->failure;
        return -1;
}

int tg_stretch_partitions(struct tg_client *client, const char *topic, int32_t *ret_partitions,
                          struct tg_error *error)
{
        rd_kafka_topic_t *handle = rd_kafka_topic_new(client->handle, topic, NULL);
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t code;

        assert(handle); /* fails for a bad name alone, which settings exclude */
        code = tg_client_metadata(client, handle, TG_STRETCH_TIMEOUT_MS, &metadata);
        rd_kafka_topic_destroy(handle);
        if (code)
                return no_answer(client, topic, code, error);
        if (metadata->topic_cnt == 1 && !metadata->topics[0].err)
                *ret_partitions = metadata->topics[0].partition_cnt;
        else
                code = metadata->topic_cnt ? metadata->topics[0].err
                                           : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        rd_kafka_metadata_destroy(metadata);
        return code ? tg_client_error(code, topic, rd_kafka_err2str(code), error) : 0;
}

/* Asks for one offset of one partition: of the group, or at a time. */
static int ask(struct tg_client *client, const char *topic, int32_t partition,
               const struct tg_bound *bound, int64_t *ret_offset, struct tg_error *error)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_t *item =
                rd_kafka_topic_partition_list_add(list, topic, partition);
        rd_kafka_resp_err_t code;
        int turn = 0;

        do {
                item->offset = bound->time_ms;
                if (bound->kind == TG_BOUND_TIME)
                        code = rd_kafka_offsets_for_times(client->handle, list,
                                                          TG_STRETCH_TIMEOUT_MS);
                else
                        code = rd_kafka_committed(client->handle, list, TG_STRETCH_TIMEOUT_MS);
                if (!code)
                        code = item->err;
        } while (ask_again(code, turn++));
        *ret_offset = item->offset;
        rd_kafka_topic_partition_list_destroy(list);
        return code ? no_answer(client, topic, code, error) : 0;
}

/* The first offset, and the last stable one. */
static rd_kafka_resp_err_t query_ends(struct tg_client *client, const char *topic,
                                      int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
        rd_kafka_resp_err_t code;
        int turn = 0;

        do {
                code = rd_kafka_query_watermark_offsets(client->handle, topic, partition, ret_low,
                                                        ret_high, TG_STRETCH_TIMEOUT_MS);
        } while (ask_again(code, turn++));
        return code;
}

static int64_t within(int64_t offset, int64_t low, int64_t high)
{
        return offset < low ? low : offset > high ? high : offset;
}

static int find_bound(struct tg_client *client, const struct tg_scan_part *part,
                      const struct tg_bound *bound, int64_t low, int64_t high, int64_t *ret_offset,
                      struct tg_error *error)
{
        int64_t offset;

        switch (bound->kind) {
        case TG_BOUND_BEGINNING:
                *ret_offset = low;
                return 0;
        case TG_BOUND_END:
                *ret_offset = high;
                return 0;
        case TG_BOUND_NEVER:
                *ret_offset = TG_SCAN_NO_END;
                return 0;
        case TG_BOUND_COMMITTED:
        case TG_BOUND_TIME:
                if (ask(client, part->topic, part->partition, bound, &offset, error) < 0)
                        return -1;
                if (offset < 0) /* nothing committed, or nothing so late */
                        offset = bound->kind == TG_BOUND_TIME ? high : low;
                *ret_offset = within(offset, low, high);
                return 0;
        }
        abort();
}

int tg_stretch_find(struct tg_client *client, const struct tg_stretch *stretch, int32_t partitions,
                    struct tg_scan_part *ret_parts, struct tg_error *error)
{
        for (int32_t i = 0; i < partitions; i++) {
                struct tg_scan_part *part = &ret_parts[i];
                rd_kafka_resp_err_t code;
                int64_t low, high;

                *part = (struct tg_scan_part){.topic = stretch->topic, .partition = i};
                code = query_ends(client, stretch->topic, i, &low, &high);
                if (code)
                        return no_answer(client, stretch->topic, code, error);
                if (find_bound(client, part, &stretch->from, low, high, &part->from, error) < 0 ||
                    find_bound(client, part, &stretch->until, low, high, &part->end, error) < 0)
                        return -1;
                if (part->end < part->from)
                        part->end = part->from;
        }
        return 0;
}
