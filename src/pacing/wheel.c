/* SPDX-License-Identifier: Apache-2.0 */
#include "pacing/wheel.h"

#include <assert.h>

#include "pacing/waiting.h"

void tg_wheel_init(struct tg_wheel *wheel)
{
        *wheel = (struct tg_wheel){.now_ms = TG_NO_TIME};
}

/* Times in their order as unsigned numbers: their digits can be compared. */
static uint64_t digits_of(int64_t time_ms)
{
        return (uint64_t)time_ms ^ UINT64_C(1) << 63;
}

void tg_wheel_put(struct tg_wheel *wheel, struct tg_waiter *waiter)
{
        uint64_t due = digits_of(waiter->due_ms);
        uint64_t differs = due ^ digits_of(wheel->now_ms);
        struct tg_wheel_level *level;
        struct tg_wheel_slot *slot;
        unsigned shift, number;

        assert(waiter->due_ms > wheel->now_ms);
        shift = (63 - (unsigned)__builtin_clzll(differs)) / TG_WHEEL_BITS * TG_WHEEL_BITS;
        number = due >> shift & (TG_WHEEL_SLOTS - 1);
        level = &wheel->levels[shift / TG_WHEEL_BITS];
        slot = &level->slots[number];
        if (!(level->occupied >> number & 1)) {
                level->occupied |= UINT64_C(1) << number;
                slot->first = waiter;
                slot->earliest_ms = waiter->due_ms;
        } else {
                slot->last->next = waiter;
        }
        if (waiter->due_ms < slot->earliest_ms)
                slot->earliest_ms = waiter->due_ms;
        waiter->next = NULL;
        slot->last = waiter;
        wheel->count++;
}

/* The lowest level in use, which holds what is next; some slot is in use. */
static struct tg_wheel_level *lowest(const struct tg_wheel *wheel)
{
        const struct tg_wheel_level *level = wheel->levels;

        while (!level->occupied)
                level++;
        return (struct tg_wheel_level *)level;
}

int64_t tg_wheel_due(const struct tg_wheel *wheel)
{
        const struct tg_wheel_level *level;

        if (wheel->count == 0)
                return TG_NEVER;
        if (wheel->turning)
                return wheel->now_ms;
        level = lowest(wheel);
        return level->slots[__builtin_ctzll(level->occupied)].earliest_ms;
}

/* The turn of the first slot comes. */
static void turn(struct tg_wheel *wheel)
{
        struct tg_wheel_level *level = lowest(wheel);
        const struct tg_wheel_slot *slot = &level->slots[__builtin_ctzll(level->occupied)];

        level->occupied &= level->occupied - 1;
        wheel->now_ms = slot->earliest_ms;
        wheel->turning = slot->first;
}

size_t tg_wheel_take(struct tg_wheel *wheel, size_t most, struct tg_waiter **ret_taken)
{
        struct tg_waiter *taken = NULL, **end = &taken;
        size_t count = 0;

        assert(wheel->count > 0 && most > 0);
        if (!wheel->turning)
                turn(wheel);
        for (; wheel->turning && count < most; count++) {
                struct tg_waiter *waiter = wheel->turning;

                wheel->turning = waiter->next;
                wheel->count--;
                if (waiter->due_ms == wheel->now_ms) {
                        *end = waiter;
                        end = &waiter->next;
                } else {
                        tg_wheel_put(wheel, waiter);
                        wheel->moves++;
                }
        }
        *end = NULL;
        *ret_taken = taken;
        return count;
}
