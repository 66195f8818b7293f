/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What recording a touch costs in tables of 1 M to 40 M cells, beside the floor: the same keyed
 * hash, one probe and one compare-and-swap in a flat array of as many cache lines, in one run.
 *
 *     bench-table [millions of cells ...]        (default: 1 4 10 40)
 *
 * Says how both grow with the number of customers, and what memory 100 M would take.
 *
 * For each size the table grows from empty to that many customers, in order of arrival; then
 * touches of random customers are recorded, one after the other and in prefetched groups, in rounds
 * that alternate with the floor's. Prints the median of the rounds, in CPU time of the thread: the
 * ratio is the result, the times are this machine's. Batches of 1,000 new customers are timed, too,
 * while the table grows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "customer/touches.h"
#include "measure.h"

#define NOW_MS INT64_C(1500000000000)

enum { GROUP = 32, ROUNDS = 9, BATCH = 1000, TOUCHES_KEPT = 3, ID_SIZE = 16 };
static const size_t operations = 1 << 20; /* a round */
static const uint64_t seed = 42;

static const struct tg_hash_key hash_key = {{1, 2, 3}};
static const struct tg_cell_layout layout = {
        .counters = {{30 * TG_DAY_MS, TOUCHES_KEPT, false}},
        .count = 1,
};

struct floor {
        _Atomic uint64_t (*lines)[8];
        size_t count;
        size_t bytes;
};

/* Of the smallest size measured, which others are compared with. */
struct reference {
        uint64_t customers; /* 0: none yet */
        double grouped_ns, single_ns;
};

struct bench {
        struct tg_table *table;
        struct floor floor;
        uint64_t customers;
        uint64_t random;
};

static double seconds(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct tg_identity identity_of(uint64_t customer)
{
        char id[ID_SIZE];

        memset(id, 'c', sizeof id);
        memcpy(id, &customer, sizeof customer);
        return tg_identity_of(&hash_key, (struct tg_span){(const uint8_t *)id, sizeof id});
}

static void record(const struct bench *bench, struct tg_identity who, uint64_t random)
{
        struct tg_cell_view view = {
                .table = bench->table,
                .layout = &layout,
                .cell = tg_table_obtain(bench->table, who, 0),
                .now_ms = NOW_MS,
                .horizon_ms = NOW_MS + TG_HOUR_MS,
                .erased_ms = TG_NO_TIME,
        };

        if (!view.cell ||
            !tg_touches_record(&view, 0, NOW_MS - (int64_t)(random >> 40), (uint32_t)random)) {
                fprintf(stderr, "the table is full\n");
                exit(1);
        }
}

static _Atomic uint64_t *floor_line(const struct bench *bench, struct tg_identity who)
{
        return bench->floor.lines[(unsigned __int128)who.low * bench->floor.count >> 64];
}

static void floor_record(const struct bench *bench, struct tg_identity who, uint64_t random)
{
        _Atomic uint64_t *line = floor_line(bench, who);
        uint64_t held = atomic_load_explicit(&line[2], memory_order_relaxed);

        atomic_compare_exchange_strong_explicit(&line[2], &held, random, memory_order_relaxed,
                                                memory_order_relaxed);
}

/* Nanoseconds an operation; GROUP_SIZE 1: without prefetching. */
static double run(struct bench *bench, bool is_floor, size_t group_size)
{
        struct tg_identity who[GROUP];
        struct tg_search searches[GROUP];
        uint64_t randoms[GROUP];
        double start = seconds(CLOCK_THREAD_CPUTIME_ID);

        for (size_t done = 0; done < operations; done += group_size) {
                for (size_t i = 0; i < group_size; i++) {
                        randoms[i] = measure_random(&bench->random);
                        who[i] = identity_of(randoms[i] % bench->customers);
                        if (group_size > 1 && is_floor)
                                __builtin_prefetch((void *)floor_line(bench, who[i]), 1, 3);
                        else if (group_size > 1)
                                searches[i] = tg_table_search(bench->table, who[i]);
                }
                if (group_size > 1 && !is_floor)
                        tg_table_prefetch(bench->table, searches, group_size);
                for (size_t i = 0; i < group_size; i++) {
                        if (is_floor) {
                                floor_record(bench, who[i], randoms[i]);
                                continue;
                        }
                        tg_table_maintain(bench->table, NOW_MS);
                        record(bench, who[i], randoms[i]);
                }
        }
        return (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9 / (double)operations;
}

/* Adds every customer; prints what growing cost. */
static void grow(struct bench *bench)
{
        size_t batches = (bench->customers + BATCH - 1) / BATCH;
        double *costs = tg_allocate(batches * sizeof *costs), total = 0;

        for (size_t batch = 0; batch < batches; batch++) {
                double start;

                tg_table_prefault(bench->table); /* as another thread would */
                start = seconds(CLOCK_THREAD_CPUTIME_ID);
                for (uint64_t i = batch * BATCH; i < (batch + 1) * BATCH; i++) {
                        tg_table_maintain(bench->table, NOW_MS);
                        if (i < bench->customers)
                                record(bench, identity_of(i), i << 40);
                }
                costs[batch] = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
                total += costs[batch];
        }
        measure_median(costs, batches); /* sorts them */
        printf("  grown: %.0f ns a customer; a batch of %d: %.2f ms at p99.9, %.2f at most\n",
               total * 1e9 / (double)bench->customers, BATCH,
               costs[batches - 1 - batches / 1000] * 1e3, costs[batches - 1] * 1e3);
        free(costs);
}

static void floor_init(struct floor *floor, uint64_t customers)
{
        floor->count = customers;
        floor->bytes = floor->count * sizeof floor->lines[0];
        floor->lines = mmap(NULL, floor->bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (floor->lines == MAP_FAILED) {
                fprintf(stderr, "no memory for the floor\n");
                exit(1);
        }
        madvise((void *)floor->lines, floor->bytes, MADV_HUGEPAGE);
        madvise((void *)floor->lines, floor->bytes, MADV_POPULATE_WRITE);
}

static void compare(struct reference *reference, uint64_t customers, double single_ns,
                    double grouped_ns)
{
        if (reference->customers == 0)
                *reference = (struct reference){customers, grouped_ns, single_ns};
        else
                printf("  beside %ju million   one by one %.2f, groups of 32 %.2f of the time\n",
                       (uintmax_t)(reference->customers / 1000000),
                       single_ns / reference->single_ns, grouped_ns / reference->grouped_ns);
}

static void measure(uint64_t customers, struct reference *reference)
{
        struct bench bench = {.customers = customers, .random = seed};
        const struct tg_table_care care = {&layout, 1, 30 * TG_DAY_MS, TG_HOUR_MS};
        double table[2][ROUNDS], floor[2][ROUNDS];
        struct tg_error error;
        double bytes;

        printf("%ju million customers\n", (uintmax_t)(customers / 1000000));
        if (tg_table_new(customers * 192 + (1 << 20), &hash_key, &bench.table, &error) < 0) {
                fprintf(stderr, "%s\n", error.message);
                exit(1);
        }
        tg_table_care(bench.table, &care);
        grow(&bench);
        floor_init(&bench.floor, customers);
        for (int round = 0; round < ROUNDS; round++) {
                for (int grouped = 0; grouped < 2; grouped++) {
                        size_t group_size = grouped ? GROUP : 1;

                        floor[grouped][round] = run(&bench, true, group_size);
                        table[grouped][round] = run(&bench, false, group_size);
                }
        }
        for (int grouped = 0; grouped < 2; grouped++) {
                double ours = measure_median(table[grouped], ROUNDS),
                       least = measure_median(floor[grouped], ROUNDS);

                printf("  %-18s table %6.1f ns, floor %6.1f ns: %.2f of it\n",
                       grouped ? "groups of 32" : "one by one", ours, least, ours / least);
        }
        compare(reference, customers, measure_median(table[0], ROUNDS),
                measure_median(table[1], ROUNDS));
        bytes = (double)tg_table_memory_bytes(bench.table) / (double)customers;
        printf("  %.0f bytes a customer: 100 million in %.1f GiB\n\n", bytes,
               bytes * 1e8 / (1 << 30));
        munmap((void *)bench.floor.lines, bench.floor.bytes);
        tg_table_free(bench.table);
}

int main(int count, char **arguments)
{
        static const uint64_t defaults[] = {1, 4, 10, 40};

        struct reference reference = {0};

        setvbuf(stdout, NULL, _IOLBF, 0);
        measure_print_machine();
        printf("data     ids of %d bytes, touches of uniformly random customers, the %d latest "
               "kept; seed %ju\n\n",
               ID_SIZE, TOUCHES_KEPT, (uintmax_t)seed);
        for (int i = 1; i < count; i++)
                measure(strtoull(arguments[i], NULL, 10) * 1000000, &reference);
        for (size_t i = 0; count < 2 && i < sizeof defaults / sizeof defaults[0]; i++)
                measure(defaults[i] * 1000000, &reference);
        return 0;
}
