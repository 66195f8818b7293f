/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_options.h"

#include <sysexits.h>

#include "cli/options.h"

enum {
        KEY_EMBEDDED = 256,
        KEY_EXIT_AT_END,
        KEY_SHARDS,
        KEY_PARTITIONS,
        KEY_PACE,
        KEY_LOG,
        KEY_HTTP,
        KEY_CREATE_TOPICS,
        KEY_REPLICATION,
        PARTITIONS_DEFAULT = 4,
        PARTITIONS_MAX = 1000,
        REPLICATION_MAX = 100,
        PACE_MAX = 1000000,
};

static const char DOC[] =
        "Decides live: reads touchpoints and requests from Kafka, and writes every decision, with "
        "its reasons, to `decisions`, what may be sent to `permitted.<channel>`, and what can't be "
        "read to `rejected`."
        "\v"
        "The smallest configuration names a policy, a broker and a consumer group:\n"
        "\n"
        "  policy: policy.yaml              # relative to this file\n"
        "  kafka:                           # any property of librdkafka\n"
        "    bootstrap.servers: 127.0.0.1:9092\n"
        "    group.id: touchgate            # those of one group share the work\n"
        "\n"
        "and may say more; these are the defaults:\n"
        "\n"
        "  topics: {touchpoints: touchpoints, requests: requests, decisions: decisions,\n"
        "           rejected: rejected, permitted: permitted}   # permitted.email, ...\n"
        "  schemas: {ids: {touchpoint: 1, request: 2, permitted: 3, decision: 4,\n"
        "            rejected: 5}}          # folder: DIR, of writers' ID.avsc\n"
        "                                   # or schema_registry: {url: https://HOST:8081}\n"
        "  clock: wall                      # event: the time written in the records\n"
        "  idle: 500ms                      # a topic at its end for so long has ended\n"
        "  delivery: exactly_once           # or at_least_once: without transactions\n"
        "  commit: 100ms                    # at least between two commits\n"
        "  stop_wait_max: 30s               # to commit and leave, once asked to stop\n"
        "  transaction_timeout: 10s         # one that takes longer is aborted\n"
        "  shards: 1                        # threads\n"
        "  batch: 4096                      # records taken at a time\n"
        "  memory: {fetch: 256MiB, produce: 64MiB,      # of the process\n"
        "           customers: 64MiB, waiting: 16MiB}   # of each partition\n"
        "  future_skew_max: 10m\n"
        "  http: {listen: 127.0.0.1:8787}   # off with --embedded; ask: true lets others ask\n"
        "                                   # POST /decide and GET /explain\n"
        "\n"
        "Examples:\n"
        "  touchgate run --config touchgate.yaml\n"
        "  touchgate run --config touchgate.yaml --exit-at-end   # a batch\n"
        "  touchgate run --config demo.yaml --embedded recording --output out\n"
        "\n"
        "Values may name variables of the environment: ${NAME} or ${NAME:-default}. A property of "
        "`kafka` with _file behind its name is read from a file: sasl.password_file. "
        "`touchgate settings` explains every key.\n"
        "\n"
        "SIGTERM and SIGINT commit what is decided and leave; a second one leaves at once. SIGHUP "
        "reads the policy again: if it can follow the running one, every decision from some moment "
        "on is its own; if not, the log says why, and nothing changes.\n"
        "\n"
        "Exit status: as in sysexits.h: 64 the command line, 65 and 66 the recording, 69 Kafka "
        "can't be reached, 75 it did not finish in time when it was asked to stop, 77 Kafka "
        "refuses us, 78 the configuration; 128 and the signal if a second one ended it.\n";

static const struct argp_option OPTIONS[] = {
        {"config", 'c', "FILE", 0, "The configuration (YAML)", 0},
        {"shards", KEY_SHARDS, "N", 0, "So many threads, whatever the configuration says", 0},
        {"http", KEY_HTTP, "ADDRESS", 0,
         "Listen on ADDRESS (127.0.0.1:8787; a port of 0: any) for /metrics, /livez and "
         "/readyz; or off",
         0},
        {"create-topics", KEY_CREATE_TOPICS, NULL, 0,
         "Create the topics that are missing, kept for as long as the policy needs them", 0},
        {"partitions", KEY_PARTITIONS, "N", 0,
         "Of topics that are created, and of the embedded broker's (4)", 0},
        {"replication", KEY_REPLICATION, "N", 0,
         "Copies of topics that are created (as the brokers are configured)", 0},
        {"exit-at-end", KEY_EXIT_AT_END, NULL, 0,
         "Leave once everything has been read to its end and stayed there for `idle`", 0},
        {"log", KEY_LOG, "auto|text|json", 0,
         "How the log on standard error is written (auto: text on a terminal, else json)", 0},
        {"verbose", 'v', NULL, 0, "Log what helps to find out what is wrong, too", 0},
        {NULL, 0, NULL, 0, "A laptop is enough:", 1},
        {"embedded", KEY_EMBEDDED, "DIR", 0,
         "Start a broker inside this process and play the recording in DIR into it; print the "
         "decisions, and leave at the end. For one shard: several may decide twice what comes "
         "first",
         1},
        {"output", 'o', "DIR", 0,
         "With --embedded: write what came out of the broker to DIR, as JSON a line", 1},
        {"pace", KEY_PACE, "N", 0,
         "Play N records a second; 0 is all at once. By default all at once, but slow enough to "
         "watch on a terminal",
         1},
        {0},
};

static void check_complete(struct argp_state *state, const struct tg_run_options *options)
{
        if (!options->configuration)
                argp_error(state, "name the configuration with --config FILE");
        else if (options->replication > 0 && !options->create_topics)
                argp_error(state, "--replication goes with --create-topics");
        else if (options->create_topics && options->embedded)
                argp_error(state, "the embedded broker has all topics: leave --create-topics out");
        else if (options->partitions > 0 && !options->create_topics && !options->embedded)
                argp_error(state, "--partitions goes with --create-topics or --embedded");
        else if (options->output && !options->embedded)
                argp_error(state, "--output goes with --embedded: on a real Kafka, read the topics "
                                  "(kcat -C -t decisions)");
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_run_options *options = state->input;

        switch (key) {
        case 'c':
                options->configuration = text;
                return 0;
        case 'o':
                options->output = text;
                return 0;
        case 'v':
                options->log_level = TG_LOG_DEBUG;
                return 0;
        case KEY_EMBEDDED:
                options->embedded = text;
                return 0;
        case KEY_EXIT_AT_END:
                options->exit_at_end = true;
                return 0;
        case KEY_HTTP:
                options->http = text;
                return 0;
        case KEY_SHARDS:
                options->shards = (unsigned)tg_option_number(state, "--shards", text, 1,
                                                             TG_OPTION_SHARDS_MAX);
                return 0;
        case KEY_PARTITIONS:
                options->partitions =
                        (int32_t)tg_option_number(state, "--partitions", text, 1, PARTITIONS_MAX);
                return 0;
        case KEY_CREATE_TOPICS:
                options->create_topics = true;
                return 0;
        case KEY_REPLICATION:
                options->replication =
                        (int)tg_option_number(state, "--replication", text, 1, REPLICATION_MAX);
                return 0;
        case KEY_PACE:
                options->pace_per_s = (int64_t)tg_option_number(state, "--pace", text, 0, PACE_MAX);
                return 0;
        case KEY_LOG:
                if (tg_log_format_parse(text, &options->log_format) < 0)
                        argp_error(state, "--log: \"%s\" is none of text, json and auto", text);
                return 0;
        case ARGP_KEY_ARG:
                argp_error(state, "\"%s\" is not expected; see --help", text);
                return 0;
        case ARGP_KEY_END:
                check_complete(state, options);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int tg_run_options_parse(int argc, char **argv, struct tg_run_options *ret_options)
{
        static const struct argp argp = {.options = OPTIONS, .parser = take, .doc = DOC};
        struct tg_run_options options = {
                .replication = -1,
                .pace_per_s = -1,
                .log_level = TG_LOG_INFO,
        };

        if (tg_options_parse(&argp, argc, argv, &options) != 0)
                return EX_USAGE;
        if (options.embedded && options.partitions == 0)
                options.partitions = PARTITIONS_DEFAULT;
        options.exit_at_end |= options.embedded != NULL;
        *ret_options = options;
        return 0;
}
