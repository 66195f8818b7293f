/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_options.h"

#include <sysexits.h>

#include "base/time.h"
#include "cli/options.h"

enum { KEY_FROM = 256, KEY_TO, KEY_STRICT, KEY_CODEC, KEY_JSON };

static const char DOC[] =
        "Turns a table (CSV with a header line, gzipped or not; - is standard input) into a "
        "recording that touchgate can replay: DIR/touchpoints.avro and DIR/requests.avro."
        "\v"
        "The mapping says which rows make a touchpoint or a request, and from which columns. For a "
        "table that begins\n"
        "\n"
        "  day,customer,event,article\n"
        "  2017-03-01,42,sale,oats\n"
        "\n"
        "this file is enough:\n"
        "\n"
        "  mapping: shop\n"
        "  id: \"{event}-{day}-{customer}-{article}\"\n"
        "  customer: \"{customer}\"\n"
        "  time: {column: day, format: iso}   # or epoch_s, epoch_ms, \"%d.%m.%Y\"\n"
        "  rows:\n"
        "    - row: sale\n"
        "      when: {event: sale}\n"
        "      touchpoint: {type: purchase, channel: store, subject: \"{article}\"}\n"
        "\n"
        "A column's values become words by {column: state, words: {A: email, B: push}, default: "
        "post}; a time so long after the row's is {after: 72h}. Every field of the schemas can be "
        "set; rows that match no entry are skipped. Bad lines are told with their numbers, counted "
        "and left out.\n"
        "\n"
        "Example:\n"
        "  touchgate import --mapping shop.yaml --output recordings/shop sales.csv.gz\n";

static const struct argp_option OPTIONS[] = {
        {"mapping", 'm', "FILE", 0, "What the rows mean (YAML)", 0},
        {"output", 'o', "DIR", 0,
         "Where the recording goes; made if it isn't there, files of an earlier import are "
         "replaced; it holds no other recording",
         0},
        {"from", KEY_FROM, "TIME", 0,
         "Only records from TIME on (UTC, as 2017-03-01 or 2017-03-01T12:00:00Z)", 0},
        {"to", KEY_TO, "TIME", 0, "Only records before TIME", 0},
        {"strict", KEY_STRICT, NULL, 0,
         "Stop at the first bad line, with exit code 65, and write nothing", 0},
        {"codec", KEY_CODEC, "null|deflate|snappy", 0,
         "How the files are compressed (null: not at all)", 0},
        {"json", KEY_JSON, NULL, 0, "Print the summary to standard output as JSON, too", 0},
        {0},
};

static void check_complete(struct argp_state *state, const struct tg_import_options *options)
{
        if (!options->table)
                argp_error(state, "name the table, or - for standard input");
        else if (!options->mapping)
                argp_error(state, "say what its rows mean with --mapping FILE");
        else if (!options->output)
                argp_error(state, "say where the recording goes with --output DIR");
        else if (options->from_ms >= options->to_ms)
                argp_error(state, "--from must be earlier than --to");
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_import_options *options = state->input;

        switch (key) {
        case 'm':
                options->mapping = text;
                return 0;
        case 'o':
                options->output = text;
                return 0;
        case KEY_FROM:
                options->from_ms = tg_option_time(state, "--from", text);
                return 0;
        case KEY_TO:
                options->to_ms = tg_option_time(state, "--to", text);
                return 0;
        case KEY_STRICT:
                options->strict = true;
                return 0;
        case KEY_JSON:
                options->json = true;
                return 0;
        case KEY_CODEC:
                options->codec = tg_option_codec(state, "--codec", text);
                return 0;
        case ARGP_KEY_ARG:
                if (options->table)
                        argp_error(state, "one table at a time: \"%s\" is a second", text);
                options->table = text;
                return 0;
        case ARGP_KEY_END:
                check_complete(state, options);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int tg_import_options_parse(int argc, char **argv, struct tg_import_options *ret_options)
{
        static const struct argp argp = {
                .options = OPTIONS, .parser = take, .args_doc = "TABLE", .doc = DOC};
        struct tg_import_options options = {
                .from_ms = TG_NO_TIME,
                .to_ms = TG_NEVER,
                .codec = TG_CODEC_NULL,
        };

        if (tg_options_parse(&argp, argc, argv, &options) != 0)
                return EX_USAGE;
        *ret_options = options;
        return 0;
}
