/* SPDX-License-Identifier: Apache-2.0 */
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "avro/container.h"
#include "avro/plan.h"
#include "base/hash.h"
#include "base/memory.h"
#include "records/schemas.h"
#include "records/stream.h"

enum { SLOTS = 6, BATCH = 64, FIRST_LINES = 1 << 16, PROBES_MAX = TG_SCOPES + 1 };
enum { CONSENT_BIT = TG_SCOPES }; /* behind the scopes' own */

struct line {
        uint64_t low; /* 0: free */
        uint64_t high;
        _Atomic uint64_t slots[SLOTS];
};
_Static_assert(sizeof(struct line) == 64, "as a cell of the customer table");

/* What a record needs, by number. */
struct need {
        uint8_t cells;   /* bit = enum tg_scope; CONSENT_BIT: one of consents */
        uint8_t touches; /* counters that count it */
};

struct stream {
        struct tg_span file; /* mapped */
        struct tg_plan *plan;
        struct need *needs; /* owned */
        size_t count;
};

struct skeleton {
        const struct tg_policy *policy;
        struct tg_hash_key key;
        struct stream streams[TG_STREAMS];
        struct line *lines; /* owned */
        size_t line_count;  /* a power of two */
        size_t cells;
};

/* The cells of one record of a batch. */
struct probes {
        struct tg_identity cells[PROBES_MAX];
        uint64_t word; /* what its touches leave */
        uint8_t count;
        uint8_t touches;
};

union record {
        struct tg_touchpoint touchpoint;
        struct tg_request request;
};

static struct line *find_line(const struct skeleton *skeleton, struct tg_identity identity)
{
        size_t index = identity.low & (skeleton->line_count - 1);

        while (skeleton->lines[index].low != 0 && (skeleton->lines[index].low != identity.low ||
                                                   skeleton->lines[index].high != identity.high))
                index = (index + 1) & (skeleton->line_count - 1);
        return &skeleton->lines[index];
}

static struct line *obtain_line(struct skeleton *skeleton, struct tg_identity identity)
{
        struct line *line = find_line(skeleton, identity);

        if (line->low == 0) {
                line->low = identity.low;
                line->high = identity.high;
                skeleton->cells++;
        }
        return line;
}

static struct tg_traits traits_of(enum tg_stream stream, const union record *record)
{
        return stream == TG_STREAM_REQUESTS ? tg_traits_of_request(&record->request)
                                            : tg_traits_of_touchpoint(&record->touchpoint);
}

/* Every kind of cell that the policy has and the request belongs to. */
static struct need need_of_request(const struct tg_policy *policy, const struct tg_traits *traits)
{
        struct need need = {0};

        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                if (policy->counters.layouts[scope].count > 0 &&
                    tg_traits_have(traits, (enum tg_scope)scope))
                        need.cells |= (uint8_t)(1 << scope);
        }
        return need;
}

/* Every kind of cell with a counter that counts the touchpoint. */
static struct need need_of_touchpoint(const struct tg_policy *policy,
                                      const struct tg_touchpoint *touchpoint,
                                      const struct tg_traits *traits)
{
        const struct tg_counter_list *list = &policy->counters.by_type[touchpoint->type];
        struct need need = {0};

        if (touchpoint->bot)
                return need;
        for (size_t i = 0; i < list->count; i++) {
                const struct tg_counter *counter = &policy->counters.items[list->items[i]];

                if (!tg_traits_have(traits, counter->counting.scope) ||
                    !tg_counter_accepts(counter, traits))
                        continue;
                need.cells |= (uint8_t)(1 << counter->counting.scope);
                need.touches++;
        }
        if (touchpoint->consent.present)
                need.cells |= 1 << CONSENT_BIT;
        return need;
}

static struct need need_of(const struct tg_policy *policy, enum tg_stream stream,
                           const union record *record)
{
        struct tg_traits traits = traits_of(stream, record);

        return stream == TG_STREAM_REQUESTS
                       ? need_of_request(policy, &traits)
                       : need_of_touchpoint(policy, &record->touchpoint, &traits);
}

/* Hashes, and starts to fetch. */
static void aim(const struct skeleton *skeleton, enum tg_stream stream, const union record *record,
                struct need need, struct probes *probes)
{
        struct tg_traits traits = traits_of(stream, record);
        struct tg_span customer = stream == TG_STREAM_REQUESTS ? record->request.customer
                                                               : record->touchpoint.customer;
        struct tg_identity who = tg_identity_of(&skeleton->key, customer);

        *probes = (struct probes){.touches = need.touches};
        if (need.touches > 0)
                probes->word = tg_hash64(record->touchpoint.id) ^
                               (uint64_t)record->touchpoint.time_ms << 18;
        for (unsigned bit = 0; bit <= CONSENT_BIT; bit++) {
                struct tg_identity cell = who;

                if (!(need.cells >> bit & 1))
                        continue;
                if (bit == CONSENT_BIT)
                        cell = tg_identity_pair(who, (uint8_t)bit,
                                                record->touchpoint.consent.purpose);
                else if (bit != TG_SCOPE_CUSTOMER)
                        cell = tg_identity_pair(who, (uint8_t)bit,
                                                tg_traits_value(&traits, (enum tg_scope)bit));
                cell.low += cell.low == 0;
                __builtin_prefetch(&skeleton->lines[cell.low & (skeleton->line_count - 1)], 1, 3);
                probes->cells[probes->count++] = cell;
        }
}

/* Finds the cells and leaves the touches. */
static void touch(struct skeleton *skeleton, enum tg_stream stream, const struct probes *probes,
                  struct skeleton_tally *tally)
{
        struct line *line = NULL;

        tally->records++;
        tally->probes += probes->count;
        tally->touches += probes->touches;
        for (unsigned i = 0; i < probes->count; i++)
                line = stream == TG_STREAM_REQUESTS ? find_line(skeleton, probes->cells[i])
                                                    : obtain_line(skeleton, probes->cells[i]);
        for (unsigned i = 0; i < probes->touches; i++) {
                _Atomic uint64_t *slot = &line->slots[(probes->word + i) % SLOTS];
                uint64_t before = atomic_load_explicit(slot, memory_order_relaxed);

                atomic_compare_exchange_strong_explicit(slot, &before, probes->word + i,
                                                        memory_order_relaxed, memory_order_relaxed);
        }
}

/* The records of a stream, one after the other. */
struct walk {
        struct tg_container container;
        struct tg_container_block block;
        struct tg_span rest;
        uint64_t left;
};

static void walk_begin(struct walk *walk, const struct stream *stream)
{
        struct tg_error error;

        *walk = (struct walk){0};
        if (tg_container_init(&walk->container, stream->file, &error) < 0)
                abort();
}

static bool walk_next(struct walk *walk, const struct stream *stream, union record *ret_record)
{
        struct tg_error error;
        size_t size;

        while (walk->left == 0) {
                if (tg_container_next(&walk->container, &walk->block, &error) != 0) {
                        tg_container_deinit(&walk->container);
                        return false;
                }
                walk->rest = walk->block.data;
                walk->left = walk->block.count;
        }
        if (tg_plan_decode(stream->plan, walk->rest, ret_record, &size) < 0)
                abort();
        walk->rest = tg_span_of(walk->rest.data + size, walk->rest.size - size);
        walk->left--;
        return true;
}

static void run_stream(struct skeleton *skeleton, enum tg_stream number,
                       struct skeleton_tally *tally)
{
        const struct stream *stream = &skeleton->streams[number];
        struct probes batch[BATCH];
        union record record;
        struct walk walk;
        size_t at = 0, count;

        walk_begin(&walk, stream);
        do {
                for (count = 0; count < BATCH && walk_next(&walk, stream, &record); count++)
                        aim(skeleton, number, &record, stream->needs[at++], &batch[count]);
                for (size_t i = 0; i < count; i++)
                        touch(skeleton, number, &batch[i], tally);
        } while (count == BATCH && skeleton->cells < skeleton->line_count / 4 * 3);
        if (count == BATCH)
                tg_container_deinit(&walk.container);
}

struct skeleton_tally skeleton_run(struct skeleton *skeleton)
{
        struct skeleton_tally tally = {0};

        for (int stream = 0; stream < TG_STREAMS; stream++)
                run_stream(skeleton, (enum tg_stream)stream, &tally);
        tally.cells = skeleton->cells;
        tally.table_bytes = skeleton->line_count * sizeof(struct line);
        return tally;
}

uint64_t skeleton_decode(const struct skeleton *skeleton)
{
        uint64_t records = 0;
        union record record;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct walk walk;

                walk_begin(&walk, &skeleton->streams[stream]);
                while (walk_next(&walk, &skeleton->streams[stream], &record))
                        records++;
        }
        return records;
}

void skeleton_reset(struct skeleton *skeleton)
{
        skeleton->cells = 0;
        memset(skeleton->lines, 0, skeleton->line_count * sizeof(struct line));
}

static void make_table(struct skeleton *skeleton, size_t line_count)
{
        size_t bytes = line_count * sizeof(struct line);

        free(skeleton->lines);
        skeleton->line_count = line_count;
        if (posix_memalign((void **)&skeleton->lines, 1 << 21, bytes) != 0)
                abort();
        madvise(skeleton->lines, bytes, MADV_HUGEPAGE);
        skeleton_reset(skeleton);
}

static int map_stream(struct stream *stream, const char *directory, const char *name,
                      struct tg_error *error)
{
        tg_cleanup(tg_free_pointer) char *path = NULL;
        struct stat status;
        void *memory;
        int file;

        if (asprintf(&path, "%s/%s.avro", directory, name) < 0)
                abort();
        file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0 || fstat(file, &status) < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s: cannot be opened", path);
        memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        close(file);
        if (memory == MAP_FAILED)
                return tg_fail_errno(error, EX_OSERR, errno, "%s: cannot be mapped", path);
        stream->file = tg_span_of(memory, (size_t)status.st_size);
        return 0;
}

static int compile_plan(struct stream *stream, enum tg_shipped shipped,
                        const struct tg_layout *layout, struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;

        if (tg_schema_parse(tg_shipped_text(shipped), &schema, error) < 0)
                return -1;
        return tg_plan_compile(schema, schema, layout, &stream->plan, error);
}

static void work_out_needs(struct skeleton *skeleton, enum tg_stream number)
{
        struct stream *stream = &skeleton->streams[number];
        size_t capacity = 0;
        union record record;
        struct walk walk;

        walk_begin(&walk, stream);
        while (walk_next(&walk, stream, &record)) {
                if (stream->count == capacity) {
                        capacity = capacity ? 2 * capacity : 1024;
                        stream->needs =
                                tg_reallocate(stream->needs, capacity * sizeof(struct need));
                }
                stream->needs[stream->count++] = need_of(skeleton->policy, number, &record);
        }
}

int skeleton_new(const char *directory, const struct tg_policy *policy,
                 struct skeleton **ret_skeleton, struct tg_error *error)
{
        struct skeleton *skeleton = tg_allocate_zeroed(1, sizeof *skeleton);
        struct stream *touchpoints = &skeleton->streams[TG_STREAM_TOUCHPOINTS];
        struct stream *requests = &skeleton->streams[TG_STREAM_REQUESTS];
        size_t lines = FIRST_LINES;

        skeleton->policy = policy;
        if (map_stream(touchpoints, directory, "touchpoints", error) < 0 ||
            map_stream(requests, directory, "requests", error) < 0 ||
            compile_plan(touchpoints, TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout, error) < 0 ||
            compile_plan(requests, TG_SCHEMA_REQUEST, &tg_request_layout, error) < 0) {
                skeleton_free(skeleton);
                return -1;
        }
        for (int stream = 0; stream < TG_STREAMS; stream++)
                work_out_needs(skeleton, (enum tg_stream)stream);
        /* As large as it must be: a pass stops when three quarters of the lines are taken. */
        do {
                make_table(skeleton, lines);
                lines *= 2;
        } while (skeleton_run(skeleton).records < touchpoints->count + requests->count);
        skeleton_reset(skeleton);
        *ret_skeleton = skeleton;
        return 0;
}

void skeleton_free(struct skeleton *skeleton)
{
        for (int i = 0; i < TG_STREAMS; i++) {
                struct stream *stream = &skeleton->streams[i];

                if (stream->file.data)
                        munmap((void *)(uintptr_t)stream->file.data, stream->file.size);
                tg_plan_free(stream->plan);
                free(stream->needs);
        }
        free(skeleton->lines);
        free(skeleton);
}
