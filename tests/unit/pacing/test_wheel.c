/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "pacing/waiting.h"
#include "pacing/wheel.h"

static struct tg_waiter *waiters_of(size_t count)
{
        return tg_allocate_zeroed(count, sizeof(struct tg_waiter));
}

static struct tg_waiter *take(struct tg_wheel *wheel)
{
        struct tg_waiter *taken;

        tg_wheel_take(wheel, SIZE_MAX, &taken);
        return taken;
}

Test(wheel, an_empty_wheel_is_never_due)
{
        struct tg_wheel wheel;

        tg_wheel_init(&wheel);
        cr_assert_eq(tg_wheel_due(&wheel), TG_NEVER);
}

Test(wheel, any_time_there_is_finds_its_moment)
{
        static const int64_t times[] = {INT64_MIN + 1, -1, 0, 1, 63, 64, INT64_MAX - 1, INT64_MAX};
        enum { COUNT = sizeof times / sizeof times[0] };
        struct tg_waiter *waiters = waiters_of(COUNT);
        struct tg_wheel wheel;

        tg_wheel_init(&wheel);
        for (int i = COUNT; i-- > 0;) {
                waiters[i].due_ms = times[i];
                tg_wheel_put(&wheel, &waiters[i]);
        }
        for (int i = 0; i < COUNT; i++) {
                cr_assert_eq(tg_wheel_due(&wheel), times[i]);
                cr_assert_eq(take(&wheel), &waiters[i]);
                cr_assert_null(waiters[i].next);
                cr_assert_eq(wheel.now_ms, times[i]);
        }
        cr_assert_eq(wheel.count, 0);
        free(waiters);
}

Test(wheel, what_is_due_at_one_millisecond_is_taken_together_and_nothing_else)
{
        struct tg_waiter *waiters = waiters_of(3);
        struct tg_waiter *taken;
        struct tg_wheel wheel;

        tg_wheel_init(&wheel);
        waiters[0].due_ms = waiters[2].due_ms = 70000;
        waiters[1].due_ms = 70001;
        for (int i = 0; i < 3; i++)
                tg_wheel_put(&wheel, &waiters[i]);
        taken = take(&wheel);
        cr_assert(taken == &waiters[0] || taken == &waiters[2]);
        cr_assert(taken->next == &waiters[0] || taken->next == &waiters[2]);
        cr_assert_neq(taken->next, taken);
        cr_assert_null(taken->next->next);
        cr_assert_eq(tg_wheel_due(&wheel), 70001);
        free(waiters);
}

static int compare_times(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

        return (left > right) - (left < right);
}

/* Takes all, and compares their times with SORTED. */
static void turn(struct tg_wheel *wheel, const int64_t *sorted, size_t count, unsigned seed)
{
        size_t taken = 0;

        while (wheel->count > 0) {
                int64_t due_ms = tg_wheel_due(wheel);
                struct tg_waiter *waiter = take(wheel);

                for (; waiter; waiter = waiter->next, taken++) {
                        cr_assert_eq(waiter->due_ms, due_ms, "seed %u", seed);
                        cr_assert_eq(sorted[taken], due_ms, "seed %u", seed);
                }
        }
        cr_assert_eq(taken, count, "seed %u", seed);
}

Test(wheel, random_times_leave_sorted_and_each_message_moves_at_most_once_a_level)
{
        enum { COUNT = 100000 };
        unsigned first = (unsigned)time(NULL), seed = first;
        struct tg_waiter *waiters = waiters_of(COUNT);
        int64_t *sorted = tg_allocate(COUNT * sizeof sorted[0]);
        struct tg_wheel wheel;

        for (int bits = 8; bits < 63; bits += 9) {
                tg_wheel_init(&wheel);
                for (int i = 0; i < COUNT; i++) {
                        uint64_t chance = (uint64_t)rand_r(&seed) << 33 ^
                                          (uint64_t)rand_r(&seed) << 16 ^ (uint64_t)rand_r(&seed);

                        sorted[i] = (int64_t)(chance & ((UINT64_C(1) << bits) - 1)) - 1000;
                        waiters[i].due_ms = sorted[i];
                        tg_wheel_put(&wheel, &waiters[i]);
                }
                qsort(sorted, COUNT, sizeof sorted[0], compare_times);
                turn(&wheel, sorted, COUNT, first);
                cr_assert_leq(wheel.moves, COUNT * (TG_WHEEL_LEVELS - 1));
        }
        free(waiters);
        free(sorted);
}

Test(wheel, a_million_of_one_instant_are_moved_together)
{
        enum { MILLION = 1000000 };
        struct tg_waiter *waiters = waiters_of(MILLION);
        int64_t due_ms = 1500000000000;
        struct tg_waiter *waiter;
        struct tg_wheel wheel;
        size_t count = 0;

        tg_wheel_init(&wheel);
        for (int i = 0; i < MILLION; i++) {
                waiters[i].due_ms = due_ms;
                tg_wheel_put(&wheel, &waiters[i]);
        }
        for (waiter = take(&wheel); waiter; waiter = waiter->next)
                count++;
        cr_assert_eq(count, MILLION);
        cr_assert_eq(wheel.moves, 0, "years of empty slots cost nothing");
        free(waiters);
}
