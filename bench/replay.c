/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a whole replay costs beside the least that any engine must do (skeleton.h), in one run: for
 * touchpoints alone, and with one request per five touchpoints.
 *
 * Generates a recording, then alternates between decoding alone, the skeleton, the shard with its
 * outputs dropped, and the replay as the command does it, outputs included; one thread each. Prints
 * events per second of CPU time (user and system, of all threads), the median of the rounds, and
 * the ratios. Before each of the latter two the memory that they may take is touched and given back
 * (measure_warm_memory). These are replay figures: no broker, no exactly-once.
 */
#include <argp.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "generate/generate.h"
#include "measure.h"
#include "replay/replay.h"
#include "replay/source.h"
#include "skeleton.h"

enum { ROUNDS_MAX = 99, BATCH = 2048, PARTITIONS = 16, WAITING_MAX = 1 << 16 };

struct options {
        uint64_t events;
        uint32_t customers;
        uint64_t seed;
        int rounds;
        const char *policy;
        const char *scratch;
        size_t memory_mib; /* of all customer tables */
};

enum way { DECODE, SKELETON, SHARD, REPLAY, WAYS };

static const char *const way_names[WAYS] = {
        [DECODE] = "decode alone",
        [SKELETON] = "skeleton",
        [SHARD] = "shard, outputs dropped",
        [REPLAY] = "replay, outputs written",
};

/* One recording, ready to be run in each way. */
struct bench {
        const struct options *options;
        const struct tg_policy *policy;
        char *directory; /* owned: of the recording */
        char *output;    /* owned */
        struct tg_recording *recording;
        struct skeleton *skeleton;
        struct skeleton_tally least;
        struct tg_summary summary; /* of the last replay */
        double cpu_s[WAYS][ROUNDS_MAX];
};

static void fail(const struct tg_error *error)
{
        fprintf(stderr, "bench replay: %s\n", error->message);
        exit(error->exit_code);
}

static double cpu_now_s(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct tg_replay_options replay_options(const struct bench *bench)
{
        return (struct tg_replay_options){
                .shards = 1,
                .output = bench->output,
                .shard = {.clock = TG_CLOCK_EVENT,
                          .batch = BATCH,
                          .end_ms = TG_NEVER,
                          .partition = {.policy = bench->policy,
                                        .partitions = PARTITIONS,
                                        .table_bytes =
                                                (bench->options->memory_mib << 20) / PARTITIONS,
                                        .waiting = {.messages = WAITING_MAX,
                                                    .bytes = (size_t)WAITING_MAX * 4096},
                                        .skew_ms = 10 * TG_MINUTE_MS}},
        };
}

/* A sink that forgets. */
static int drop_datum(void *context, int32_t partition, const struct tg_decision *decision,
                      struct tg_span datum, struct tg_error *error)
{
        (void)context, (void)partition, (void)decision, (void)datum, (void)error;
        return 0;
}

static int drop_rejected(void *context, const struct tg_record *record, const char *reason,
                         const char *detail, struct tg_error *error)
{
        (void)context, (void)record, (void)reason, (void)detail, (void)error;
        return 0;
}

static int begin(void *context, struct tg_error *error)
{
        (void)context, (void)error;
        return 0;
}

static int commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                  struct tg_error *error)
{
        (void)context, (void)progress, (void)count, (void)now, (void)error;
        return 0;
}

static void run_shard(struct bench *bench)
{
        struct tg_replay_options options = replay_options(bench);
        struct tg_replay_source *source = tg_replay_source_new(bench->recording, 0, 1, PARTITIONS);
        struct tg_port port = {
                .source = tg_replay_source_port(source),
                .sink = {.begin = begin,
                         .decision = drop_datum,
                         .permitted = drop_datum,
                         .rejected = drop_rejected,
                         .commit = commit},
        };
        struct tg_summary summary;
        struct tg_error error;

        if (tg_shard_run(&options.shard, &port, &summary, &error) < 0)
                fail(&error);
        tg_summary_deinit(&summary);
        tg_replay_source_free(source);
}

static void run_replay(struct bench *bench)
{
        struct tg_replay_options options = replay_options(bench);
        struct tg_error error;

        tg_summary_deinit(&bench->summary);
        if (tg_replay(&options, bench->recording, &bench->summary, &error) < 0)
                fail(&error);
}

static void run_skeleton(struct bench *bench)
{
        bench->least = skeleton_run(bench->skeleton);
}

static void run_decode(struct bench *bench)
{
        if (skeleton_decode(bench->skeleton) != bench->options->events)
                abort();
}

static void time_round(struct bench *bench, int round)
{
        static void (*const runs[WAYS])(struct bench *) = {
                [DECODE] = run_decode,
                [SKELETON] = run_skeleton,
                [SHARD] = run_shard,
                [REPLAY] = run_replay,
        };

        skeleton_reset(bench->skeleton);
        for (int way = 0; way < WAYS; way++) {
                double start_s;

                if (way > SKELETON)
                        measure_warm_memory(bench->options->memory_mib << 20);
                start_s = cpu_now_s();
                runs[way](bench);
                bench->cpu_s[way][round] = cpu_now_s() - start_s;
        }
}

static void prepare(struct bench *bench, uint32_t touchpoints_per_request)
{
        struct tg_generate_options generate = {.traffic = tg_traffic_defaults, .pieces = 1};
        const char *directories[1];
        struct tg_generate_tally tally;
        struct tg_error error;

        if (asprintf(&bench->directory, "%s/recording-%u", bench->options->scratch,
                     touchpoints_per_request) < 0 ||
            asprintf(&bench->output, "%s/out", bench->directory) < 0)
                abort();
        generate.traffic.events = bench->options->events;
        generate.traffic.customers = bench->options->customers;
        generate.traffic.seed = bench->options->seed;
        generate.traffic.touchpoints_per_request = touchpoints_per_request;
        generate.directory = bench->directory;
        directories[0] = bench->directory;
        if (tg_generate(&generate, &tally, &error) < 0 ||
            tg_recording_open(directories, 1, &bench->recording, &error) < 0 ||
            skeleton_new(bench->directory, bench->policy, &bench->skeleton, &error) < 0)
                fail(&error);
        printf("\n%" PRIu64 " touchpoints, %" PRIu64 " requests, %u customers over %u days, seed "
               "%" PRIu64 ", %.0f MB, codec null\n",
               tally.records[TG_STREAM_TOUCHPOINTS], tally.records[TG_STREAM_REQUESTS],
               generate.traffic.customers, generate.traffic.days, generate.traffic.seed,
               (double)(tally.size_bytes[0] + tally.size_bytes[1]) / 1e6);
}

/* Sorts the times of one way and returns their median. */
static double median_s(struct bench *bench, enum way way)
{
        return measure_median(bench->cpu_s[way], (size_t)bench->options->rounds);
}

static void print_way(struct bench *bench, enum way way, double skeleton_s)
{
        double events = (double)bench->least.records, time_s = median_s(bench, way);

        printf("  %-24s %6.0f ns/event  %6.2f M events/s per core (%.2f to %.2f)", way_names[way],
               time_s * 1e9 / events, events / time_s / 1e6,
               events / bench->cpu_s[way][bench->options->rounds - 1] / 1e6,
               events / bench->cpu_s[way][0] / 1e6);
        if (way > SKELETON)
                printf("  %.2f of the skeleton", skeleton_s / time_s);
        putchar('\n');
}

static void print_result(struct bench *bench)
{
        const struct skeleton_tally *least = &bench->least;
        const struct tg_summary *summary = &bench->summary;
        double events = (double)least->records, skeleton_s = median_s(bench, SKELETON);

        printf("  skeleton: %.2f probes and %.2f touches a record, %zu cells in %zu MiB\n",
               (double)least->probes / events, (double)least->touches / events, least->cells,
               least->table_bytes >> 20);
        printf("  replay: permitted %" PRIu64 ", denied %" PRIu64 ", deferred at first %" PRIu64
               ", rejected %" PRIu64 "\n",
               summary->permitted, summary->denied, summary->deferred, summary->rejected);
        for (int way = 0; way < WAYS; way++)
                print_way(bench, (enum way)way, skeleton_s);
}

static void bench_deinit(struct bench *bench)
{
        tg_summary_deinit(&bench->summary);
        tg_recording_close(bench->recording);
        skeleton_free(bench->skeleton);
        free(bench->directory);
        free(bench->output);
}

static void run_bench(const struct options *options, const struct tg_policy *policy,
                      uint32_t touchpoints_per_request)
{
        struct bench *bench = tg_allocate_zeroed(1, sizeof *bench);

        bench->options = options;
        bench->policy = policy;
        prepare(bench, touchpoints_per_request);
        for (int round = 0; round < options->rounds; round++)
                time_round(bench, round);
        print_result(bench);
        bench_deinit(bench);
        free(bench);
}

static struct tg_policy *load_policy(const char *path)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy;
        int answer = tg_policy_load(path, PARTITIONS, &diagnostics, &policy);

        tg_diagnostics_print(&diagnostics, stderr, false);
        tg_diagnostics_deinit(&diagnostics);
        if (answer < 0)
                exit(EX_CONFIG);
        printf("policy   %s, hash %s, %zu rules, %zu throttles, %u partitions, 1 shard\n",
               policy->name.name, policy->name.hash, policy->rule_count, policy->throttle_count,
               PARTITIONS);
        return policy;
}

static int64_t read_number(struct argp_state *state, const char *text, int64_t max)
{
        char *end;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno || end == text || *end || value < 1 || value > max)
                argp_error(state, "\"%s\" is no whole number from 1 to %" PRId64, text, max);
        return value;
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct options *options = state->input;

        switch (key) {
        case 'e':
                options->events = (uint64_t)read_number(state, text, INT64_C(1000000000));
                return 0;
        case 'c':
                options->customers = (uint32_t)read_number(state, text, TG_TRAFFIC_NAMES_MAX);
                return 0;
        case 's':
                options->seed = (uint64_t)read_number(state, text, INT64_MAX);
                return 0;
        case 'r':
                options->rounds = (int)read_number(state, text, ROUNDS_MAX);
                return 0;
        case 'm':
                options->memory_mib = (size_t)read_number(state, text, 1 << 20);
                return 0;
        case 'p':
                options->policy = text;
                return 0;
        case 't':
                options->scratch = text;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
        (void)status, (void)kind, (void)place;
        return remove(path);
}

int main(int argc, char **argv)
{
        static const struct argp_option table[] = {
                {"events", 'e', "N", 0, "Events of each recording (10000000)", 0},
                {"customers", 'c', "N", 0, "Customers (1000000)", 0},
                {"seed", 's', "N", 0, "Of the recordings (1)", 0},
                {"rounds", 'r', "N", 0, "Rounds, of which the median counts (5)", 0},
                {"memory", 'm', "MIB", 0, "Bound of the customer tables (2048)", 0},
                {"policy", 'p', "FILE", 0, "The policy (bench/ten-rules.yaml)", 0},
                {"scratch", 't', "DIR", 0, "Where recordings and outputs are made (/tmp)", 0},
                {0},
        };
        static const struct argp argp = {.options = table, .parser = take};
        struct options options = {
                .events = 10000000,
                .customers = 1000000,
                .seed = 1,
                .rounds = 5,
                .policy = BENCH_FOLDER "/ten-rules.yaml",
                .scratch = "/tmp",
                .memory_mib = 2048,
        };
        tg_cleanup(tg_free_pointer) char *scratch = NULL;
        struct tg_policy *policy;

        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &options);
        if (asprintf(&scratch, "%s/touchgate-bench-XXXXXX", options.scratch) < 0 ||
            !mkdtemp(scratch)) {
                fprintf(stderr, "bench replay: %s: no folder can be made there\n", options.scratch);
                return EX_CANTCREAT;
        }
        options.scratch = scratch;
        measure_print_machine();
        policy = load_policy(options.policy);
        run_bench(&options, policy, 0);
        run_bench(&options, policy, 5);
        tg_policy_free(policy);
        nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        return 0;
}
