/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record_options.h"

#include "cli/options.h"

enum { KEY_FROM = 256, KEY_UNTIL, KEY_CODEC, KEY_DECISIONS, KEY_JSON };

static const char DOC[] =
        "Writes what the topics of touchpoints and requests hold to a recording, which `touchgate "
        "replay` takes through a policy: what was live, once more, as often as you like."
        "\v"
        "FILE is the configuration that `touchgate run` has. Nothing is committed, no group is "
        "joined: a gate that runs meanwhile does not notice. Into DIR go\n"
        "\n"
        "  touchpoints-00001.avro    records as they were written; another file behind\n"
        "  requests-00001.avro       it whenever their writer's schema changes\n"
        "  rejected.avro             what can't be read, as it was, and why\n"
        "  recording.json            topics, offsets, partitions, what is known of the run\n"
        "  decisions-recorded-00001.avro   with --decisions\n"
        "\n"
        "Each partition's order is kept. So a replay with as many partitions (it takes their "
        "number from recording.json) of what a gate with `clock: event` has decided gives the same "
        "decisions, unless that gate was started again, had to take back a transaction, or did not "
        "wait for a record that came later than `idle`. With --decisions record says whether there "
        "is a trace of that.\n"
        "\n"
        "TIME is UTC, as 2026-05-31 or 2026-05-31T12:00:00Z, and compared with the timestamps that "
        "the topics carry. --from committed begins where a gate of this group would: touchpoints "
        "at their beginning, requests at the committed offset.\n"
        "\n"
        "Examples:\n"
        "  touchgate record --config touchgate.yaml --output recordings/now\n"
        "  What is written from now on, until Ctrl-C:\n"
        "    touchgate record --config touchgate.yaml --output recordings/live \\\n"
        "        --until SIGINT\n"
        "  Is it the same again?\n"
        "    touchgate record --config touchgate.yaml --output rec --decisions\n"
        "    touchgate replay --policy policy.yaml --output out rec\n"
        "\n"
        "Exit status: 0, 64 for wrong usage, 65 for decisions that can't be read, 69 if Kafka "
        "can't "
        "be reached, 73 if DIR can't be made or holds a recording, 77 if Kafka refuses us, 78 for "
        "the configuration; 130 and 143 after SIGINT and SIGTERM, with nothing kept.";

static const struct argp_option OPTIONS[] = {
        {"config", 'c', "FILE", 0, "The configuration of the gate (YAML)", 0},
        {"output", 'o', "DIR", 0, "Where the recording goes; made if it isn't there", 0},
        {"from", KEY_FROM, "beginning|committed|TIME", 0, "Where it begins (beginning)", 0},
        {"until", KEY_UNTIL, "end|TIME|SIGINT", 0,
         "Where it ends: what is committed in the topics now (end, the default), records of TIME, "
         "or a signal",
         0},
        {"decisions", KEY_DECISIONS, NULL, 0,
         "Record the topic of decisions too, and look in it for traces of a restart", 0},
        {"codec", KEY_CODEC, "null|deflate|snappy", 0,
         "How the files are compressed (null: not at all)", 0},
        {"json", KEY_JSON, NULL, 0, "Print recording.json to standard output, too", 0},
        {0},
};

static struct tg_bound read_from(struct argp_state *state, const char *text)
{
        if (strcmp(text, "beginning") == 0)
                return (struct tg_bound){.kind = TG_BOUND_BEGINNING};
        if (strcmp(text, "committed") == 0)
                return (struct tg_bound){.kind = TG_BOUND_COMMITTED};
        return (struct tg_bound){TG_BOUND_TIME, tg_option_time(state, "--from", text)};
}

static struct tg_bound read_until(struct argp_state *state, const char *text)
{
        if (strcmp(text, "end") == 0)
                return (struct tg_bound){.kind = TG_BOUND_END};
        if (strcmp(text, "SIGINT") == 0)
                return (struct tg_bound){.kind = TG_BOUND_NEVER};
        return (struct tg_bound){TG_BOUND_TIME, tg_option_time(state, "--until", text)};
}

static void check_complete(struct argp_state *state, const struct tg_record_options *options)
{
        if (!options->configuration)
                argp_error(state, "name the configuration with --config FILE");
        else if (!options->output)
                argp_error(state, "say where the recording goes with --output DIR");
        else if (options->from.kind == TG_BOUND_TIME && options->until.kind == TG_BOUND_TIME &&
                 options->from.time_ms >= options->until.time_ms)
                argp_error(state, "--from must be earlier than --until");
        else if (options->decisions && options->from.kind == TG_BOUND_COMMITTED)
                argp_error(state, "--decisions: what is not committed is not decided yet; record "
                                  "--from beginning or a time");
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_record_options *options = state->input;

        switch (key) {
        case 'c':
                options->configuration = text;
                return 0;
        case 'o':
                options->output = text;
                return 0;
        case KEY_FROM:
                options->from = read_from(state, text);
                return 0;
        case KEY_UNTIL:
                options->until = read_until(state, text);
                return 0;
        case KEY_DECISIONS:
                options->decisions = true;
                return 0;
        case KEY_CODEC:
                options->codec = tg_option_codec(state, "--codec", text);
                return 0;
        case KEY_JSON:
                options->json = true;
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

int tg_record_options_parse(int argc, char **argv, struct tg_record_options *ret_options)
{
        static const struct argp argp = {.options = OPTIONS, .parser = take, .doc = DOC};
        struct tg_record_options options = {
                .from = {.kind = TG_BOUND_BEGINNING},
                .until = {.kind = TG_BOUND_END},
                .codec = TG_CODEC_NULL,
        };

        if (tg_options_parse(&argp, argc, argv, &options) != 0)
                return EX_USAGE;
        *ret_options = options;
        return 0;
}
