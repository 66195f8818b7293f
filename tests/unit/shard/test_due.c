/* SPDX-License-Identifier: Apache-2.0 */
/* By the wall clock: much that is due at once leaves in order, a part in each batch. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "avro/plan.h"
#include "shard/pool.h"

#define SECONDS_LATER "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n"
#define TEN_A_SECOND "throttles:\n- {name: pace, rate: 10/s, burst: 10}\n"

static void wall(struct world *world, int64_t after_ms)
{
        world->options.clock = TG_CLOCK_WALL;
        world->options.batch = 100;
        tg_twin_clock(&world->twin, START_MS + after_ms);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
}

/* Ads: x0, x1 ... */
static void ads(struct world *world, int count)
{
        char id[16];

        for (int i = 0; i < count; i++) {
                snprintf(id, sizeof id, "x%d", i);
                ad(world, id, 0, 0, 0);
        }
}

/* Ads that wait from the start, until the click of then has left its window. */
static void ads_for_later(struct world *world, int count)
{
        wall(world, 0);
        click(world, 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
        ads(world, count);
}

/* What was decided from a time on. */
static const char *since(const char *told, int64_t after_ms)
{
        while (*told && strtoll(told, NULL, 10) < after_ms)
                told = strchr(told, '\n') + 1;
        return told;
}

Test(due, a_batch_decides_so_many_and_its_new_requests_and_asks_for_the_next_at_once)
{
        WORLD(world, SECONDS_LATER);

        world.options.due_max = 2;
        ads_for_later(&world, 5);
        wall(&world, 1000);
        ad(&world, "new", 0, 0, 0);
        wall(&world, 1001);
        ad(&world, "newer", 0, 0, 0);
        wall(&world, 1002);
        cr_assert_str_eq(since(run(&world), 1000), "1000 x0 permit\n1000 x1 permit\n"
                                                   "1000 new permit\n"
                                                   "1001 x2 permit\n1001 x3 permit\n"
                                                   "1001 newer permit\n"
                                                   "1002 x4 permit\n");
        cr_assert_eq(world.twin.hurries, 2);
}

Test(due, partitions_share_what_a_batch_decides_evenly_and_one_that_is_left_has_it_all)
{
        WORLD(world, SECONDS_LATER);

        tg_twin_deinit(&world.twin);
        tg_twin_init(&world.twin, 2);
        world.options.partition.partitions = 2;
        world.options.due_max = 4;
        cr_assert_eq(tg_partition_of(tg_span_text("me"), 2), 1);
        ads_for_later(&world, 7);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 1);
        wall(&world, 1000);
        wall(&world, 1001);
        tg_twin_revoke(&world.twin, 0);
        tg_twin_clock(&world.twin, START_MS + 1002);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 1);
        cr_assert_str_eq(since(run(&world), 1000), "1000 x0 permit\n1000 x1 permit\n"
                                                   "1001 x2 permit\n1001 x3 permit\n"
                                                   "1001 x4 permit\n1001 x5 permit\n"
                                                   "1002 x6 permit\n");
}

Test(due, facts_of_the_next_batch_count_for_what_was_left)
{
        WORLD(world, SECONDS_LATER);

        world.options.due_max = 1;
        ads_for_later(&world, 2);
        wall(&world, 1000);
        wall(&world, 1001);
        click(&world, 1001);
        wall(&world, 2001);
        cr_assert_str_eq(since(run(&world), 1000), "1000 x0 permit\n2001 x1 permit\n");
}

Test(due, a_higher_priority_goes_first_even_if_it_fell_due_while_others_were_left)
{
        WORLD(world, SECONDS_LATER);

        world.options.due_max = 1;
        ads_for_later(&world, 3);
        wall(&world, 900);
        request(&world, (struct tg_request){.id = tg_span_text("other"),
                                            .customer = tg_span_text("you"),
                                            .priority = 7,
                                            .channel = TG_CHANNEL_ADS});
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_CLICK,
                                            .time_ms = 1,
                                            .customer = tg_span_text("you"),
                                            .channel = TG_CHANNEL_ADS});
        wall(&world, 1000);
        wall(&world, 1001);
        wall(&world, 1002);
        wall(&world, 1003);
        cr_assert_str_eq(since(run(&world), 1000), "1000 x0 permit\n1001 other permit\n"
                                                   "1002 x1 permit\n1003 x2 permit\n");
}

/* Ten leave at once, then there are five in the queue, which all conform when the clock leaps. */
static void queue_five(struct world *world)
{
        world->options.due_max = 3;
        wall(world, 0);
        ads(world, 15);
        wall(world, 60000);
}

Test(due, a_new_request_does_not_overtake_its_equals_that_wait_at_a_throttle)
{
        WORLD(world, TEN_A_SECOND);

        queue_five(&world);
        ad(&world, "new", 0, 0, 0);
        ad(&world, "first", 0, 1, 0);
        wall(&world, 60001);
        wall(&world, 60002);
        cr_assert_str_eq(since(run(&world), 1),
                         "60000 x10 permit\n60000 x11 permit\n60000 x12 permit\n"
                         "60000 new defer until 60000: pace\n"
                         "60000 first defer until 60000: pace\n"
                         "60001 first permit\n60001 x13 permit\n60001 x14 permit\n"
                         "60002 new permit\n");
}

Test(due, a_queue_that_was_worked_off_holds_no_new_request_up)
{
        WORLD(world, TEN_A_SECOND);

        queue_five(&world);
        wall(&world, 60001);
        ad(&world, "new", 0, 0, 0);
        cr_assert_str_eq(since(run(&world), 60001), "60001 x13 permit\n60001 x14 permit\n"
                                                    "60001 new permit\n");
        cr_assert_eq(world.twin.hurries, 1);
}

Test(due, a_new_request_of_another_channel_is_not_held_by_the_queue)
{
        WORLD(world, "throttles:\n- {name: pace, for: {channel: ads}, rate: 10/s, burst: 10}\n");

        queue_five(&world);
        request(&world,
                (struct tg_request){.id = tg_span_text("mail"), .channel = TG_CHANNEL_EMAIL});
        cr_assert_str_eq(since(run(&world), 1),
                         "60000 x10 permit\n60000 x11 permit\n60000 x12 permit\n"
                         "60000 mail permit\n");
}

Test(due, by_event_time_all_is_decided_at_its_moment_however_much_it_is)
{
        WORLD(world, SECONDS_LATER);

        world.options.due_max = 1;
        click(&world, 0);
        ads(&world, 3);
        click(&world, 5000);
        cr_assert_str_eq(since(run(&world), 1000),
                         "1000 x0 permit\n1000 x1 permit\n1000 x2 permit\n");
        cr_assert_eq(world.twin.hurries, 0);
}

/*
 * A flood: FLOOD messages that wait for one instant, with three priorities. Then, a millisecond a
 * batch, new requests come, until all have left. (A port of its own: the twin would keep it all.)
 */
enum {
        FLOOD = 1000000,
        FLOOD_PRIORITIES = 3,
        FLOOD_BATCH = 4096,
        NEW_A_BATCH = 5,
        DUE_AFTER_MS = 1000000
};

struct flood {
        struct tg_pool pool;
        struct tg_twin twin; /* for its readings */
        struct tg_buffer datum[FLOOD_BATCH];
        int64_t made;                      /* requests given to the shard */
        int64_t now_ms;                    /* from START_MS on */
        int64_t left;                      /* of the flood */
        int64_t new_left;                  /* of the new ones */
        int64_t new_before;                /* of these, before the first of the flood */
        int64_t new_amid;                  /* between the first and the last of the flood */
        int64_t last[FLOOD_PRIORITIES];    /* offset of the latest that left, by priority */
        int64_t waiting[FLOOD_PRIORITIES]; /* how many there are, by priority */
        int64_t decided;                   /* of the flood, in this batch: left */
        int64_t answered;                  /* of the new ones, in this batch */
        int64_t permits;                   /* in this batch */
        int64_t most_decided;
        int64_t most_permits;
        int64_t batches; /* since the instant */
        int64_t per_ms;  /* the throttle's rate; 0: none */
        bool in_order;
};

/* The youngest are the most urgent. */
static int32_t flood_priority(int64_t offset)
{
        return offset >= FLOOD - FLOOD / 10 ? FLOOD_PRIORITIES - 1 : (int32_t)(offset * 7 % 11 % 2);
}

static struct tg_record *make_record(struct flood *flood, size_t place)
{
        struct tg_record *record = tg_pool_take(&flood->pool);
        bool flooding = flood->made < FLOOD;
        struct tg_buffer *datum = &flood->datum[place];
        size_t size;
        char id[24];
        struct tg_request request = {
                .time_ms = START_MS,
                .expires_ms = TG_NO_TIME,
                .kind = flooding ? TG_KIND_SURVEY : TG_KIND_OFFER,
                .channel = TG_CHANNEL_EMAIL,
                .priority = flooding ? flood_priority(flood->made) : 0,
                .about = {.type = TG_TYPE_INTERACTION, .time_ms = START_MS, .present = true},
        };

        if (flooding)
                flood->waiting[request.priority]++;
        snprintf(id, sizeof id, "%jd", (intmax_t)flood->made);
        request.id = request.customer = tg_span_text(id);
        tg_buffer_reset(datum);
        tg_twin_encode_request(datum, &request);
        *record = (struct tg_record){
                .kind = TG_RECORD_DATA,
                .stream = TG_STREAM_REQUESTS,
                .offset = flood->made++,
                .time_ms = START_MS,
                .datum = tg_buffer_span(datum),
                .value = tg_buffer_span(datum),
                .reading = &flood->twin.readings[TG_STREAM_REQUESTS],
        };
        /* As a source does: spans into the datum. */
        cr_assert_eq(tg_plan_decode(record->reading->full, record->datum, &record->event, &size),
                     0);
        return record;
}

static struct tg_record *make_mark(struct flood *flood, enum tg_record_kind kind)
{
        struct tg_record *record = tg_pool_take(&flood->pool);

        *record = (struct tg_record){.kind = kind, .offset = INT64_MAX};
        return record;
}

static void flood_release(void *context, struct tg_record *record)
{
        tg_pool_give(&((struct flood *)context)->pool, record);
}

static int flood_poll(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                      struct tg_error *error)
{
        struct flood *flood = context;
        int64_t wanted = flood->made < FLOOD ? FLOOD - flood->made : NEW_A_BATCH;
        size_t count = 0;

        (void)error;
        if (flood->made == 0)
                records[count++] = make_mark(flood, TG_RECORD_ASSIGNED);
        records[count++] = make_mark(flood, TG_RECORD_KNOWN); /* all facts */
        if (flood->made >= FLOOD)
                flood->now_ms += flood->batches++ ? 1 : DUE_AFTER_MS;
        for (size_t i = 0; (int64_t)i < wanted && count < capacity; i++)
                records[count++] = make_record(flood, i);
        *ret_count = count;
        flood->decided = flood->answered = flood->permits = 0;
        return flood->left == FLOOD ? 1 : 0;
}

static const char *flood_stream_name(void *context, enum tg_stream stream)
{
        (void)context, (void)stream;
        return "requests";
}

static int64_t flood_now(void *context)
{
        return ((struct flood *)context)->now_ms;
}

static int flood_decision(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        struct flood *flood = context;
        int64_t offset = strtoll((const char *)decision->request->id.data, NULL, 10);
        int32_t priority = decision->request->priority;

        (void)partition, (void)datum, (void)error;
        flood->in_order &= decision->outcome != TG_DENY;
        if (offset >= FLOOD && offset >= flood->made - NEW_A_BATCH)
                flood->answered++;
        if (decision->outcome == TG_DEFER)
                return 0;
        flood->permits++;
        if (offset >= FLOOD) {
                flood->new_left++;
                return 0;
        }
        if (flood->left == 0)
                flood->new_before = flood->new_left;
        flood->new_amid = flood->new_left - flood->new_before;
        flood->decided++;
        flood->left++;
        for (int32_t i = priority + 1; i < FLOOD_PRIORITIES; i++)
                flood->in_order &= flood->waiting[i] == 0;
        flood->in_order &= offset > flood->last[priority];
        flood->last[priority] = offset;
        flood->waiting[priority]--;
        return 0;
}

static int flood_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                           struct tg_span datum, struct tg_error *error)
{
        (void)context, (void)partition, (void)decision, (void)datum, (void)error;
        return 0;
}

static int flood_begin(void *context, struct tg_error *error)
{
        (void)context, (void)error;
        return 0;
}

static int flood_commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                        struct tg_error *error)
{
        struct flood *flood = context;

        (void)progress, (void)count, (void)now, (void)error;
        if (flood->batches == 0)
                return 0;
        cr_assert_eq(flood->answered, NEW_A_BATCH, "in the batch in which they came");
        if (flood->decided > flood->most_decided)
                flood->most_decided = flood->decided;
        if (flood->batches > 1 && flood->permits > flood->most_permits)
                flood->most_permits = flood->permits;
        return 0;
}

static void run_flood(struct flood *flood, const char *policy)
{
        WORLD(world, policy);
        struct tg_port port = {
                .source = {.poll = flood_poll,
                           .release = flood_release,
                           .stream_name = flood_stream_name,
                           .context = flood},
                .sink = {.begin = flood_begin,
                         .decision = flood_decision,
                         .permitted = flood_permitted,
                         .commit = flood_commit,
                         .context = flood},
                .clock = {flood_now, flood},
        };
        struct tg_error error;

        tg_twin_init(&flood->twin, 1);
        flood->now_ms = START_MS;
        flood->in_order = true;
        for (int i = 0; i < FLOOD_PRIORITIES; i++)
                flood->last[i] = -1;
        world.options.clock = TG_CLOCK_WALL;
        world.options.batch = FLOOD_BATCH;
        world.options.partition.waiting =
                (struct tg_waiting_limits){2 * FLOOD, (size_t)FLOOD * 1000};
        cr_assert_eq(tg_shard_run(&world.options, &port, &world.summary, &error), 0);
        for (int i = 0; i < FLOOD_BATCH; i++)
                tg_buffer_deinit(&flood->datum[i]);
        tg_twin_deinit(&flood->twin);
        tg_pool_deinit(&flood->pool);
        cr_assert_eq(flood->left, FLOOD);
        cr_assert(flood->in_order, "by priority, then by age");
        cr_assert_leq(flood->most_decided, TG_DUE_DEFAULT);
}

#define FLOOD_POLICY                                                               \
        "limits: {dedupe_per_partition: 4000000}\n"                                \
        "rules:\n- {rule: later, for: {kind: survey}, wait: {after: interaction, " \
        "at_least: 1000s, at_most: 2000h}}\n"

Test(due, a_million_at_one_instant_leave_in_order_a_bounded_number_a_batch, .timeout = 240)
{
        static struct flood flood;

        run_flood(&flood, FLOOD_POLICY);
        cr_assert_leq(flood.batches, FLOOD / TG_DUE_DEFAULT * 5 / 4 + 4);
        cr_assert_geq(flood.new_left, (flood.batches - 1) * NEW_A_BATCH);
}

Test(due, a_million_at_one_instant_behind_a_throttle_leave_as_evenly_as_it_says, .timeout = 240)
{
        static struct flood flood;

        run_flood(&flood,
                  FLOOD_POLICY "throttles:\n- {name: pace, rate: 1000000/s, burst: 1000}\n");
        cr_assert_eq(flood.most_permits, 1000);
        cr_assert_eq(flood.new_amid, 0, "nobody overtakes equals in the queue");
        cr_assert_leq(flood.batches, FLOOD / 1000 + FLOOD / TG_DUE_DEFAULT / 4 + 4);
}
