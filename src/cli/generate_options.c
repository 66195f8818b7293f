/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/generate_options.h"

#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include "cli/options.h"
#include "generate/random.h"

enum {
        KEY_SEED = 256,
        KEY_CUSTOMERS,
        KEY_EVENTS,
        KEY_DAYS,
        KEY_START,
        KEY_RATIO,
        KEY_SKEW,
        KEY_CAMPAIGNS,
        KEY_SUBJECTS,
        KEY_TOPICS,
        KEY_BURST,
        KEY_DUPLICATES,
        KEY_LATE,
        KEY_LATE_MAX,
        KEY_CODEC,
        KEY_PIECES,
        KEY_JSON,
};

static const char DOC[] =
        "Makes a recording of invented customers, that touchgate can replay: touchpoints (what "
        "they did) and requests (what somebody wants to send them). The same options give the same "
        "bytes on any machine; memory stays small, however long the recording."
        "\v"
        "Into the directory go touchpoints.avro and requests.avro (or several files of each), Avro "
        "container files as schemas/ has them. A recording that is there already is not written "
        "over.\n"
        "\n"
        "Customers, campaigns and subjects are skewed: a few are busy, most are not (customer-1 is "
        "the busiest). Events follow the hours of the day. Touchpoints come in usual proportions: "
        "impressions, searches, views, carts, clicks, purchases, interactions, deliveries, "
        "surveys, consents and the rest; about one in five is about a message requested before, "
        "and names it by its message id. Requests are of all kinds; those that retarget follow an "
        "interest shown lately, surveys follow a purchase or an interaction, and say so in "
        "`about`.\n"
        "\n"
        "What is ugly in real streams comes on request: --burst gives a share of all events to one "
        "customer, --duplicates repeats records right behind the first, --late puts records "
        "behind others that happened later.\n"
        "\n"
        "Numbers may end in k, M or G (10M is 10000000), shares are written as 1% or 0.5%.\n"
        "\n"
        "Examples:\n"
        "  A month of a shop, to try a policy on:\n"
        "    touchgate generate --output recordings/shop\n"
        "    touchgate replay --policy policy.yaml --output out recordings/shop\n"
        "  To measure:\n"
        "    touchgate generate --events 10M --customers 1M \\\n"
        "        --output recordings/large\n"
        "  An ugly day: half of it by one customer, repeated and late events:\n"
        "    touchgate generate --days 1 --burst 50% --duplicates 1% \\\n"
        "        --late 1% --late-max 1h --output recordings/ugly\n"
        "\n"
        "Exit status: 0, 64 for wrong usage, 73 if a file can't be made or is there already, 74 if "
        "writing fails.";

static const struct argp_option OPTIONS[] = {
        {NULL, 0, NULL, 0, "How much:", 1},
        {"events", KEY_EVENTS, "N", 0, "Touchpoints and requests together (1M)", 0},
        {"customers", KEY_CUSTOMERS, "N", 0, "Customers there are (100k)", 0},
        {"days", KEY_DAYS, "N", 0, "Days they are spread over (30)", 0},
        {"start", KEY_START, "TIME", 0, "When it begins (UTC, 2026-01-01)", 0},
        {"touchpoints-per-request", KEY_RATIO, "N", 0,
         "One request behind so many touchpoints (5); 0: no requests", 0},
        {NULL, 0, NULL, 0, "Of which kind:", 2},
        {"seed", KEY_SEED, "N", 0, "Another seed, another recording (1)", 0},
        {"skew", KEY_SKEW, "0|0.25|0.5|0.75|1", 0,
         "How unequal customers are (0.5): from 0, all alike, to 1, the tenth does a tenth of what "
         "the first does",
         0},
        {"campaigns", KEY_CAMPAIGNS, "N", 0, "Campaigns there are (200)", 0},
        {"subjects", KEY_SUBJECTS, "N", 0, "Subjects (products) there are (10k)", 0},
        {"topics", KEY_TOPICS, "N", 0, "Topics there are (30)", 0},
        {"burst", KEY_BURST, "SHARE", 0, "This share of the events is customer-1's (0%)", 0},
        {"duplicates", KEY_DUPLICATES, "SHARE", 0,
         "This share comes twice, byte for byte, in addition (0%)", 0},
        {"late", KEY_LATE, "SHARE", 0, "This share happened before its place in the stream (0%)",
         0},
        {"late-max", KEY_LATE_MAX, "DURATION", 0, "By this much at most (1h)", 0},
        {NULL, 0, NULL, 0, "Where to:", 3},
        {"output", 'o', "DIR", 0, "The directory; made if it isn't there", 0},
        {"codec", KEY_CODEC, "null|deflate|snappy", 0,
         "How the files are compressed (null: not at all)", 0},
        {"pieces", KEY_PIECES, "N", 0, "Files a stream (as many as keep each below about 1 GiB)",
         0},
        {"json", KEY_JSON, NULL, 0, "Print the summary to standard output as JSON, too", 0},
        {0},
};

/* "1%", "0.5%", exactly: a decimal of up to four places. */
static uint32_t read_share(struct argp_state *state, const char *option, const char *text)
{
        uint32_t value = 0, unit = TG_PER_MILLION / 100;
        const char *at = text;

        while (isdigit((unsigned char)*at) && value <= 1000)
                value = value * 10 + (uint32_t)(*at++ - '0');
        value = at > text && value <= 100 ? value * unit : UINT32_MAX;
        if (value <= TG_PER_MILLION && *at == '.') {
                at++;
                while (isdigit((unsigned char)*at) && unit > 1)
                        value += (uint32_t)(*at++ - '0') * (unit /= 10);
        }
        if (value > TG_PER_MILLION || strcmp(at, "%") != 0) {
                argp_error(state, "%s: \"%s\" is no share from 0%% to 100%%, such as 1%% or 0.5%%",
                           option, text);
                return 0;
        }
        return value;
}

static unsigned read_skew(struct argp_state *state, const char *text)
{
        static const char *const quarters[] = {"0", "0.25", "0.5", "0.75", "1"};

        for (unsigned i = 0; i < sizeof quarters / sizeof quarters[0]; i++) {
                if (strcmp(text, quarters[i]) == 0)
                        return i;
        }
        argp_error(state, "--skew: \"%s\" is none of 0, 0.25, 0.5, 0.75 and 1", text);
        return 0;
}

/* The options that say how the traffic is. */
static error_t take_traffic(int key, char *text, struct argp_state *state,
                            struct tg_traffic_options *traffic)
{
        const uint64_t names_max = TG_TRAFFIC_NAMES_MAX;

        switch (key) {
        case KEY_SEED:
                traffic->seed = tg_option_number(state, "--seed", text, 0, UINT64_MAX);
                return 0;
        case KEY_EVENTS:
                traffic->events =
                        tg_option_number(state, "--events", text, 0, TG_TRAFFIC_EVENTS_MAX);
                return 0;
        case KEY_CUSTOMERS:
                traffic->customers =
                        (uint32_t)tg_option_number(state, "--customers", text, 1, names_max);
                return 0;
        case KEY_DAYS:
                traffic->days =
                        (uint32_t)tg_option_number(state, "--days", text, 1, TG_TRAFFIC_DAYS_MAX);
                return 0;
        case KEY_START:
                traffic->start_ms = tg_option_time(state, "--start", text);
                return 0;
        case KEY_RATIO:
                traffic->touchpoints_per_request = (uint32_t)tg_option_number(
                        state, "--touchpoints-per-request", text, 0, names_max);
                return 0;
        case KEY_SKEW:
                traffic->skew_quarters = read_skew(state, text);
                return 0;
        case KEY_CAMPAIGNS:
                traffic->campaigns =
                        (uint32_t)tg_option_number(state, "--campaigns", text, 1, names_max);
                return 0;
        case KEY_SUBJECTS:
                traffic->subjects =
                        (uint32_t)tg_option_number(state, "--subjects", text, 1, names_max);
                return 0;
        case KEY_TOPICS:
                traffic->topics = (uint32_t)tg_option_number(state, "--topics", text, 1, names_max);
                return 0;
        case KEY_BURST:
                traffic->burst_per_million = read_share(state, "--burst", text);
                return 0;
        case KEY_DUPLICATES:
                traffic->duplicates_per_million = read_share(state, "--duplicates", text);
                return 0;
        case KEY_LATE:
                traffic->late_per_million = read_share(state, "--late", text);
                return 0;
        case KEY_LATE_MAX:
                traffic->late_max_ms = tg_option_duration(state, "--late-max", text, 1, INT64_MAX);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_generate_arguments *arguments = state->input;
        struct tg_generate_options *generate = &arguments->generate;

        switch (key) {
        case 'o':
                generate->directory = text;
                return 0;
        case KEY_CODEC:
                generate->codec = tg_option_codec(state, "--codec", text);
                return 0;
        case KEY_PIECES:
                generate->pieces = (uint32_t)tg_option_number(state, "--pieces", text, 1,
                                                              TG_GENERATE_PIECES_MAX);
                return 0;
        case KEY_JSON:
                arguments->json = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_error(state, "\"%s\" is not an option; say where to with --output DIR", text);
                return 0;
        case ARGP_KEY_END:
                if (!generate->directory)
                        argp_error(state, "say where the recording goes with --output DIR");
                return 0;
        default:
                return take_traffic(key, text, state, &generate->traffic);
        }
}

int tg_generate_options_parse(int argc, char **argv, struct tg_generate_arguments *ret_arguments)
{
        static const struct argp argp = {.options = OPTIONS, .parser = take, .doc = DOC};
        struct tg_generate_arguments arguments = {
                .generate = {.traffic = tg_traffic_defaults, .codec = TG_CODEC_NULL},
        };

        if (tg_options_parse(&argp, argc, argv, &arguments) != 0)
                return EX_USAGE;
        *ret_arguments = arguments;
        return 0;
}
