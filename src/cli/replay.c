/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay.h"

#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "replay/report.h"

static const char description[] =
        "Replay a recording through a policy with a virtual clock: as fast as the machine goes, "
        "and the same bytes every time, whatever the number of shards.\v"
        "A RECORDING is a directory with touchpoints*.avro and requests*.avro (Avro container "
        "files); several are read one behind the other. Into the output directory go\n"
        "\n"
        "  decisions.avro            every answer, with its reasons\n"
        "  permitted.<channel>.avro  the messages that may leave\n"
        "  rejected.avro             what could not be read, kept as it was\n"
        "  summary.json              counts by outcome, rule and channel; rate, CPU, memory\n"
        "\n"
        "Example:\n"
        "  touchgate replay --policy policy.yaml --output out recordings/may\n"
        "\n"
        "Exit status: 0, 64 for wrong usage, 65 for unreadable data, 66 for missing input, "
        "78 for a policy with mistakes.";

enum {
        OPTION_END = 256,
        OPTION_SKEW,
        OPTION_MEMORY,
        OPTION_WAITING,
        PARTITIONS_DEFAULT = 16,
        PARTITIONS_MAX = 4096,
        SHARDS_MAX = 256,
        BATCH = 16384,
};

static const struct argp_option option_table[] = {
        {"policy", 'p', "FILE", 0, "The policy (YAML)", 0},
        {"output", 'o', "DIR", 0, "Where to put the outputs; made if it isn't there", 0},
        {"partitions", 'P', "N", 0,
         "Partitions, as the request topic has them (16); throttles are divided by them", 0},
        {"shards", 's', "N", 0, "Threads (1); changes nothing but the time it takes", 0},
        {"end", OPTION_END, "TIME", 0,
         "Events later than this (UTC, 2026-05-31T23:59:59Z) are dead letters", 0},
        {"future-skew-max", OPTION_SKEW, "DURATION", 0,
         "How much later than the end an event may be (10m)", 0},
        {"memory", OPTION_MEMORY, "MIB", 0,
         "Bound of the customer tables, all partitions together (4096)", 0},
        {"pending-max", OPTION_WAITING, "N", 0,
         "Bound of the messages that wait, all partitions together (1000000)", 0},
        {"json", 'j', 0, 0, "Print the summary as JSON", 0},
        {0},
};

struct arguments {
        const char *policy;
        const char **recordings; /* owned */
        size_t recording_count;
        int64_t memory_mib;
        int64_t waiting_max;
        bool json;
        struct tg_replay_options replay;
};

static int64_t parse_number(struct argp_state *state, const char *what, const char *text,
                            int64_t min, int64_t max)
{
        char *end;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno || *end || end == text || value < min || value > max)
                argp_error(state, "%s: \"%s\" is no whole number from %" PRId64 " to %" PRId64,
                           what, text, min, max);
        return value;
}

static void parse_end(struct argp_state *state, const char *text, struct tg_shard_options *shard)
{
        if (tg_time_parse(text, strlen(text), &shard->end_ms) < 0)
                argp_error(state, "--end: \"%s\" is no time such as 2026-05-31T23:59:59Z", text);
}

static void parse_skew(struct argp_state *state, const char *text, struct tg_shard_options *shard)
{
        if (tg_duration_parse(text, strlen(text), &shard->partition.skew_ms) < 0)
                argp_error(state, "--future-skew-max: \"%s\" is no duration such as 10m", text);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
        struct arguments *arguments = state->input;
        struct tg_replay_options *replay = &arguments->replay;

        switch (key) {
        case 'p':
                arguments->policy = value;
                return 0;
        case 'o':
                replay->output = value;
                return 0;
        case 'P':
                replay->shard.partition.partitions =
                        (uint32_t)parse_number(state, "--partitions", value, 1, PARTITIONS_MAX);
                return 0;
        case 's':
                replay->shards = (uint32_t)parse_number(state, "--shards", value, 1, SHARDS_MAX);
                return 0;
        case OPTION_END:
                parse_end(state, value, &replay->shard);
                return 0;
        case OPTION_SKEW:
                parse_skew(state, value, &replay->shard);
                return 0;
        case OPTION_MEMORY:
                arguments->memory_mib = parse_number(state, "--memory", value, 1, 1 << 24);
                return 0;
        case OPTION_WAITING:
                arguments->waiting_max =
                        parse_number(state, "--pending-max", value, 1, INT64_C(1) << 40);
                return 0;
        case 'j':
                arguments->json = true;
                return 0;
        case ARGP_KEY_ARG:
                arguments->recordings[arguments->recording_count++] = value;
                return 0;
        case ARGP_KEY_END:
                if (!arguments->policy)
                        argp_error(state, "--policy FILE is needed");
                if (!replay->output)
                        argp_error(state, "--output DIR is needed");
                if (arguments->recording_count == 0)
                        argp_error(state, "a RECORDING is needed: a directory with "
                                          "touchpoints*.avro and requests*.avro");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* What all partitions share of each bound. */
static void divide_bounds(struct arguments *arguments)
{
        enum { WAITING_BYTES_EACH = 4096 };
        struct tg_partition_options *partition = &arguments->replay.shard.partition;
        size_t share = ((size_t)arguments->memory_mib << 20) / partition->partitions;
        size_t waiting = (size_t)arguments->waiting_max / partition->partitions;

        partition->table_bytes = share < 65536 ? 65536 : share;
        partition->waiting.messages = waiting ? waiting : 1;
        partition->waiting.bytes = partition->waiting.messages * WAITING_BYTES_EACH;
}

static int load_policy(const struct arguments *arguments, struct tg_policy **ret_policy)
{
        struct tg_diagnostics diagnostics = {0};
        int result = tg_policy_load(arguments->policy, arguments->replay.shard.partition.partitions,
                                    &diagnostics, ret_policy);

        tg_diagnostics_print(&diagnostics, stderr, isatty(STDERR_FILENO));
        tg_diagnostics_deinit(&diagnostics);
        return result;
}

static void show_progress(void *context, size_t bytes_read, size_t bytes_total)
{
        const struct timespec *start = context;
        struct timespec now;
        double elapsed_s, left_s;

        clock_gettime(CLOCK_MONOTONIC, &now);
        elapsed_s =
                (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
        if (bytes_read == 0 || elapsed_s <= 0)
                return;
        left_s = elapsed_s * (double)(bytes_total - bytes_read) / (double)bytes_read;
        fprintf(stderr, "\r%3.0f %%  %.0f MB/s  %.0f s left \033[K",
                100.0 * (double)bytes_read / (double)bytes_total,
                (double)bytes_read / elapsed_s / 1e6, left_s);
}

static struct tg_replay_cost cost_since(const struct timespec *start)
{
        struct timespec now;
        struct rusage usage;

        clock_gettime(CLOCK_MONOTONIC, &now);
        getrusage(RUSAGE_SELF, &usage);
        return (struct tg_replay_cost){
                .elapsed_s = (double)(now.tv_sec - start->tv_sec) +
                             (double)(now.tv_nsec - start->tv_nsec) / 1e9,
                .cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                .memory_peak_kib = usage.ru_maxrss,
        };
}

static void print_reasons(const struct tg_policy *policy, const struct tg_summary *summary)
{
        for (size_t i = 0; i < summary->reason_count; i++) {
                const struct tg_reason_count *count = &summary->reasons[i];

                if (count->denied || count->deferred)
                        printf("  %-32s denied %-9" PRIu64 " deferred %" PRIu64 "\n",
                               tg_reason_source_name(policy, i), count->denied, count->deferred);
        }
}

static void print_summary(const struct tg_replay_options *options, const struct tg_summary *summary,
                          const struct tg_replay_cost *cost)
{
        uint64_t events = summary->touchpoints + summary->requests;

        printf("%" PRIu64 " touchpoints, %" PRIu64 " requests, %" PRIu64 " dead letters\n",
               summary->touchpoints, summary->requests, summary->rejected);
        printf("permitted %" PRIu64 ", denied %" PRIu64 ", deferred at first %" PRIu64
               ", still waiting %" PRIu64 ", repeated %" PRIu64 "\n",
               summary->permitted, summary->denied, summary->deferred, summary->pending,
               summary->repeats);
        print_reasons(options->shard.partition.policy, summary);
        printf("replayed in %.2f s (%.2f s CPU): %.0f events/s, %" PRId64 " MiB at most\n",
               cost->elapsed_s, cost->cpu_s,
               cost->elapsed_s > 0 ? (double)events / cost->elapsed_s : 0,
               cost->memory_peak_kib / 1024);
        printf("outputs are in %s\n", options->output);
}

static int replay(struct arguments *arguments, const struct tg_recording *recording)
{
        struct tg_replay_options *options = &arguments->replay;
        struct tg_summary summary;
        struct tg_replay_cost cost;
        struct tg_error error;
        struct timespec start;
        json_t *report;
        int result;

        clock_gettime(CLOCK_MONOTONIC, &start);
        if (isatty(STDERR_FILENO)) {
                options->progress = show_progress;
                options->progress_context = &start;
        }
        result = tg_replay(options, recording, &summary, &error);
        if (options->progress)
                fprintf(stderr, "\r\033[K");
        if (result < 0) {
                fprintf(stderr, "touchgate replay: %s\n", error.message);
                return error.exit_code;
        }
        cost = cost_since(&start);
        report = tg_replay_report(options, &summary, &cost);
        result = tg_replay_report_write(options, report, &error);
        if (result < 0)
                fprintf(stderr, "touchgate replay: %s\n", error.message);
        else if (arguments->json)
                json_dumpf(report, stdout, JSON_INDENT(2)), putchar('\n');
        else
                print_summary(options, &summary, &cost);
        json_decref(report);
        tg_summary_deinit(&summary);
        return result < 0 ? error.exit_code : EX_OK;
}

/* Every partition with much to put out keeps a temporary file. */
static void allow_open_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int tg_cli_replay(int argc, char **argv)
{
        static const struct argp argp = {
                option_table, parse_option, "RECORDING...", description, NULL, NULL, NULL};
        struct arguments arguments = {
                .recordings = tg_allocate_zeroed((size_t)argc, sizeof arguments.recordings[0]),
                .memory_mib = 4096,
                .waiting_max = 1000000,
                .replay = {.shards = 1,
                           .shard = {.clock = TG_CLOCK_EVENT,
                                     .batch = BATCH,
                                     .end_ms = TG_NEVER,
                                     .partition = {.partitions = PARTITIONS_DEFAULT,
                                                   .skew_ms = 10 * TG_MINUTE_MS}}},
        };
        struct tg_recording *recording = NULL;
        struct tg_policy *policy = NULL;
        struct tg_error error;
        int status = EX_CONFIG;

        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &arguments);
        allow_open_files();
        divide_bounds(&arguments);
        if (load_policy(&arguments, &policy) == 0) {
                arguments.replay.shard.partition.policy = policy;
                if (tg_recording_open(arguments.recordings, arguments.recording_count, &recording,
                                      &error) == 0) {
                        status = replay(&arguments, recording);
                } else {
                        fprintf(stderr, "touchgate replay: %s\n", error.message);
                        status = error.exit_code;
                }
        }
        tg_recording_close(recording);
        tg_policy_free(policy);
        free(arguments.recordings);
        return status;
}
