/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/lookout.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/time.h"
#include "kafka/client.h"

enum {
        PACE_MS = 2,        /* between two rounds of requests */
        TIMEOUT_MS = 500,   /* of one: longer than any broker that is well needs */
        RETRY_MS = 200,     /* after an answer that is none: a leader may have moved */
        PATIENCE_MS = 1000, /* likewise, if there was none in time */
        METADATA_TIMEOUT_MS = 2000,
        UNKNOWN = -1,
};

struct place {
        _Atomic uint32_t asked;    /* the last ticket */
        _Atomic uint32_t answered; /* the last ticket that `end` is good for */
        _Atomic int64_t end;
        int32_t leader;     /* the thread's, as all below: the broker, or UNKNOWN */
        int64_t retry_ms;   /* after a failure: not asked before; else 0 */
        uint32_t in_flight; /* the ticket that the request under way is for */
        uint32_t round;     /* in which it was asked last */
};

struct tg_lookout {
        struct tg_client client;
        const char *name;        /* of the topic; borrowed */
        rd_kafka_topic_t *topic; /* owned: keeps what is known of it */
        struct place *places;    /* owned; by partition */
        int32_t count;
        uint32_t round; /* the thread's, as the next: of requests, a broker each */
        bool failing;   /* people know that an answer is missing */
        pthread_t thread;
        bool started;
        pthread_mutex_t lock; /* of the next two */
        pthread_cond_t changed;
        bool wanted; /* somebody has asked since the thread looked last */
        bool ending;
};

uint32_t tg_lookout_ask(struct tg_lookout *lookout, int32_t partition)
{
        uint32_t ticket = 1 + atomic_fetch_add_explicit(&lookout->places[partition].asked, 1,
                                                        memory_order_relaxed);

        pthread_mutex_lock(&lookout->lock); /* orders the ticket before the thread's next look */
        lookout->wanted = true;
        pthread_cond_signal(&lookout->changed);
        pthread_mutex_unlock(&lookout->lock);
        return ticket;
}

bool tg_lookout_answer(const struct tg_lookout *lookout, int32_t partition, uint32_t ticket,
                       int64_t *ret_end)
{
        const struct place *place = &lookout->places[partition];
        /* Acquire, pairs with the release in note_ends(): `end` is of this ticket or later. */
        uint32_t answered = atomic_load_explicit(&place->answered, memory_order_acquire);

        if ((int32_t)(answered - ticket) < 0)
                return false;
        *ret_end = atomic_load_explicit(&place->end, memory_order_relaxed);
        return true;
}

/* Whether there is a question that was not answered. */
static bool is_open(const struct place *place)
{
        return atomic_load_explicit(&place->asked, memory_order_relaxed) !=
               atomic_load_explicit(&place->answered, memory_order_relaxed);
}

/* Whether it is to be put in this round. */
static bool is_next(const struct tg_lookout *lookout, const struct place *place, int64_t now_ms)
{
        return is_open(place) && place->retry_ms <= now_ms && place->round != lookout->round;
}

/* Which broker has which partition: only to ask each by itself, librdkafka finds them anyhow. */
static void learn_leaders(struct tg_lookout *lookout)
{
        const struct rd_kafka_metadata *metadata;

        if (rd_kafka_metadata(lookout->client.handle, 0, lookout->topic, &metadata,
                              METADATA_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
                return;
        for (int i = 0; i < metadata->topic_cnt; i++) {
                for (int j = 0; j < metadata->topics[i].partition_cnt; j++) {
                        const rd_kafka_metadata_partition_t *partition =
                                &metadata->topics[i].partitions[j];

                        if (partition->id >= 0 && partition->id < lookout->count)
                                lookout->places[partition->id].leader = partition->leader;
                }
        }
        rd_kafka_metadata_destroy(metadata);
}

/* The questions of this round to the broker that has partition FIRST, and from that on. */
static rd_kafka_topic_partition_list_t *gather(struct tg_lookout *lookout, int32_t first,
                                               int64_t now_ms)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
        int32_t leader = lookout->places[first].leader;

        for (int32_t i = first; i < lookout->count; i++) {
                struct place *place = &lookout->places[i];

                if (place->leader != leader || !is_next(lookout, place, now_ms))
                        continue;
                place->round = lookout->round;
                place->in_flight = atomic_load_explicit(&place->asked, memory_order_relaxed);
                rd_kafka_topic_partition_list_add(list, lookout->name, i)->offset =
                        RD_KAFKA_OFFSET_END;
        }
        return list;
}

/* Notes what was answered to LIST; CODE is of all of it. Returns the first failure, or none. */
static rd_kafka_resp_err_t note_ends(struct tg_lookout *lookout,
                                     const rd_kafka_topic_partition_list_t *list,
                                     rd_kafka_resp_err_t code)
{
        int64_t retry_ms = tg_clock_monotonic_ms() +
                           (code == RD_KAFKA_RESP_ERR__TIMED_OUT ? PATIENCE_MS : RETRY_MS);
        rd_kafka_resp_err_t failure = code;

        for (int i = 0; i < list->cnt; i++) {
                const rd_kafka_topic_partition_t *item = &list->elems[i];
                struct place *place = &lookout->places[item->partition];
                bool answered = !code && !item->err && item->offset >= 0;

                place->retry_ms = answered ? 0 : retry_ms;
                if (answered) {
                        atomic_store_explicit(&place->end, item->offset, memory_order_relaxed);
                        /* Release, pairs with the acquire in tg_lookout_answer(). */
                        atomic_store_explicit(&place->answered, place->in_flight,
                                              memory_order_release);
                } else if (!failure) {
                        failure = item->err ? item->err : RD_KAFKA_RESP_ERR__NO_OFFSET;
                }
        }
        return failure;
}

/* Tells people once that answers are missing, until there are all. */
static void tell(struct tg_lookout *lookout, rd_kafka_resp_err_t failure)
{
        bool missing = false;

        for (int32_t i = 0; i < lookout->count; i++)
                missing |= lookout->places[i].retry_ms > 0;
        if (missing && !lookout->failing)
                tg_notice(lookout->client.notices, TG_NOTICE_WARNING,
                          "where %s ends can't be found out (%s): requests wait until it can, for "
                          "facts_wait_max at a time; trying on",
                          lookout->name, rd_kafka_err2name(failure));
        lookout->failing = missing;
}

/* Puts the open questions, to one broker after the other. */
static void ask_all(struct tg_lookout *lookout)
{
        rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
        int64_t now_ms = tg_clock_monotonic_ms();

        lookout->round++;
        for (int32_t i = 0; i < lookout->count; i++) {
                rd_kafka_topic_partition_list_t *list;
                rd_kafka_resp_err_t code;

                if (!is_next(lookout, &lookout->places[i], now_ms))
                        continue;
                list = gather(lookout, i, now_ms);
                code = rd_kafka_offsets_for_times(lookout->client.handle, list, TIMEOUT_MS);
                code = note_ends(lookout, list, code);
                rd_kafka_topic_partition_list_destroy(list);
                failure = failure ? failure : code;
        }
        if (failure)
                learn_leaders(lookout);
        tell(lookout, failure);
}

static bool has_open(const struct tg_lookout *lookout)
{
        for (int32_t i = 0; i < lookout->count; i++) {
                if (is_open(&lookout->places[i]))
                        return true;
        }
        return false;
}

/* Waits for a question, or for the time to put one again. False: it is to end. */
static bool await_question(struct tg_lookout *lookout)
{
        struct timespec until;
        bool retries = has_open(lookout), goes_on;
        int code = 0;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += RETRY_MS * TG_MS_NS;
        until.tv_sec += until.tv_nsec / (TG_SECOND_MS * TG_MS_NS);
        until.tv_nsec %= TG_SECOND_MS * TG_MS_NS;
        pthread_mutex_lock(&lookout->lock);
        while (!lookout->wanted && !lookout->ending && code != ETIMEDOUT) {
                if (retries)
                        code = pthread_cond_timedwait(&lookout->changed, &lookout->lock, &until);
                else
                        pthread_cond_wait(&lookout->changed, &lookout->lock);
        }
        lookout->wanted = false;
        goes_on = !lookout->ending;
        pthread_mutex_unlock(&lookout->lock);
        return goes_on;
}

static void *look_out(void *argument)
{
        const struct timespec pace = {.tv_nsec = PACE_MS * TG_MS_NS};
        struct tg_lookout *lookout = argument;

        learn_leaders(lookout);
        while (await_question(lookout)) {
                ask_all(lookout);
                rd_kafka_poll(lookout->client.handle, 0); /* tells errors */
                nanosleep(&pace, NULL);
        }
        return NULL;
}

static int start(struct tg_lookout *lookout, struct tg_error *error)
{
        pthread_condattr_t attributes;
        int code;

        pthread_mutex_init(&lookout->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&lookout->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        code = pthread_create(&lookout->thread, NULL, look_out, lookout);
        if (code)
                return tg_fail_errno(error, EX_OSERR, code, "a thread beside the shards");
        lookout->started = true;
        return 0;
}

int tg_lookout_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                   int32_t partitions, struct tg_lookout **ret_lookout, struct tg_error *error)
{
        static const struct tg_client_property defaults[] = {
                {"client.id", "touchgate"},
                {"socket.nagle.disable", "true"},
                {NULL, NULL},
        };
        static const struct tg_client_property fixed[] = {
                {"isolation.level", "read_committed"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = settings, .defaults = defaults, .fixed = fixed};
        struct tg_lookout *lookout = tg_allocate_zeroed(1, sizeof *lookout);

        lookout->client =
                (struct tg_client){.notices = notices, .role = "lookout", .trusted = true};
        lookout->name = settings->topics[TG_TOPIC_TOUCHPOINTS];
        lookout->places = tg_allocate_zeroed((size_t)partitions, sizeof lookout->places[0]);
        lookout->count = partitions;
        for (int32_t i = 0; i < partitions; i++)
                lookout->places[i].leader = UNKNOWN;
        if (tg_client_init(&lookout->client, RD_KAFKA_CONSUMER, &options, error) < 0) {
                tg_lookout_free(lookout);
                return -1;
        }
        lookout->topic = rd_kafka_topic_new(lookout->client.handle, lookout->name, NULL);
        if (start(lookout, error) < 0) {
                tg_lookout_free(lookout);
                return -1;
        }
        *ret_lookout = lookout;
        return 0;
}

static void stop(struct tg_lookout *lookout)
{
        pthread_mutex_lock(&lookout->lock);
        lookout->ending = true;
        pthread_cond_signal(&lookout->changed);
        pthread_mutex_unlock(&lookout->lock);
        pthread_join(lookout->thread, NULL);
        pthread_cond_destroy(&lookout->changed);
        pthread_mutex_destroy(&lookout->lock);
}

void tg_lookout_free(struct tg_lookout *lookout)
{
        if (!lookout)
                return;
        if (lookout->started)
                stop(lookout);
        if (lookout->topic)
                rd_kafka_topic_destroy(lookout->topic);
        tg_client_deinit(&lookout->client);
        free(lookout->places);
        free(lookout);
}
