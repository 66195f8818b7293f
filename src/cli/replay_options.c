/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/memory.h"
#include "cli/options.h"
#include "recording/manifest.h"

static const char DOC[] =
        "Replays a recording through a policy with a virtual clock: as fast as the machine goes, "
        "or at so many times the recorded speed; and the same bytes every time, whatever the speed "
        "and the number of shards.\v"
        "A RECORDING is a directory with touchpoints*.avro and requests*.avro (Avro container "
        "files); several are read one behind the other. Into the output directory go\n"
        "\n"
        "  decisions.avro            every answer, with its reasons\n"
        "  permitted.<channel>.avro  the messages that may leave\n"
        "  rejected.avro             what could not be read, kept as it was\n"
        "  summary.json              counts by outcome and rule; rate, CPU time, memory\n"
        "\n"
        "With --speed 1 an event is taken up so long after the start as it happened after the "
        "first; with --speed 10 in a tenth of that time, with --speed 0.5 in twice the time. Who "
        "falls behind catches up.\n"
        "\n"
        "A recording made by `touchgate record` says how many partitions its topics had: that "
        "number is taken unless --partitions gives another.\n"
        "\n"
        "With --to-kafka the recording is written to the topics of touchpoints and requests of a "
        "gate's configuration instead: keyed by customer, with the present time as timestamp, each "
        "record at least once. It ends when the brokers have confirmed all; a signal ends it after "
        "what was written is confirmed.\n"
        "\n"
        "Examples:\n"
        "  touchgate replay --policy policy.yaml --output out recordings/may\n"
        "  A month in an hour, on a terminal with the time in the recording:\n"
        "    touchgate replay --policy policy.yaml --output out \\\n"
        "        --speed 720 recordings/may\n"
        "  To a test cluster, at ten times the recorded speed:\n"
        "    touchgate replay --to-kafka --config touchgate.yaml \\\n"
        "        --speed 10 recordings/may\n"
        "\n"
        "The outputs are written at the end, each whole or not at all: SIGINT and SIGTERM leave "
        "those of an earlier replay as they are, and say how far it was. Once they are being "
        "written, they are finished; a second signal leaves at once.\n"
        "\n"
        "Exit status: 0, 64 for wrong usage, 65 for unreadable data, 66 for missing input, "
        "69 if Kafka can't be reached, 77 if it refuses us, 78 for a policy or a configuration "
        "with "
        "mistakes, 130 and 143 after SIGINT and SIGTERM.";

enum {
        KEY_END = 256,
        KEY_SKEW,
        KEY_MEMORY,
        KEY_WAITING,
        KEY_SPEED,
        KEY_TO_KAFKA,
        PARTITIONS_DEFAULT = 16,
        PARTITIONS_MAX = 4096,
        BATCH = 2048,
        MEMORY_MIB_DEFAULT = 4096,
        MEMORY_MIB_MAX = 1 << 24,
        WAITING_DEFAULT = 1000000,
        WAITING_BYTES_EACH = 4096,
        TABLE_BYTES_MIN = 65536,
};
#define WAITING_MAX (UINT64_C(1) << 40)

static const struct argp_option OPTIONS[] = {
        {"policy", 'p', "FILE", 0, "The policy (YAML)", 0},
        {"output", 'o', "DIR", 0, "Where to put the outputs; made if it isn't there", 0},
        {"speed", KEY_SPEED, "max|N", 0,
         "As fast as the machine goes (max, the default), or N times the recorded speed: 1, 10, "
         "0.5; changes nothing but the time it takes",
         0},
        {"partitions", 'P', "N", 0,
         "Partitions, as the request topic has them (those of recording.json, else 16); throttles "
         "are divided by them",
         0},
        {"shards", 's', "N", 0, "Threads (1); the outputs are the same for any number", 0},
        {"end", KEY_END, "TIME", 0,
         "Events later than this (UTC, 2026-05-31T23:59:59Z) are dead letters", 0},
        {"future-skew-max", KEY_SKEW, "DURATION", 0,
         "How much later than the end an event may be (10m)", 0},
        {"memory", KEY_MEMORY, "MIB", 0,
         "Bound of the customer tables, all partitions together (4096)", 0},
        {"pending-max", KEY_WAITING, "N", 0,
         "Bound of the messages that wait, all partitions together (1M)", 0},
        {"json", 'j', 0, 0, "Print the summary as JSON", 0},
        {NULL, 0, NULL, 0, "Into topics:", 1},
        {"to-kafka", KEY_TO_KAFKA, 0, 0,
         "Write the recording to the topics that --config names; with --speed", 1},
        {"config", 'c', "FILE", 0, "The configuration of the gate (YAML)", 1},
        {0},
};

/* While the command line is read: what is divided by the number of partitions, known at its end. */
struct reading {
        struct tg_replay_arguments arguments;
        uint64_t memory_mib;
        uint64_t waiting_max;
        bool partitions_given;
};

static void check_complete(struct argp_state *state, const struct tg_replay_arguments *arguments)
{
        bool decides = !arguments->to_kafka;

        if (decides && arguments->configuration)
                argp_error(state, "--config goes with --to-kafka; a replay takes --policy");
        else if (decides && !arguments->policy)
                argp_error(state, "--policy FILE is needed");
        else if (decides && !arguments->replay.output)
                argp_error(state, "--output DIR is needed");
        else if (!decides && !arguments->configuration)
                argp_error(state, "--to-kafka: name the configuration with --config FILE");
        else if (!decides && (arguments->policy || arguments->replay.output))
                argp_error(state, "--to-kafka decides nothing: it takes neither --policy nor "
                                  "--output");
        else if (arguments->recording_count == 0)
                argp_error(state, "a RECORDING is needed: a directory with touchpoints*.avro and "
                                  "requests*.avro");
}

/* The options that say how it is replayed. */
static error_t take_shard(int key, char *text, struct argp_state *state,
                          struct tg_shard_options *shard)
{
        switch (key) {
        case 'P':
                shard->partition.partitions =
                        (uint32_t)tg_option_number(state, "--partitions", text, 1, PARTITIONS_MAX);
                return 0;
        case KEY_END:
                shard->end_ms = tg_option_time(state, "--end", text);
                return 0;
        case KEY_SKEW:
                shard->partition.skew_ms =
                        tg_option_duration(state, "--future-skew-max", text, 0, TG_SKEW_MAX_MS);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct reading *reading = state->input;
        struct tg_replay_arguments *arguments = &reading->arguments;
        struct tg_replay_options *replay = &arguments->replay;

        switch (key) {
        case 'p':
                arguments->policy = text;
                return 0;
        case 'o':
                replay->output = text;
                return 0;
        case 'j':
                arguments->json = true;
                return 0;
        case 's':
                replay->shards = (uint32_t)tg_option_number(state, "--shards", text, 1,
                                                            TG_OPTION_SHARDS_MAX);
                return 0;
        case 'P':
                reading->partitions_given = true;
                return take_shard(key, text, state, &replay->shard);
        case 'c':
                arguments->configuration = text;
                return 0;
        case KEY_TO_KAFKA:
                arguments->to_kafka = true;
                return 0;
        case KEY_SPEED:
                replay->speed = tg_option_speed(state, "--speed", text);
                return 0;
        case KEY_MEMORY:
                reading->memory_mib = tg_option_number(state, "--memory", text, 1, MEMORY_MIB_MAX);
                return 0;
        case KEY_WAITING:
                reading->waiting_max =
                        tg_option_number(state, "--pending-max", text, 1, WAITING_MAX);
                return 0;
        case ARGP_KEY_ARG:
                arguments->recordings[arguments->recording_count++] = text;
                return 0;
        case ARGP_KEY_END:
                check_complete(state, arguments);
                return 0;
        default:
                return take_shard(key, text, state, &replay->shard);
        }
}

/* Topics that were recorded say how many they had; says so if they are told otherwise. */
static int take_recorded_partitions(struct reading *reading)
{
        uint32_t *partitions = &reading->arguments.replay.shard.partition.partitions;
        const struct tg_replay_arguments *arguments = &reading->arguments;

        for (size_t i = 0; i < arguments->recording_count && !arguments->to_kafka; i++) {
                const char *directory = arguments->recordings[i];
                struct tg_error error;
                uint32_t recorded;

                if (tg_manifest_partitions(directory, &recorded, &error) < 0) {
                        fprintf(stderr, "touchgate replay: %s\n", error.message);
                        return error.exit_code;
                }
                if (recorded > 0 && !reading->partitions_given)
                        *partitions = recorded, reading->partitions_given = true;
                else if (recorded > 0 && recorded != *partitions)
                        fprintf(stderr,
                                "touchgate replay: the topics of %s had %u partitions, this replay "
                                "has %u: decisions may be others\n",
                                directory, recorded, *partitions);
        }
        return 0;
}

/* What all partitions share of each bound. */
static void divide_bounds(struct reading *reading)
{
        struct tg_partition_options *partition = &reading->arguments.replay.shard.partition;
        size_t share = ((size_t)reading->memory_mib << 20) / partition->partitions;
        size_t waiting = (size_t)reading->waiting_max / partition->partitions;

        partition->table_bytes = share < TABLE_BYTES_MIN ? TABLE_BYTES_MIN : share;
        partition->waiting.messages = waiting ? waiting : 1;
        partition->waiting.bytes = partition->waiting.messages * WAITING_BYTES_EACH;
}

int tg_replay_options_parse(int argc, char **argv, struct tg_replay_arguments *ret_arguments)
{
        static const struct argp argp = {
                .options = OPTIONS, .parser = take, .args_doc = "RECORDING...", .doc = DOC};
        struct reading reading = {
                .memory_mib = MEMORY_MIB_DEFAULT,
                .waiting_max = WAITING_DEFAULT,
                .arguments = {.recordings = tg_allocate_zeroed((size_t)argc, sizeof(char *)),
                              .replay = {.shards = 1,
                                         .shard = {.clock = TG_CLOCK_EVENT,
                                                   .batch = BATCH,
                                                   .end_ms = TG_NEVER,
                                                   .partition = {.partitions = PARTITIONS_DEFAULT,
                                                                 .skew_ms = 10 * TG_MINUTE_MS}}}},
        };

        int status;

        if (tg_options_parse(&argp, argc, argv, &reading) != 0) {
                free(reading.arguments.recordings);
                return EX_USAGE;
        }
        status = take_recorded_partitions(&reading);
        if (status != 0) {
                free(reading.arguments.recordings);
                return status;
        }
        divide_bounds(&reading);
        *ret_arguments = reading.arguments;
        return 0;
}
