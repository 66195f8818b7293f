/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ONE_CLICK "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n"
#define ONE_A_SECOND "throttles:\n- {name: pace, rate: 1/s}\n"

Test(shard, a_message_is_deferred_until_exactly_then_and_leaves_exactly_then)
{
        WORLD(world, ONE_CLICK);

        click(&world, 0);
        ad(&world, "r", 5, 0, 0);
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_OPEN, .time_ms = 5000});
        cr_assert_str_eq(run(&world), "5 r defer until 1000: cap\n"
                                      "1000 r permit\n");
        cr_assert_eq(world.summary.pending, 0);
}

Test(shard, what_is_not_due_when_a_recording_ends_is_pending)
{
        WORLD(world, ONE_CLICK);

        click(&world, 0);
        ad(&world, "r", 5, 0, 0);
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_OPEN, .time_ms = 999});
        cr_assert_str_eq(run(&world), "5 r defer until 1000: cap\n");
        cr_assert_eq(world.summary.pending, 1);
        cr_assert_eq(world.summary.deferred, 1);
}

Test(shard, what_is_due_when_a_fact_comes_is_decided_before_it_is_known)
{
        WORLD(world, ONE_CLICK);

        click(&world, 0);
        ad(&world, "r", 5, 0, 0);
        click(&world, 1000);
        cr_assert_str_eq(run(&world), "5 r defer until 1000: cap\n"
                                      "1000 r permit\n");
}

Test(shard, a_message_that_must_wait_again_is_not_told_again)
{
        WORLD(world, ONE_CLICK);

        click(&world, 0);
        ad(&world, "r", 5, 0, 0);
        click(&world, 400);
        click(&world, 5000);
        cr_assert_str_eq(run(&world), "5 r defer until 1000: cap\n"
                                      "1400 r permit\n");
        cr_assert_eq(world.summary.deferred, 1);
        cr_assert_eq(world.summary.permitted, 1);
}

Test(shard, the_clock_is_the_latest_time_seen_and_not_the_time_on_the_request)
{
        WORLD(world, ONE_CLICK);

        click(&world, 90);
        ad(&world, "a", 100, 0, 0);
        ad(&world, "late", 70, 0, 0);
        cr_assert_str_eq(run(&world), "100 a defer until 1090: cap\n"
                                      "100 late defer until 1090: cap\n");
}

Test(shard, a_fact_of_the_same_moment_is_known_to_the_request)
{
        WORLD(world, ONE_CLICK);

        ad(&world, "r", 5, 0, 0);
        click(&world, 5);
        cr_assert_str_eq(run(&world), "5 r defer until 1005: cap\n");
}

Test(shard, a_throttle_lets_its_queue_out_by_priority_then_age)
{
        WORLD(world, ONE_A_SECOND);

        ad(&world, "first", 0, 0, 0);
        ad(&world, "low", 1, 0, 0);
        ad(&world, "high-1", 2, 5, 0);
        ad(&world, "high-2", 3, 5, 0);
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 first permit\n"
                                      "1 low defer until 1000: pace\n"
                                      "2 high-1 defer until 1000: pace\n"
                                      "3 high-2 defer until 1000: pace\n"
                                      "1000 high-1 permit\n"
                                      "2000 high-2 permit\n"
                                      "3000 low permit\n");
}

Test(shard, a_throttle_opens_at_the_next_whole_millisecond)
{
        WORLD(world, "throttles:\n- {name: pace, rate: 3/s}\n");

        for (int i = 0; i < 3; i++)
                ad(&world, (const char *[]){"a", "b", "c"}[i], 0, 0, 0);
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b defer until 334: pace\n"
                                      "0 c defer until 334: pace\n"
                                      "334 b permit\n"
                                      "668 c permit\n");
}

Test(shard, all_throttles_are_charged_or_none_and_the_last_to_conform_is_waited_for)
{
        WORLD(world, "throttles:\n- {name: all, rate: 2/s}\n"
                     "- {name: ads, for: {channel: ads}, rate: 1/s}\n");

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 0);
        request(&world, (struct tg_request){
                                .id = tg_span_text("email"),
                                .channel = TG_CHANNEL_EMAIL,
                                .time_ms = 500,
                        });
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b defer until 1000: ads\n"
                                      "500 email permit\n"
                                      "1000 b permit\n");
}

Test(shard, of_throttles_that_conform_alike_the_first_in_the_policy_is_the_reason)
{
        WORLD(world, "throttles:\n- {name: x, rate: 1/s}\n- {name: y, rate: 1/s}\n");

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n0 b defer until 1000: x\n");
}

Test(shard, queues_go_before_the_deferred_of_the_same_moment)
{
        WORLD(world, "rules:\n- {rule: cap, for: {channel: ads}, "
                     "cap: {count: click, at_most: 1, per: 1s}}\n"
                     "throttles:\n- {name: pace, for: {channel: [email, ads]}, rate: 1/s}\n");
        struct tg_request email = {.id = tg_span_text("e1"), .channel = TG_CHANNEL_EMAIL};

        click(&world, 0);
        request(&world, email);
        email.id = tg_span_text("e2");
        request(&world, email);
        ad(&world, "urgent", 0, 9, 0);
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 e1 permit\n"
                                      "0 e2 defer until 1000: pace\n"
                                      "0 urgent defer until 1000: cap\n"
                                      "1000 e2 permit\n"
                                      "2000 urgent permit\n");
}

Test(shard, a_message_that_expires_before_its_turn_at_the_throttle_is_denied_at_once)
{
        WORLD(world, ONE_A_SECOND);

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 1000);
        ad(&world, "c", 0, 0, 1001);
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b deny: pace, expires first\n"
                                      "0 c defer until 1000: pace\n"
                                      "1000 c permit\n");
}

Test(shard, a_message_that_expires_in_a_queue_is_denied_when_its_turn_comes)
{
        WORLD(world, ONE_A_SECOND);

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 1500);
        ad(&world, "c", 0, 1, 0);
        ad(&world, "d", 0, 0, 0);
        click(&world, 9000);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b defer until 1000: pace\n"
                                      "0 c defer until 1000: pace\n"
                                      "0 d defer until 1000: pace\n"
                                      "1000 c permit\n"
                                      "2000 b deny: expired\n"
                                      "2000 d permit\n");
}

Test(shard, a_message_without_an_expiry_expires_after_72_hours)
{
        WORLD(world, "throttles:\n- {rate: 1/d}\n");

        for (int i = 0; i < 4; i++)
                ad(&world, (const char *[]){"a", "b", "c", "d"}[i], 0, 0, 0);
        click(&world, 10 * TG_DAY_MS);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b defer until 86400000: throttle-1\n"
                                      "0 c defer until 86400000: throttle-1\n"
                                      "0 d defer until 86400000: throttle-1\n"
                                      "86400000 b permit\n"
                                      "172800000 c permit\n"
                                      "259200000 d deny: expired\n");
        cr_assert_eq(world.summary.permitted_by_channel[TG_CHANNEL_ADS], 3);
}

Test(shard, a_late_request_may_have_expired)
{
        WORLD(world, "");

        ad(&world, "x", 100, 0, 0);
        ad(&world, "a", 0, 0, 100);
        ad(&world, "b", 0, 0, 101);
        cr_assert_str_eq(run(&world), "100 x permit\n"
                                      "100 a deny: expired\n"
                                      "100 b permit\n");
}

Test(shard, what_has_no_room_to_wait_is_denied_and_says_why)
{
        WORLD(world, ONE_CLICK);

        world.options.partition.waiting.messages = 1;
        click(&world, 0);
        ad(&world, "a", 1, 0, 0);
        ad(&world, "b", 2, 0, 0);
        ad(&world, "c", 1000, 0, 0);
        cr_assert_str_eq(run(&world), "1 a defer until 1000: cap\n"
                                      "2 b deny: cap, deferral full\n"
                                      "1000 a permit\n"
                                      "1000 c permit\n");
}

Test(shard, a_channel_that_nobody_knows_is_refused)
{
        WORLD(world, ONE_CLICK);

        request(&world, (struct tg_request){.id = tg_span_text("r")});
        cr_assert_str_eq(run(&world), "0 r deny: unknown channel\n");
}

Test(shard, a_customer_whose_state_found_no_room_is_refused_and_others_are_not)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: click, at_most: 2, per: 1s}}\n");
        struct tg_touchpoint touchpoint = {.type = TG_TYPE_CLICK, .time_ms = -400};
        char customer[16];

        world.options.partition.table_bytes = 64 << 10;
        click(&world, -500);
        for (int i = 0; i < 1100; i++) {
                snprintf(customer, sizeof customer, "c%d", i);
                touchpoint.customer = tg_span_text(customer);
                fact(&world, touchpoint);
        }
        ad(&world, "known", 0, 0, 0);
        request(&world, (struct tg_request){.id = tg_span_text("unknown"),
                                            .customer = tg_span_text("nobody"),
                                            .channel = TG_CHANNEL_ADS});
        cr_assert_str_eq(run(&world), "0 known permit\n"
                                      "0 unknown deny: state incomplete\n");
}

Test(shard, a_full_history_is_told_with_its_number_and_the_bound)
{
        WORLD(world, "limits: {permits_per_customer: 2}\n"
                     "rules:\n- {rule: cap, cap: {count: permit, at_most: 9, per: 1s}}\n");
        const struct tg_reason *reason;

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 0);
        ad(&world, "c", 999, 0, 0);
        ad(&world, "d", 1000, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b permit\n"
                                      "999 c deny: history full\n"
                                      "1000 d permit\n");
        reason = world.twin.decisions.items[2]->decision.reasons;
        cr_assert_eq(reason->counter, 2);
        cr_assert_eq(reason->limit, 2);
        cr_assert_str_eq(reason->family, "gate");
}

Test(shard, a_permit_counts_for_the_next_request)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: impression, at_most: 1, per: 1s}}\n");

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 1, 0, 0);
        click(&world, 2 * TG_HOUR_MS);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "1 b defer until 3600000: cap\n"
                                      "3600000 b permit\n");
}

Test(shard, a_refund_by_receipt_that_is_read_before_its_permit_is_given_still_counts)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");
        char id[TG_MESSAGE_ID_SIZE + 1];
        uint32_t tag;

        tg_message_id(tg_span_text("me"), tg_span_text("a"), id);
        tag = (uint32_t)tg_hash64(tg_span_of(id, TG_MESSAGE_ID_SIZE)) & TG_PERMIT_TAG_MASK;
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                            .time_ms = -5,
                                            .message_id = tg_span_text(id),
                                            .receipt = {START_MS, (int32_t)tag, true}});
        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 1, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n1 b permit\n");
        cr_assert_eq(world.twin.decisions.items[0]->decision.receipt.tag, (int32_t)tag);
}

Test(shard, a_permit_is_told_with_its_id_receipt_and_place)
{
        WORLD(world, ONE_CLICK);
        const struct tg_decision *decision;
        char id[TG_MESSAGE_ID_SIZE + 1];

        click(&world, -9000);
        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 7, 0, 0);
        run(&world);
        tg_message_id(tg_span_text("me"), tg_span_text("b"), id);
        cr_assert_eq(world.twin.permitted.count, 2);
        decision = &world.twin.permitted.items[1]->decision;
        cr_assert(tg_span_equal(decision->message_id, tg_span_text(id)));
        cr_assert(decision->receipt.present);
        cr_assert_eq(decision->receipt.time_ms, START_MS + 7);
        cr_assert(decision->final);
        cr_assert_eq(decision->source.offset, 1);
        cr_assert_str_eq(decision->source.topic, "requests");
        cr_assert_eq(decision->facts[0].offset, 1);
        cr_assert_str_eq(decision->facts[0].topic, "touchpoints");
        cr_assert_eq(world.twin.permitted.items[1]->transaction,
                     world.twin.decisions.items[1]->transaction);
}

Test(shard, what_cannot_be_read_is_a_dead_letter_that_moves_no_clock)
{
        WORLD(world, "");

        tg_twin_datum(&world.twin, TG_STREAM_REQUESTS, tg_span_text("\x02x"));
        tg_twin_faulty(&world.twin, TG_STREAM_TOUCHPOINTS, 0, "no customer", "it has none");
        ad(&world, "a", 0, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n");
        cr_assert_eq(world.summary.rejected, 2);
        cr_assert_eq(world.summary.requests, 1);
        cr_assert_eq(world.twin.rejected.count, 2);
        cr_assert_eq(world.twin.rejected.items[0].partition, -1);
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "undecodable");
        cr_assert(tg_span_equal(world.twin.rejected.items[0].value, tg_span_text("\x02x")));
        cr_assert_str_eq(world.twin.rejected.items[1].reason, "no customer");
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_TOUCHPOINTS], 1);
}

Test(shard, a_record_from_further_in_the_future_than_allowed_is_a_dead_letter)
{
        WORLD(world, ONE_CLICK);

        world.options.end_ms = START_MS + 1000;
        click(&world, 1001 + TG_HOUR_MS);
        ad(&world, "b", 1000 + TG_HOUR_MS, 0, 0);
        ad(&world, "c", 1001 + TG_HOUR_MS, 0, 0);
        cr_assert_str_eq(run(&world), "3601000 b permit\n");
        cr_assert_eq(world.twin.rejected.count, 2);
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "future");
        cr_assert_eq(world.summary.touchpoints, 0);
}

Test(shard, a_time_that_no_calendar_has_is_a_dead_letter_with_or_without_an_end)
{
        static const int64_t times_ms[] = {
                INT64_MIN,           INT64_MIN + 1,    TG_TIME_FIRST_MS - 1, INT64_MAX,
                TG_TIME_LAST_MS + 1, TG_TIME_FIRST_MS, TG_TIME_LAST_MS,
        };
        WORLD(world, ONE_CLICK);

        for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++) {
                struct tg_touchpoint touchpoint = {.id = tg_span_text("e"),
                                                   .customer = tg_span_text("me"),
                                                   .type = TG_TYPE_CLICK,
                                                   .time_ms = times_ms[i]};

                tg_twin_touchpoint(&world.twin, &touchpoint);
        }
        ad(&world, "a", 0, 0, 0);
        run(&world);
        cr_assert_eq(world.twin.rejected.count, 5);
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "no time");
        cr_assert_eq(world.summary.touchpoints, 2);
}

Test(shard, a_request_that_names_a_time_that_no_calendar_has_is_a_dead_letter)
{
        static const int64_t times_ms[] = {
                INT64_MIN + 1,       TG_TIME_FIRST_MS - 1, INT64_MAX,
                TG_TIME_LAST_MS + 1, TG_TIME_FIRST_MS,     TG_TIME_LAST_MS,
        };
        WORLD(world, "");

        for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++) {
                struct tg_request request = {.id = tg_span_text("r"),
                                             .customer = tg_span_text("me"),
                                             .channel = TG_CHANNEL_ADS,
                                             .time_ms = START_MS,
                                             .expires_ms = times_ms[i],
                                             .payload = tg_span_text("")};

                tg_twin_request(&world.twin, &request);
                request.expires_ms = TG_NO_TIME;
                request.about = (struct tg_about){times_ms[i], TG_TYPE_CLICK, true};
                tg_twin_request(&world.twin, &request);
        }
        run(&world);
        cr_assert_eq(world.twin.rejected.count, 8);
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "no time");
        cr_assert_eq(world.summary.requests, 4);
}

Test(shard, a_restart_reads_again_from_the_oldest_request_that_waits)
{
        WORLD(world, ONE_CLICK);

        ad(&world, "a", -5, 0, 0);
        click(&world, 0);
        ad(&world, "b", 1, 0, 0);
        ad(&world, "c", 2, 0, 0);
        run(&world);
        cr_assert_eq(world.summary.pending, 2);
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_REQUESTS], 1);
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_TOUCHPOINTS], 1);
}

/* A stream of chance, the same for the same seed. */
static void make_random(struct world *world, unsigned seed)
{
        int64_t after_ms = 0;
        char id[16];

        for (int i = 0; i < 120; i++) {
                static const char *const customers[] = {"me", "you", "she", "he"};
                struct tg_span customer = tg_span_text(customers[rand_r(&seed) % 4]);

                after_ms += rand_r(&seed) % 400 - 50;
                snprintf(id, sizeof id, "r%d", i);
                if (rand_r(&seed) % 2)
                        fact(world, (struct tg_touchpoint){.type = TG_TYPE_CLICK,
                                                           .time_ms = after_ms,
                                                           .customer = customer});
                else
                        request(world, (struct tg_request){.id = tg_span_text(id),
                                                           .customer = customer,
                                                           .time_ms = after_ms,
                                                           .channel = TG_CHANNEL_ADS,
                                                           .priority = rand_r(&seed) % 3});
        }
}

Test(shard, how_a_stream_falls_into_batches_changes_nothing)
{
        unsigned seed = (unsigned)time(NULL);

        for (int round = 0; round < 30; round++, seed++) {
                WORLD(whole, ONE_CLICK "throttles:\n- {rate: 2/s}\n");

                whole.options.batch = 10000;
                make_random(&whole, seed);
                run(&whole);
                for (size_t batch = 1; batch < 40; batch += 6) {
                        WORLD(pieces, ONE_CLICK "throttles:\n- {rate: 2/s}\n");

                        pieces.options.batch = batch;
                        make_random(&pieces, seed);
                        cr_assert_str_eq(run(&pieces), whole.told, "seed %u", seed);
                }
        }
}
