/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/pace.h"

#include <signal.h>
#include <stdio.h>

#include "base/time.h"
#include "replay/source.h"
#include "support/reel.h"

enum { PARTITIONS = 4, SHARDS = 3, RECORDS = 1000, BATCH = 50 };
#define SECOND_NS (TG_SECOND_MS * TG_MS_NS)

/* A clock that stands still until somebody waits. */
struct hands {
        int64_t now_ns;
        size_t waits;
        size_t stops_at; /* the wait at which `stop` is set */
        atomic_int stop;
};

static int64_t now_ns(void *context)
{
        const struct hands *hands = context;

        return hands->now_ns;
}

static void wait(void *context, int64_t duration_ns)
{
        struct hands *hands = context;

        cr_assert_gt(duration_ns, 0);
        hands->now_ns += duration_ns;
        if (++hands->waits == hands->stops_at)
                hands->stop = SIGTERM;
}

static struct tg_pace pace_at(double speed, const struct tg_pace_clock *clock)
{
        return (struct tg_pace){
                .speed = speed,
                .clock = clock,
                .last_ms = TG_NEVER,
                .first_ms = 1000,
                .start_ns = 7,
        };
}

Test(pace, a_record_is_due_at_its_distance_from_the_first_over_the_speed)
{
        const struct tg_pace_clock clock = {now_ns, wait, NULL};
        struct tg_pace pace = pace_at(1, &clock);

        cr_expect_eq(tg_pace_due_ns(&pace, 1000), 7);
        cr_expect_eq(tg_pace_due_ns(&pace, 1001), 7 + TG_MS_NS);
        cr_expect_eq(tg_pace_due_ns(&pace, 1000 + TG_DAY_MS), 7 + TG_DAY_MS * TG_MS_NS);
        cr_expect_eq(tg_pace_due_ns(&pace, 999), 7, "what is late is due already");
        pace.speed = 10;
        cr_expect_eq(tg_pace_due_ns(&pace, 3000), 7 + SECOND_NS / 5);
        pace.speed = 0.5;
        cr_expect_eq(tg_pace_due_ns(&pace, 3000), 7 + 4 * SECOND_NS);
        pace.speed = 3e6;
        cr_expect_eq(tg_pace_due_ns(&pace, 1001), 7 + 1, "never earlier: 0.33 ns are one");
        pace.speed = 0;
        cr_expect_eq(tg_pace_due_ns(&pace, 3000), 7);
}

Test(pace, nothing_waits_for_a_record_that_will_be_refused)
{
        const struct tg_pace_clock clock = {now_ns, wait, NULL};
        struct tg_pace pace = pace_at(1e-6, &clock);

        cr_expect_eq(tg_pace_due_ns(&pace, TG_TIME_LAST_MS), INT64_MAX);
        cr_expect_eq(tg_pace_due_ns(&pace, TG_TIME_LAST_MS + 1), 7);
        cr_expect_eq(tg_pace_due_ns(&pace, INT64_MIN), 7);
        pace.last_ms = 5000;
        cr_expect_gt(tg_pace_due_ns(&pace, 5000), 7);
        cr_expect_eq(tg_pace_due_ns(&pace, 5001), 7);
}

/* A recording of three hours, with a record that nobody can read among the others. */
static struct tg_recording *three_hours(const struct folder *folder)
{
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        const char *directory = folder->path;
        struct tg_recording *recording = NULL;
        struct tg_error error;

        for (int i = 0; i < RECORDS; i++) {
                char id[16], customer[16];

                snprintf(id, sizeof id, "%d", i);
                snprintf(customer, sizeof customer, "c%d", i % 17);
                reel_add(i % 3 ? requests : facts, id, i == 500 ? "" : customer,
                         3 * TG_HOUR_MS * i / (RECORDS - 1));
        }
        reel_write(facts, folder, "touchpoints.avro", TG_CODEC_DEFLATE, 0, facts->count, 50);
        reel_write(requests, folder, "requests.avro", TG_CODEC_NULL, 0, requests->count, 50);
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0);
        return recording;
}

/* One shard's source at a pace. */
struct member {
        struct tg_replay_source *source;
        struct tg_paced *paced;
        struct tg_source port;
        size_t records;
        bool ended;
};

static void member_open(struct member *member, const struct tg_recording *recording, uint32_t shard,
                        const struct tg_pace *pace)
{
        struct tg_source source;

        *member = (struct member){0};
        member->source = tg_replay_source_new(recording, shard, SHARDS, PARTITIONS);
        source = tg_replay_source_port(member->source);
        member->paced = tg_paced_new(pace, &source);
        member->port = tg_paced_port(member->paced);
}

static void member_close(struct member *member)
{
        tg_paced_free(member->paced);
        tg_replay_source_free(member->source);
}

/* One batch: each of its records is due; if it was waited for, the first is due just now. */
static void take_batch(struct member *member, const struct tg_pace *pace, const struct hands *hands)
{
        struct tg_record *records[BATCH];
        size_t count = 0, waits = hands->waits;
        struct tg_error error;
        int answer = member->port.poll(member->port.context, records, BATCH, &count, &error);

        cr_assert_geq(answer, 0, "%s", error.message);
        member->ended = answer > 0;
        if (hands->waits > waits)
                cr_expect_eq(tg_pace_due_ns(pace, records[0]->time_ms), hands->now_ns);
        for (size_t i = 0; i < count; i++) {
                if (records[i]->kind == TG_RECORD_DATA)
                        cr_expect_leq(tg_pace_due_ns(pace, records[i]->time_ms), hands->now_ns);
                member->records +=
                        records[i]->kind == TG_RECORD_DATA || records[i]->kind == TG_RECORD_FAULTY;
                member->port.release(member->port.context, records[i]);
        }
}

/* All shards take turns until all have ended. Returns how many records they had. */
static size_t play(const struct tg_recording *recording, const struct tg_pace *pace,
                   const struct hands *hands)
{
        struct member members[SHARDS];
        size_t left = SHARDS, records = 0;

        for (uint32_t i = 0; i < SHARDS; i++)
                member_open(&members[i], recording, i, pace);
        while (left > 0) {
                for (uint32_t i = 0; i < SHARDS; i++) {
                        if (members[i].ended)
                                continue;
                        take_batch(&members[i], pace, hands);
                        left -= members[i].ended;
                }
        }
        for (uint32_t i = 0; i < SHARDS; i++) {
                cr_expect_eq(tg_paced_time_ms(members[i].paced) <= REEL_START_MS + 3 * TG_HOUR_MS,
                             true);
                records += members[i].records;
                member_close(&members[i]);
        }
        return records;
}

Test(pace, no_shard_is_given_a_record_before_its_time_and_three_hours_take_three_seconds)
{
        FOLDER(folder);
        struct tg_recording *recording = three_hours(&folder);
        struct hands hands = {.now_ns = 1000000};
        struct tg_pace_clock clock = {now_ns, wait, &hands};
        struct tg_pace pace = pace_at(3600, &clock);

        tg_pace_start(&pace, recording);
        cr_expect_eq(pace.first_ms, REEL_START_MS);
        cr_expect_eq(play(recording, &pace, &hands), RECORDS);
        cr_expect_eq(hands.now_ns, 1000000 + 3 * SECOND_NS);
        cr_expect_gt(hands.waits, 100);
        tg_recording_close(recording);
}

Test(pace, as_fast_as_possible_nobody_waits)
{
        FOLDER(folder);
        struct tg_recording *recording = three_hours(&folder);
        struct hands hands = {0};
        struct tg_pace_clock clock = {now_ns, wait, &hands};
        struct tg_pace pace = pace_at(0, &clock);

        tg_pace_start(&pace, recording);
        cr_expect_eq(play(recording, &pace, &hands), RECORDS);
        cr_expect_eq(hands.waits, 0);
        tg_recording_close(recording);
}

/* A source of records a second apart that counts what it gets back. */
struct seconds {
        struct tg_record records[BATCH];
        int64_t next_ms;
        size_t given;
        size_t released;
};

static int give_seconds(void *context, struct tg_record **records, size_t capacity,
                        size_t *ret_count, struct tg_error *error)
{
        struct seconds *seconds = context;

        (void)error;
        cr_assert_eq(seconds->given, 0);
        cr_assert_geq(capacity, BATCH);
        for (size_t i = 0; i < BATCH; i++) {
                seconds->records[i].kind = TG_RECORD_DATA;
                seconds->records[i].time_ms = seconds->next_ms += TG_SECOND_MS;
                records[i] = &seconds->records[i];
        }
        *ret_count = seconds->given = BATCH;
        return 0;
}

static void take_back(void *context, struct tg_record *record)
{
        struct seconds *seconds = context;

        cr_assert_neq(record->time_ms, 0);
        seconds->released++;
}

Test(pace, a_stop_ends_a_wait_and_gives_back_what_was_read_ahead)
{
        struct hands hands = {.stops_at = 3};
        struct tg_pace_clock clock = {now_ns, wait, &hands};
        struct tg_pace pace = pace_at(1, &clock);
        struct seconds seconds = {.next_ms = 1000};
        struct tg_source source = {.poll = give_seconds, .release = take_back, .context = &seconds};
        struct tg_paced *paced = tg_paced_new(&pace, &source);
        struct tg_source port = tg_paced_port(paced);
        struct tg_record *records[BATCH];
        size_t count, taken = 0;
        struct tg_error error;

        pace.stop = &hands.stop;
        while (port.poll(port.context, records, BATCH, &count, &error) == 0)
                taken += count;
        cr_expect_eq(taken, 3);
        cr_expect_eq(error.exit_code, TG_PACE_STOPPED + SIGTERM);
        cr_expect_eq(tg_paced_time_ms(paced), 4000);
        cr_expect_eq(seconds.released, 0);
        tg_paced_free(paced);
        cr_expect_eq(seconds.released, seconds.given - taken);
}

Test(pace, when_a_shard_has_failed_the_others_give_up_without_a_word)
{
        struct hands hands = {0};
        struct tg_pace_clock clock = {now_ns, wait, &hands};
        struct tg_pace pace = pace_at(0, &clock);
        struct seconds seconds = {.next_ms = 1000};
        struct tg_source source = {.poll = give_seconds, .release = take_back, .context = &seconds};
        struct tg_paced *paced = tg_paced_new(&pace, &source);
        struct tg_source port = tg_paced_port(paced);
        struct tg_record *records[BATCH];
        struct tg_error error;
        size_t count;

        cr_expect_eq(port.poll(port.context, records, BATCH, &count, &error), 0);
        cr_expect_eq(count, BATCH);
        pace.failed = true;
        cr_expect_eq(port.poll(port.context, records, BATCH, &count, &error), -1);
        cr_expect_eq(error.exit_code, EX_OK);
        tg_paced_free(paced);
}
