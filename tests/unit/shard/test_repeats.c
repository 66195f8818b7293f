/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "shard/repeats.h"
#include "shard/waits.h"

enum { FOR_MS = 1000 };

static struct tg_remembered permit_at(int64_t time_ms)
{
        return (struct tg_remembered){.outcome = TG_PERMIT, .time_ms = time_ms};
}

static void add(struct tg_repeats *repeats, uint64_t key, int64_t time_ms)
{
        struct tg_remembered answer = permit_at(time_ms);

        tg_repeats_add(repeats, key, &answer);
}

static bool knows(struct tg_repeats *repeats, uint64_t key, int64_t now_ms)
{
        struct tg_remembered remembered;

        return tg_repeats_find(repeats, key, now_ms, &remembered);
}

Test(repeats, a_final_answer_is_remembered_whole_and_until_its_time_is_over)
{
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, 10);
        struct tg_remembered answer = {TG_DENY, NULL, -70, 0xfffe, 0xfffffffd}, found;

        tg_repeats_add(repeats, 5, &answer);
        cr_assert(tg_repeats_find(repeats, 5, -70 + FOR_MS - 1, &found));
        cr_assert_eq(found.outcome, TG_DENY);
        cr_assert_null(found.waiter);
        cr_assert_eq(found.time_ms, -70);
        cr_assert_eq(found.tag, 0xfffe);
        cr_assert_eq(found.content, 0xfffffffd);
        cr_assert_not(knows(repeats, 5, -70 + FOR_MS));
        cr_assert_not(knows(repeats, 6, -70));
        tg_repeats_free(repeats);
        tg_repeats_free(NULL);
}

Test(repeats, what_waits_is_remembered_however_long_and_then_from_its_end_on)
{
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, 10);
        struct tg_waiter *waiter = tg_allocate_zeroed(1, sizeof *waiter);
        struct tg_remembered answer = permit_at(90000), found;

        tg_repeats_wait(repeats, 5, 77, waiter);
        cr_assert(tg_repeats_find(repeats, 5, 90000, &found));
        cr_assert_eq(found.outcome, TG_DEFER);
        cr_assert_eq(found.waiter, waiter);
        tg_repeats_end_wait(repeats, 5, &answer);
        cr_assert(tg_repeats_find(repeats, 5, 90000 + FOR_MS - 1, &found));
        cr_assert_eq(found.outcome, TG_PERMIT);
        cr_assert_eq(found.content, 77);
        cr_assert_eq(tg_repeats_count(repeats), 1);
        free(waiter);
        tg_repeats_free(repeats);
}

Test(repeats, it_is_full_exactly_while_as_many_as_the_bound_are_remembered)
{
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, 3);

        for (int i = 0; i < 3; i++) {
                cr_assert_not(tg_repeats_full(repeats, i));
                add(repeats, (uint64_t)i, i);
        }
        cr_assert(tg_repeats_full(repeats, FOR_MS - 1));
        cr_assert_not(tg_repeats_full(repeats, FOR_MS));
        add(repeats, 3, FOR_MS);
        cr_assert(tg_repeats_full(repeats, FOR_MS));
        cr_assert_not(tg_repeats_full(repeats, INT64_MAX));
        tg_repeats_free(repeats);
}

Test(repeats, a_million_take_less_than_30_bytes_each_and_those_that_are_over_give_room)
{
        enum { MILLION = 1000000 };
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, MILLION);
        size_t bytes;

        for (uint64_t i = 0; i < MILLION; i++) {
                add(repeats, i * UINT64_C(0x9e3779b97f4a7c15), (int64_t)i / MILLION);
                cr_assert_leq(tg_repeats_bytes(repeats), TG_REPEATS_BYTES(i + 1));
        }
        cr_assert_lt(TG_REPEATS_BYTES(MILLION), (size_t)30 * MILLION);
        cr_assert(tg_repeats_full(repeats, FOR_MS - 1));
        bytes = tg_repeats_bytes(repeats);
        for (uint64_t i = MILLION; i < 3 * MILLION; i++) {
                cr_assert_not(tg_repeats_full(repeats, FOR_MS));
                add(repeats, i * UINT64_C(0x9e3779b97f4a7c15), FOR_MS);
                tg_repeats_commit(repeats);
                if (i == 2 * MILLION - 1)
                        break;
        }
        cr_assert_leq(tg_repeats_bytes(repeats), bytes + bytes / 10);
        cr_assert(tg_repeats_full(repeats, FOR_MS));
        for (uint64_t i = MILLION; i < 2 * MILLION; i += 999)
                cr_assert(knows(repeats, i * UINT64_C(0x9e3779b97f4a7c15), FOR_MS));
        tg_repeats_free(repeats);
}

/* What is allocated at once is what may have to be copied or cleared at once. */
Test(repeats, however_many_wait_in_one_transaction_one_more_takes_a_few_pieces_at_most)
{
        enum { MANY = 300000, FEW_PIECES = 64 << 10 };
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, MANY);
        struct tg_waiter waiter = {0};
        size_t bytes = tg_repeats_bytes(repeats);

        for (uint64_t i = 0; i < MANY; i++) {
                size_t before = tg_repeats_bytes(repeats);

                tg_repeats_wait(repeats, i * UINT64_C(0x9e3779b97f4a7c15), 0, &waiter);
                cr_assert_leq(tg_repeats_bytes(repeats), before + FEW_PIECES);
        }
        cr_assert_gt(tg_repeats_bytes(repeats), bytes + MANY * sizeof(struct tg_waits_change));
        tg_repeats_undo(repeats);
        cr_assert_eq(tg_repeats_count(repeats), 0);
        cr_assert_leq(tg_repeats_bytes(repeats), TG_REPEATS_BYTES(MANY));
        for (uint64_t i = 0; i < MANY; i += 999)
                cr_assert_not(knows(repeats, i * UINT64_C(0x9e3779b97f4a7c15), 0));
        tg_repeats_free(repeats);
}

Test(repeats, a_clock_that_leaps_over_all_time_confuses_nothing)
{
        struct tg_repeats *repeats = tg_repeats_new(FOR_MS, 10);

        add(repeats, 1, INT64_MIN + 1);
        cr_assert(knows(repeats, 1, INT64_MIN + FOR_MS));
        cr_assert_not(knows(repeats, 1, INT64_MAX - 1));
        add(repeats, 2, 0);
        add(repeats, 3, INT64_MAX - 1);
        cr_assert(knows(repeats, 3, INT64_MAX));
        cr_assert_not(knows(repeats, 2, INT64_MAX));
        cr_assert_not(tg_repeats_full(repeats, INT64_MAX));
        cr_assert_eq(tg_repeats_count(repeats), 1);
        tg_repeats_free(repeats);
}

/* The plain reference: what each of a few keys is remembered as. */
enum { KEYS = 40, LIMIT = 12, STEPS = 4000 };

struct plain {
        struct tg_remembered keys[KEYS]; /* outcome 0: never answered */
        int64_t now_ms;
};

static bool is_known(const struct plain *plain, int key)
{
        const struct tg_remembered *known = &plain->keys[key];

        return known->outcome == TG_DEFER ||
               (known->outcome && plain->now_ms < known->time_ms + FOR_MS);
}

static int known_count(const struct plain *plain)
{
        int count = 0;

        for (int key = 0; key < KEYS; key++)
                count += is_known(plain, key);
        return count;
}

/* One of all that may happen to a key. */
static void happen(struct tg_repeats *repeats, struct plain *plain, int key, unsigned chance,
                   const struct tg_waiter *waiter)
{
        struct tg_remembered answer = {.outcome = chance % 2 ? TG_PERMIT : TG_DENY,
                                       .time_ms = plain->now_ms,
                                       .tag = chance & 0xffff,
                                       .content = chance};

        if (plain->keys[key].outcome == TG_DEFER) {
                tg_repeats_end_wait(repeats, (uint64_t)key, &answer);
                answer.content = plain->keys[key].content;
        } else if (is_known(plain, key) || tg_repeats_full(repeats, plain->now_ms)) {
                return;
        } else if (chance % 3) {
                tg_repeats_add(repeats, (uint64_t)key, &answer);
        } else {
                tg_repeats_wait(repeats, (uint64_t)key, chance, waiter);
                answer = (struct tg_remembered){TG_DEFER, waiter, TG_NO_TIME, 0, chance};
        }
        plain->keys[key] = answer;
}

static void compare(struct tg_repeats *repeats, const struct plain *plain, unsigned seed)
{
        for (int key = 0; key < KEYS; key++) {
                const struct tg_remembered *known = &plain->keys[key];
                struct tg_remembered found;
                bool is = tg_repeats_find(repeats, (uint64_t)key, plain->now_ms, &found);

                cr_assert_eq(is, is_known(plain, key), "seed %u, key %d", seed, key);
                if (is)
                        cr_assert(
                                found.outcome == known->outcome && found.waiter == known->waiter &&
                                        found.time_ms == known->time_ms &&
                                        found.tag == known->tag && found.content == known->content,
                                "seed %u, key %d", seed, key);
        }
}

Test(repeats, at_random_it_knows_what_a_plain_list_knows_and_undoes_what_was_not_committed)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        struct tg_waiter *waiter = tg_allocate_zeroed(1, sizeof *waiter);

        for (int round = 0; round < 20; round++) {
                struct tg_repeats *repeats = tg_repeats_new(FOR_MS, LIMIT);
                struct plain plain = {.now_ms = -500}, committed = plain;

                for (int step = 0; step < STEPS; step++) {
                        int act = rand_r(&seed) % 20;

                        if (act == 0) {
                                tg_repeats_commit(repeats);
                                committed = plain;
                        } else if (act == 1) {
                                int64_t now_ms = plain.now_ms;

                                tg_repeats_undo(repeats);
                                plain = committed;
                                plain.now_ms = now_ms;
                        } else if (act == 2) {
                                plain.now_ms += rand_r(&seed) % (rand_r(&seed) % 50 ? 300 : 900000);
                        } else if (act == 3) {
                                compare(repeats, &plain, first);
                                cr_assert_eq(tg_repeats_full(repeats, plain.now_ms),
                                             known_count(&plain) >= LIMIT, "seed %u", first);
                        } else {
                                happen(repeats, &plain, rand_r(&seed) % KEYS,
                                       (unsigned)rand_r(&seed), waiter);
                        }
                }
                tg_repeats_free(repeats);
        }
        free(waiter);
}
