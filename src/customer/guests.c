/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Epochs. The owner puts new segments into the directory, retires the old one with the present
 * epoch and raises that. A guest notes the epoch when it enters and 0 when it leaves; a segment may
 * be freed once every guest is outside or entered in a later epoch.
 */
#include "customer/guests.h"

#include "customer/inside.h"

_Static_assert(TG_GUESTS_MAX *TG_GUEST_LINES <= TG_SEGMENT_LINES / 16 / 4,
               "guests that all ask at once leave most of the owner's room to it");

int tg_guest_join(struct tg_table *table, unsigned *ret_guest)
{
        for (unsigned i = 0; i < TG_GUESTS_MAX; i++) {
                if (atomic_exchange_explicit(&table->guests[i].joined, true, memory_order_acquire))
                        continue;
                /* Relaxed: what a guest does later orders it (tg_guests_gone). */
                atomic_store_explicit(&table->visited, true, memory_order_relaxed);
                *ret_guest = i;
                return 0;
        }
        return -1;
}

void tg_guest_part(struct tg_table *table, unsigned guest)
{
        assert(atomic_load_explicit(&table->guests[guest].epoch, memory_order_relaxed) == 0);
        /* Release, pairs with the acquire in tg_guest_join(): a successor's place is empty. */
        atomic_store_explicit(&table->guests[guest].joined, false, memory_order_release);
}

void tg_guest_enter(struct tg_table *table, unsigned guest)
{
        /*
         * Acquire, pairs with the release in tg_segment_retire(): whoever enters in the later
         * epoch sees the later directory. Without it, it could find its way into a freed segment.
         */
        uint64_t epoch = atomic_load_explicit(&table->epoch, memory_order_acquire);

        /*
         * An exchange, pairs with the one in tg_guests_gone(): both change one word, so one comes
         * first. If it is the guest's, the owner sees it inside; if it is the owner's, the guest
         * acquires what the owner released there, the later directory. With a plain store both
         * could miss the other.
         */
        epoch = atomic_exchange_explicit(&table->guests[guest].epoch, epoch, memory_order_acq_rel);
        assert(epoch == 0);
        (void)epoch;
}

void tg_guest_leave(struct tg_table *table, unsigned guest)
{
        /*
         * Release, pairs with the acquire in tg_guests_gone(): all that the guest recorded is there
         * to be joined before the segment is freed, and nothing is recorded in it afterwards.
         */
        atomic_store_explicit(&table->guests[guest].epoch, 0, memory_order_release);
}

bool tg_guest_may_record(struct tg_table *table, struct tg_identity identity)
{
        uint32_t number = tg_segment_of(table, tg_key_of(identity).low);
        const struct tg_segment *segment = &table->segments[number];
        uint32_t used = atomic_load_explicit(&segment->used, memory_order_relaxed);

        if (used < table->full_lines - tg_sixteenth(table) ||
            used < atomic_load_explicit(&segment->crowded_lines, memory_order_relaxed) ||
            atomic_load_explicit(&table->full, memory_order_relaxed))
                return true;
        tg_segment_press(table, number);
        return false;
}

bool tg_guests_gone(struct tg_table *table, uint64_t epoch)
{
        for (unsigned i = 0; i < TG_GUESTS_MAX; i++) {
                /* Adds nothing, but takes part in the order of changes: see tg_guest_enter(). */
                uint64_t entered =
                        atomic_fetch_add_explicit(&table->guests[i].epoch, 0, memory_order_acq_rel);

                if (entered != 0 && entered <= epoch)
                        return false;
        }
        return true;
}
