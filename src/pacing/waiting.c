/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deferred are in a timing wheel; those of them that have fallen due are in line, as are those
 * of each throttle. All, those freed since the last commit included, are in one list in the order
 * they were made. A journal keeps what each message was like before it was taken out; it is in
 * pieces, so that growing copies none.
 */
#include "pacing/waiting.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pacing/queue.h"
#include "pacing/wheel.h"

/* Where a waiter is, besides the number of its queue. */
enum { TAKEN = -1, DEFERRED = -2, GONE = -3 };

/* A message was made, or taken out of its place. */
struct entry {
        struct tg_waiter *waiter;
        int64_t due_ms; /* as it was, as are the next two */
        int64_t decided_ms;
        int32_t place; /* TAKEN: it was made */
};

enum { PIECE = 512 };

/* A part of the journal. */
struct piece {
        struct piece *older; /* full */
        size_t count;
        struct entry entries[PIECE];
};

struct tg_waiting {
        struct tg_waiting_limits limits;
        size_t messages; /* made and not freed */
        size_t bytes;
        struct tg_waiter *oldest; /* of all, owned */
        struct tg_waiter *newest;
        struct tg_waiter *gone; /* freed since the commit, chained through `next` */
        struct piece *journal;  /* owned; since the commit */
        struct tg_wheel deferred;
        struct tg_queue ready; /* was deferred, is due */
        bool gathering;        /* not all that is due by `gather_ms` is ready yet */
        int64_t gather_ms;
        size_t throttles;
        struct tg_queue queues[]; /* one a throttle */
};

struct tg_waiting *tg_waiting_new(size_t throttles, struct tg_waiting_limits limits)
{
        struct tg_waiting *waiting =
                tg_allocate_zeroed(1, sizeof *waiting + throttles * sizeof waiting->queues[0]);

        waiting->limits = limits;
        waiting->throttles = throttles;
        tg_wheel_init(&waiting->deferred);
        return waiting;
}

/* Drops the latest piece of the journal. */
static void drop_piece(struct tg_waiting *waiting)
{
        struct piece *older = waiting->journal->older;

        free(waiting->journal);
        waiting->journal = older;
}

void tg_waiting_free(struct tg_waiting *waiting)
{
        if (!waiting)
                return;
        while (waiting->oldest) {
                struct tg_waiter *newer = waiting->oldest->newer;

                free(waiting->oldest);
                waiting->oldest = newer;
        }
        for (size_t i = 0; i < waiting->throttles; i++)
                tg_queue_deinit(&waiting->queues[i]);
        tg_queue_deinit(&waiting->ready);
        while (waiting->journal)
                drop_piece(waiting);
        free(waiting);
}

static void note(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        struct piece *piece = waiting->journal;

        if (!piece || piece->count == PIECE) {
                piece = tg_allocate(sizeof *piece);
                piece->older = waiting->journal;
                piece->count = 0;
                waiting->journal = piece;
        }
        piece->entries[piece->count++] =
                (struct entry){waiter, waiter->due_ms, waiter->decided_ms, waiter->place};
}

static void list(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        waiter->older = waiting->newest;
        if (waiting->newest)
                waiting->newest->newer = waiter;
        else
                waiting->oldest = waiter;
        waiting->newest = waiter;
}

/* Takes WAITER off the list of all and frees it. */
static void destroy(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        if (waiter->older)
                waiter->older->newer = waiter->newer;
        else
                waiting->oldest = waiter->newer;
        if (waiter->newer)
                waiter->newer->older = waiter->older;
        else
                waiting->newest = waiter->older;
        free(waiter);
}

struct tg_waiter *tg_waiter_new(struct tg_waiting *waiting, struct tg_span datum)
{
        if (waiting->messages >= waiting->limits.messages ||
            waiting->bytes + datum.size > waiting->limits.bytes)
                return NULL;
        return tg_waiter_again(waiting, datum);
}

struct tg_waiter *tg_waiter_again(struct tg_waiting *waiting, struct tg_span datum)
{
        struct tg_waiter *waiter = tg_allocate(sizeof *waiter + datum.size);

        *waiter = (struct tg_waiter){.place = TAKEN, .size = datum.size};
        memcpy(waiter->datum, datum.data, datum.size);
        waiting->messages++;
        waiting->bytes += datum.size;
        list(waiting, waiter);
        note(waiting, waiter);
        return waiter;
}

void tg_waiter_free(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        assert(waiting->messages > 0 && waiter->place == TAKEN);
        waiting->messages--;
        waiting->bytes -= waiter->size;
        waiter->place = GONE;
        waiter->next = waiting->gone;
        waiting->gone = waiter;
}

void tg_waiting_defer(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        assert(waiter->place == TAKEN);
        waiter->place = DEFERRED;
        if (waiter->due_ms > waiting->deferred.now_ms)
                tg_wheel_put(&waiting->deferred, waiter);
        else
                tg_queue_put(&waiting->ready, waiter);
}

void tg_waiting_queue(struct tg_waiting *waiting, size_t throttle, struct tg_waiter *waiter)
{
        assert(throttle < waiting->throttles && waiter->place == TAKEN);
        waiter->place = (int32_t)throttle;
        tg_queue_put(&waiting->queues[throttle], waiter);
}

int64_t tg_waiting_due(const struct tg_waiting *waiting, const struct tg_gcra *throttles)
{
        int64_t due_ms = tg_wheel_due(&waiting->deferred);

        if (waiting->ready.count)
                return TG_NO_TIME;
        for (size_t i = 0; i < waiting->throttles; i++) {
                int64_t conforms_ms;

                if (!waiting->queues[i].count)
                        continue;
                conforms_ms = tg_gcra_conforms_ms(&throttles[i]);
                if (conforms_ms < due_ms)
                        due_ms = conforms_ms;
        }
        return due_ms;
}

bool tg_waiting_gather(struct tg_waiting *waiting, int64_t t_ms, size_t most)
{
        if (!waiting->gathering)
                waiting->gather_ms = t_ms;
        while (waiting->deferred.count && tg_wheel_due(&waiting->deferred) <= waiting->gather_ms) {
                struct tg_waiter *waiter, *next;

                waiting->gathering = most == 0;
                if (waiting->gathering)
                        return false;
                most -= tg_wheel_take(&waiting->deferred, most, &waiter);
                for (; waiter; waiter = next) {
                        next = waiter->next;
                        tg_queue_put(&waiting->ready, waiter);
                }
        }
        waiting->gathering = false;
        return true;
}

/* Whose turn it is at T_MS, or NULL. */
static struct tg_queue *first_queue(struct tg_waiting *waiting, const struct tg_gcra *throttles,
                                    int64_t t_ms)
{
        for (size_t i = 0; i < waiting->throttles; i++) {
                if (waiting->queues[i].count && tg_gcra_conforms_ms(&throttles[i]) <= t_ms)
                        return &waiting->queues[i];
        }
        return waiting->ready.count && !waiting->gathering ? &waiting->ready : NULL;
}

struct tg_waiter *tg_waiting_take(struct tg_waiting *waiting, const struct tg_gcra *throttles,
                                  int64_t t_ms)
{
        struct tg_queue *queue = first_queue(waiting, throttles, t_ms);
        struct tg_waiter *waiter;

        if (!queue)
                return NULL;
        waiter = tg_queue_take(queue);
        note(waiting, waiter);
        waiter->place = TAKEN;
        return waiter;
}

bool tg_waiting_queued(const struct tg_waiting *waiting, size_t throttle)
{
        return waiting->queues[throttle].count > 0;
}

size_t tg_waiting_count(const struct tg_waiting *waiting)
{
        return waiting->messages;
}

int64_t tg_waiting_oldest_offset(const struct tg_waiting *waiting)
{
        const struct tg_waiter *waiter = waiting->oldest;

        while (waiter && waiter->place == GONE)
                waiter = waiter->newer;
        return waiter ? waiter->offset : -1;
}

void tg_waiting_commit(struct tg_waiting *waiting)
{
        while (waiting->gone) {
                struct tg_waiter *next = waiting->gone->next;

                destroy(waiting, waiting->gone);
                waiting->gone = next;
        }
        while (waiting->journal)
                drop_piece(waiting);
}

/* Counts what was freed again. */
static void revive(struct tg_waiting *waiting)
{
        for (; waiting->gone; waiting->gone = waiting->gone->next) {
                waiting->messages++;
                waiting->bytes += waiting->gone->size;
        }
}

/* Puts everything where its `place` says. */
static void place_all(struct tg_waiting *waiting)
{
        int64_t now_ms = waiting->deferred.now_ms;

        tg_wheel_init(&waiting->deferred);
        waiting->deferred.now_ms = now_ms;
        waiting->gathering = false;
        tg_queue_clear(&waiting->ready);
        for (size_t i = 0; i < waiting->throttles; i++)
                tg_queue_clear(&waiting->queues[i]);
        for (struct tg_waiter *waiter = waiting->oldest; waiter; waiter = waiter->newer) {
                int32_t place = waiter->place;

                waiter->place = TAKEN;
                if (place == DEFERRED)
                        tg_waiting_defer(waiting, waiter);
                else
                        tg_waiting_queue(waiting, (size_t)place, waiter);
        }
}

/* Makes what ENTRY is about what it was before. */
static void revert(struct tg_waiting *waiting, const struct entry *entry)
{
        struct tg_waiter *waiter = entry->waiter;

        if (entry->place == TAKEN) {
                waiting->messages--;
                waiting->bytes -= waiter->size;
                destroy(waiting, waiter);
                return;
        }
        waiter->due_ms = entry->due_ms;
        waiter->decided_ms = entry->decided_ms;
        waiter->place = entry->place;
}

void tg_waiting_undo(struct tg_waiting *waiting)
{
        revive(waiting);
        for (; waiting->journal; drop_piece(waiting)) {
                struct piece *piece = waiting->journal;

                while (piece->count > 0)
                        revert(waiting, &piece->entries[--piece->count]);
        }
        place_all(waiting);
}

struct tg_waiting *tg_waiting_rearrange(struct tg_waiting *waiting, size_t throttles,
                                        const int32_t *places, int64_t t_ms)
{
        assert(!waiting->journal && !waiting->gone);
        for (struct tg_waiter *waiter = waiting->oldest; waiter; waiter = waiter->newer) {
                if (waiter->place < 0)
                        continue;
                waiter->place = places[waiter->place];
                if (waiter->place >= 0)
                        continue;
                waiter->place = DEFERRED;
                waiter->due_ms = t_ms;
        }
        for (size_t i = 0; i < waiting->throttles; i++)
                tg_queue_deinit(&waiting->queues[i]);
        waiting = tg_reallocate(waiting, sizeof *waiting + throttles * sizeof waiting->queues[0]);
        memset(waiting->queues, 0, throttles * sizeof waiting->queues[0]);
        waiting->throttles = throttles;
        place_all(waiting);
        return waiting;
}
