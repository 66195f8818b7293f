/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kinds of nodes, chained from one array of buckets: the waiting, in any order, and the ended,
 * in a queue by time. A node is named by 32 bits. The queue lies in pieces that are numbered on and
 * on; times are kept as the distance from the first of their piece, and a time too far from it
 * begins a new one.
 */
#include "shard/repeats.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "shard/waits.h"

enum {
        PIECE_BITS = 10,
        SWEEP = 2,      /* nodes looked at for each one added: more than come, so it keeps up */
        AHEAD = 4,      /* of what is done in a row: so far ahead it is fetched */
        IDENTITY = 255, /* tells our pairs from the scopes of cells */
};
_Static_assert(1 << PIECE_BITS == TG_REPEATS_PIECE, "an index within a piece has PIECE_BITS");

#define NONE UINT32_MAX                     /* no node */
#define WAITS (UINT32_C(1) << 31)           /* the bit that tells the waiting from the ended */
#define PIECE_NUMBERS (WAITS >> PIECE_BITS) /* piece numbers are taken modulo this */

struct node {
        uint64_t key;
        uint32_t next; /* in the chain of its bucket, or of free nodes */
        uint32_t content;
        union {
                const struct tg_waiter *waiter; /* of the waiting */
                struct {
                        uint32_t after_ms; /* since the base of its piece */
                        uint16_t tag;
                        uint8_t outcome; /* enum tg_outcome */
                };
        };
};
_Static_assert(sizeof(struct node) == 24, "the promise of 28 bytes a request");

struct piece {
        int64_t base_ms;
        uint32_t used;
        struct node nodes[TG_REPEATS_PIECE];
};

/* The queue of the ended: pieces `begin` to `end`, of which those before `first` were swept. */
struct queue {
        struct piece **pieces; /* owned ring, by number */
        uint64_t capacity;     /* a power of two */
        uint64_t begin;
        uint64_t first; /* the piece of the oldest node ... */
        uint32_t index; /* ... and its place there */
        uint64_t end;
};

struct waiting {
        struct node **pieces; /* owned */
        uint32_t count;
        uint32_t free; /* chain of free nodes */
};

struct buckets {
        uint32_t **pieces; /* owned */
        uint32_t count;    /* buckets: `low` plus those of the low ones that were split */
        uint32_t low;      /* a power of two */
};

struct tg_repeats {
        int64_t for_ms;
        size_t limit;
        size_t count;
        size_t bytes;
        struct buckets buckets;
        struct queue ended;
        struct waiting waiting;
        struct coming {
                uint64_t key;
                bool pending;
        } bucket_comes, node_comes; /* keys whose bucket, and whose first node, is being fetched */
        struct tg_waits changes;    /* since the commit */
        /* Where the queue was at the commit. */
        struct {
                uint64_t first, end;
                uint32_t index, used;
        } mark;
};

static void *take_memory(struct tg_repeats *repeats, size_t size)
{
        repeats->bytes += size;
        return tg_allocate(size);
}

/* Makes room in a list of pieces: its capacity is the power of two from COUNT up. */
static void *grow_list(struct tg_repeats *repeats, void *list, size_t count)
{
        if (count & (count - 1))
                return list;
        repeats->bytes += (count ? count : 1) * sizeof(void *);
        return tg_reallocate(list, (count ? 2 * count : 1) * sizeof(void *));
}

static struct piece *piece_at(const struct queue *queue, uint64_t number)
{
        return queue->pieces[number & (queue->capacity - 1)];
}

static uint32_t name_of(uint64_t piece, uint32_t index)
{
        return (uint32_t)(piece % PIECE_NUMBERS) << PIECE_BITS | index;
}

static struct node *node_of(const struct tg_repeats *repeats, uint32_t name)
{
        uint32_t index = name & (TG_REPEATS_PIECE - 1);

        if (name & WAITS)
                return &repeats->waiting.pieces[(name & ~WAITS) >> PIECE_BITS][index];
        return &piece_at(&repeats->ended, name >> PIECE_BITS)->nodes[index];
}

static uint32_t *bucket_at(const struct tg_repeats *repeats, uint32_t number)
{
        return &repeats->buckets.pieces[number >> PIECE_BITS][number & (TG_REPEATS_PIECE - 1)];
}

static uint32_t *bucket_of(const struct tg_repeats *repeats, uint64_t key)
{
        const struct buckets *buckets = &repeats->buckets;
        uint32_t number = (uint32_t)key & (2 * buckets->low - 1);

        return bucket_at(repeats, number < buckets->count ? number : number - buckets->low);
}

static void add_buckets(struct tg_repeats *repeats)
{
        size_t count = repeats->buckets.count >> PIECE_BITS;
        size_t size = TG_REPEATS_PIECE * sizeof(uint32_t);

        repeats->buckets.pieces = grow_list(repeats, repeats->buckets.pieces, count);
        repeats->buckets.pieces[count] = take_memory(repeats, size);
        memset(repeats->buckets.pieces[count], 0xff, size);
}

/*
 * Inlined by force: for gcc a function that only fetches ahead has no effect, and calls to it go.
 */
static inline __attribute__((always_inline)) void prefetch_nodes(const struct tg_repeats *repeats,
                                                                 uint32_t name)
{
        if (name != NONE)
                __builtin_prefetch(node_of(repeats, name));
}

/* One bucket more: the next low one gives up the nodes whose keys have one more bit. */
static void split(struct tg_repeats *repeats)
{
        struct buckets *buckets = &repeats->buckets;
        uint32_t number, name, *from;

        if (buckets->count % TG_REPEATS_PIECE == 0)
                add_buckets(repeats);
        number = buckets->count - buckets->low;
        if (number + AHEAD < buckets->low)
                prefetch_nodes(repeats, *bucket_at(repeats, number + AHEAD));
        from = bucket_at(repeats, number);
        name = *from;
        *from = NONE;
        buckets->count++;
        while (name != NONE) {
                struct node *node = node_of(repeats, name);
                uint32_t next = node->next, *to = bucket_of(repeats, node->key);

                node->next = *to;
                *to = name;
                name = next;
        }
        if (buckets->count == 2 * buckets->low)
                buckets->low = buckets->count;
}

static void link_node(struct tg_repeats *repeats, uint32_t name)
{
        struct node *node = node_of(repeats, name);
        uint32_t *bucket;

        if (repeats->count++ == repeats->buckets.count)
                split(repeats);
        bucket = bucket_of(repeats, node->key);
        node->next = *bucket;
        *bucket = name;
}

static void unlink_node(struct tg_repeats *repeats, uint32_t name)
{
        struct node *node = node_of(repeats, name);
        uint32_t *link = bucket_of(repeats, node->key);

        while (*link != name)
                link = &node_of(repeats, *link)->next;
        *link = node->next;
        repeats->count--;
}

struct tg_repeats *tg_repeats_new(int64_t for_ms, size_t limit)
{
        struct tg_repeats *repeats = tg_allocate_zeroed(1, sizeof *repeats);

        assert(for_ms > 0 && for_ms <= TG_DEDUPE_FOR_MAX_MS && limit > 0 && limit < WAITS / 2);
        repeats->for_ms = for_ms;
        repeats->limit = limit;
        repeats->bytes = sizeof *repeats;
        repeats->waiting.free = NONE;
        add_buckets(repeats);
        repeats->buckets.count = repeats->buckets.low = TG_REPEATS_PIECE;
        return repeats;
}

void tg_repeats_limit(struct tg_repeats *repeats, int64_t for_ms, size_t limit)
{
        assert(for_ms > 0 && for_ms <= repeats->for_ms && limit > 0 && limit < WAITS / 2);
        repeats->for_ms = for_ms;
        repeats->limit = limit;
}

void tg_repeats_free(struct tg_repeats *repeats)
{
        if (!repeats)
                return;
        for (uint64_t i = repeats->ended.begin; i < repeats->ended.end; i++)
                free(piece_at(&repeats->ended, i));
        for (uint32_t i = 0; i << PIECE_BITS < repeats->waiting.count; i++)
                free(repeats->waiting.pieces[i]);
        for (uint32_t i = 0; i << PIECE_BITS < repeats->buckets.count; i++)
                free(repeats->buckets.pieces[i]);
        free(repeats->ended.pieces);
        free(repeats->waiting.pieces);
        free(repeats->buckets.pieces);
        tg_waits_clear(&repeats->changes);
        free(repeats);
}

uint64_t tg_repeats_key(struct tg_identity customer, struct tg_span id)
{
        return tg_identity_pair(customer, IDENTITY, id).low;
}

/*
 * The first node of the key before the one told of last has come by now, and the bucket of that
 * one: what they name is fetched, too.
 */
static inline __attribute__((always_inline)) void prefetch_coming(struct tg_repeats *repeats)
{
        if (repeats->node_comes.pending) {
                uint32_t name = *bucket_of(repeats, repeats->node_comes.key);

                if (name != NONE)
                        prefetch_nodes(repeats, node_of(repeats, name)->next);
        }
        if (repeats->bucket_comes.pending)
                prefetch_nodes(repeats, *bucket_of(repeats, repeats->bucket_comes.key));
        repeats->node_comes = repeats->bucket_comes;
        repeats->bucket_comes.pending = false;
}

void tg_repeats_prefetch(struct tg_repeats *repeats, uint64_t key)
{
        prefetch_coming(repeats);
        __builtin_prefetch(bucket_of(repeats, key), 1);
        repeats->bucket_comes = (struct coming){key, true};
}

/* Differences in uint64_t: a clock that leaps from one end of time to the other is no overflow. */
static bool is_over(const struct tg_repeats *repeats, int64_t time_ms, int64_t now_ms)
{
        assert(now_ms >= time_ms);
        return (uint64_t)now_ms - (uint64_t)time_ms >= (uint64_t)repeats->for_ms;
}

static struct tg_remembered remembered_of(const struct tg_repeats *repeats, uint32_t name)
{
        const struct node *node = node_of(repeats, name);

        if (name & WAITS)
                return (struct tg_remembered){
                        .outcome = TG_DEFER,
                        .waiter = node->waiter,
                        .time_ms = TG_NO_TIME,
                        .content = node->content,
                };
        return (struct tg_remembered){
                .outcome = node->outcome,
                .time_ms = piece_at(&repeats->ended, name >> PIECE_BITS)->base_ms + node->after_ms,
                .tag = node->tag,
                .content = node->content,
        };
}

bool tg_repeats_find(struct tg_repeats *repeats, uint64_t key, int64_t now_ms,
                     struct tg_remembered *ret_remembered)
{
        uint32_t name = *bucket_of(repeats, key);

        prefetch_coming(repeats);
        for (; name != NONE; name = node_of(repeats, name)->next) {
                struct tg_remembered remembered;

                if (node_of(repeats, name)->key != key)
                        continue;
                remembered = remembered_of(repeats, name);
                if (!remembered.waiter && is_over(repeats, remembered.time_ms, now_ms))
                        continue;
                *ret_remembered = remembered;
                return true;
        }
        return false;
}

/* What the next sweeps will look at: further ahead the nodes, then their buckets, then what those
 * name. */
static inline __attribute__((always_inline)) void prefetch_oldest(const struct tg_repeats *repeats,
                                                                  const struct piece *piece)
{
        const struct node *oldest = &piece->nodes[repeats->ended.index];
        uint32_t left = piece->used - repeats->ended.index;

        if (left > 2 * AHEAD)
                __builtin_prefetch(oldest + 2 * AHEAD);
        if (left > AHEAD)
                __builtin_prefetch(bucket_of(repeats, oldest[AHEAD].key), 1);
        if (left > AHEAD / 2)
                prefetch_nodes(repeats, *bucket_of(repeats, oldest[AHEAD / 2].key));
}

/* Forgets up to SWEEP of the oldest whose time is over. */
static void sweep(struct tg_repeats *repeats, int64_t now_ms)
{
        struct queue *queue = &repeats->ended;

        for (int i = 0; i < SWEEP && queue->first < queue->end; i++) {
                const struct piece *piece = piece_at(queue, queue->first);

                if (queue->index == piece->used) {
                        if (queue->first + 1 == queue->end)
                                return;
                        queue->first++;
                        queue->index = 0;
                        piece = piece_at(queue, queue->first);
                }
                if (!is_over(repeats, piece->base_ms + piece->nodes[queue->index].after_ms, now_ms))
                        return;
                unlink_node(repeats, name_of(queue->first, queue->index));
                queue->index++;
                prefetch_oldest(repeats, piece);
        }
}

/* Exact all the same: while one that is over is left, one is swept, and there is room. */
bool tg_repeats_full(struct tg_repeats *repeats, int64_t now_ms)
{
        sweep(repeats, now_ms);
        return repeats->count >= repeats->limit;
}

static void grow_ring(struct tg_repeats *repeats)
{
        struct queue *queue = &repeats->ended;
        uint64_t capacity = queue->capacity ? 2 * queue->capacity : 2;
        struct piece **pieces = tg_allocate(capacity * sizeof pieces[0]);

        assert(capacity <= PIECE_NUMBERS);
        for (uint64_t i = queue->begin; i < queue->end; i++)
                pieces[i & (capacity - 1)] = piece_at(queue, i);
        free(queue->pieces);
        repeats->bytes += (capacity - queue->capacity) * sizeof pieces[0];
        queue->pieces = pieces;
        queue->capacity = capacity;
}

/* The piece that takes a node of TIME_MS. */
static struct piece *last_piece(struct tg_repeats *repeats, int64_t time_ms)
{
        struct queue *queue = &repeats->ended;
        struct piece *piece;

        if (queue->begin < queue->end) {
                piece = piece_at(queue, queue->end - 1);
                if (piece->used < TG_REPEATS_PIECE &&
                    (uint64_t)time_ms - (uint64_t)piece->base_ms <= UINT32_MAX)
                        return piece;
        }
        if (queue->end - queue->begin == queue->capacity)
                grow_ring(repeats);
        piece = take_memory(repeats, sizeof *piece);
        piece->base_ms = time_ms;
        piece->used = 0;
        queue->pieces[queue->end++ & (queue->capacity - 1)] = piece;
        return piece;
}

void tg_repeats_add(struct tg_repeats *repeats, uint64_t key, const struct tg_remembered *answer)
{
        struct piece *piece;

        assert(answer->outcome != TG_DEFER);
        sweep(repeats, answer->time_ms);
        piece = last_piece(repeats, answer->time_ms);
        piece->nodes[piece->used++] = (struct node){
                .key = key,
                .content = answer->content,
                .after_ms = (uint32_t)(answer->time_ms - piece->base_ms),
                .tag = (uint16_t)answer->tag,
                .outcome = (uint8_t)answer->outcome,
        };
        link_node(repeats, name_of(repeats->ended.end - 1, piece->used - 1));
}

static void add_free(struct tg_repeats *repeats)
{
        struct waiting *waiting = &repeats->waiting;
        uint32_t number = waiting->count >> PIECE_BITS;
        struct node *nodes;

        waiting->pieces = grow_list(repeats, waiting->pieces, number);
        nodes = waiting->pieces[number] = take_memory(repeats, TG_REPEATS_PIECE * sizeof *nodes);
        for (uint32_t i = 0; i < TG_REPEATS_PIECE; i++) {
                nodes[i].next = waiting->free;
                waiting->free = WAITS | (waiting->count + i);
        }
        waiting->count += TG_REPEATS_PIECE;
}

static void add_waiting(struct tg_repeats *repeats, const struct tg_waits_change *change)
{
        struct waiting *waiting = &repeats->waiting;
        uint32_t name;

        if (waiting->free == NONE)
                add_free(repeats);
        name = waiting->free;
        waiting->free = node_of(repeats, name)->next;
        *node_of(repeats, name) = (struct node){
                .key = change->key,
                .content = change->content,
                .waiter = change->waiter,
        };
        link_node(repeats, name);
}

static uint32_t find_waiting(const struct tg_repeats *repeats, uint64_t key)
{
        uint32_t name = *bucket_of(repeats, key);

        for (;; name = node_of(repeats, name)->next) {
                assert(name != NONE);
                if (name & WAITS && node_of(repeats, name)->key == key)
                        return name;
        }
}

static struct tg_waits_change remove_waiting(struct tg_repeats *repeats, uint64_t key)
{
        uint32_t name = find_waiting(repeats, key);
        struct node *node = node_of(repeats, name);
        struct tg_waits_change over = {key, node->waiter, node->content, .began = false};

        unlink_node(repeats, name);
        node->next = repeats->waiting.free;
        repeats->waiting.free = name;
        return over;
}

void tg_repeats_wait(struct tg_repeats *repeats, uint64_t key, uint32_t content,
                     const struct tg_waiter *waiter)
{
        struct tg_waits_change change = {key, waiter, content, .began = true};

        add_waiting(repeats, &change);
        tg_waits_note(&repeats->changes, &change);
}

void tg_repeats_end_wait(struct tg_repeats *repeats, uint64_t key,
                         const struct tg_remembered *answer)
{
        struct tg_waits_change change = remove_waiting(repeats, key);
        struct tg_remembered with_content = *answer;

        tg_waits_note(&repeats->changes, &change);
        with_content.content = change.content;
        tg_repeats_add(repeats, key, &with_content);
}

static void set_mark(struct tg_repeats *repeats)
{
        const struct queue *queue = &repeats->ended;

        tg_waits_clear(&repeats->changes);
        repeats->mark.first = queue->first;
        repeats->mark.index = queue->index;
        repeats->mark.end = queue->end;
        repeats->mark.used = queue->end > queue->begin ? piece_at(queue, queue->end - 1)->used : 0;
}

void tg_repeats_commit(struct tg_repeats *repeats)
{
        struct queue *queue = &repeats->ended;

        for (; queue->begin < queue->first; queue->begin++) {
                free(piece_at(queue, queue->begin));
                repeats->bytes -= sizeof(struct piece);
        }
        set_mark(repeats);
}

/* Takes back the ended that were added, and lets those that were swept be there again. */
static void undo_ended(struct tg_repeats *repeats)
{
        struct queue *queue = &repeats->ended;

        for (uint64_t i = queue->end; i > repeats->mark.first; i--) {
                struct piece *piece = piece_at(queue, i - 1);
                uint32_t stays = i > repeats->mark.end    ? 0
                                 : i == repeats->mark.end ? repeats->mark.used
                                                          : piece->used;
                uint32_t swept = i - 1 < queue->first    ? piece->used
                                 : i - 1 == queue->first ? queue->index
                                                         : 0;
                uint32_t forgotten = i - 1 == repeats->mark.first ? repeats->mark.index : 0;

                for (uint32_t j = stays > swept ? stays : swept; j < piece->used; j++)
                        unlink_node(repeats, name_of(i - 1, j));
                for (uint32_t j = forgotten; j < stays && j < swept; j++)
                        link_node(repeats, name_of(i - 1, j));
                piece->used = stays;
        }
        for (; queue->end > repeats->mark.end; queue->end--) {
                free(piece_at(queue, queue->end - 1));
                repeats->bytes -= sizeof(struct piece);
        }
        queue->first = repeats->mark.first;
        queue->index = repeats->mark.index;
}

void tg_repeats_undo(struct tg_repeats *repeats)
{
        struct tg_waits_change change;

        undo_ended(repeats);
        while (tg_waits_take(&repeats->changes, &change)) {
                if (change.began)
                        remove_waiting(repeats, change.key);
                else
                        add_waiting(repeats, &change);
        }
}

size_t tg_repeats_count(const struct tg_repeats *repeats)
{
        return repeats->count;
}

size_t tg_repeats_bytes(const struct tg_repeats *repeats)
{
        return repeats->bytes + repeats->changes.bytes;
}
