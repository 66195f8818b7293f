/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/generate_options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

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
        "Customers, campaigns and subjects are skewed: a few are busy, most are not (customer-1 is "
        "the busiest). Events follow the hours of the day. Touchpoints come in usual proportions: "
        "impressions, searches, views, carts, clicks, purchases, interactions, deliveries, "
        "surveys, consents and the rest; about one in five is about a message requested before, "
        "and "
        "names it by its message id. Requests are of all kinds; those that retarget follow an "
        "interest shown lately, surveys follow a purchase or an interaction, and say so in "
        "`about`.\n"
        "\n"
        "Numbers may end in k, M or G (10M is 10000000), shares are written as 1% or 0.5%.\n"
        "\n"
        "Examples:\n"
        "  A month of a shop, to try a policy on:\n"
        "    touchgate generate --output recordings/shop\n"
        "  To measure:\n"
        "    touchgate generate --events 10M --customers 1M --output recordings/large\n"
        "  An ugly day: half of it by one customer, repeated and late events:\n"
        "    touchgate generate --days 1 --burst 50% --duplicates 1% --late 1% --late-max 1h "
        "--output recordings/ugly\n";

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
        {"skew", KEY_SKEW, "S", 0,
         "How unequal customers are: 0 (all alike), 0.25, 0.5 (the default), 0.75 or 1 (the tenth "
         "does a tenth of what the first does)",
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
        {"codec", KEY_CODEC, "CODEC", 0, "null (the default), deflate or snappy", 0},
        {"pieces", KEY_PIECES, "N", 0, "Files a stream (as many as keep each below about 1 GiB)",
         0},
        {"json", KEY_JSON, NULL, 0, "Print the summary to standard output as JSON, too", 0},
        {0},
};

/* A whole number with k, M or G behind it, or nothing. */
static uint64_t read_number(struct argp_state *state, const char *option, const char *text,
                            uint64_t min, uint64_t max)
{
        static const struct {
                char letter;
                uint64_t factor;
        } units[] = {{'\0', 1}, {'k', 1000}, {'M', 1000000}, {'G', 1000000000}};
        unsigned long long value;
        char *end;

        errno = 0;
        value = strtoull(text, &end, 10);
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
                uint64_t factor = units[i].factor;

                if (isdigit((unsigned char)*text) && errno == 0 && *end == units[i].letter &&
                    (*end == '\0' || end[1] == '\0') && value <= max / factor &&
                    value * factor >= min)
                        return value * factor;
        }
        argp_error(state, "%s: \"%s\" is no whole number from %" PRIu64 " to %" PRIu64, option,
                   text, min, max);
        return min;
}

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

static void read_start(struct argp_state *state, const char *text, int64_t *ret_time_ms)
{
        if (tg_time_parse(text, strlen(text), ret_time_ms) < 0)
                argp_error(state,
                           "--start: \"%s\" is no time: write 2026-01-01 or 2026-01-01T12:00:00Z",
                           text);
}

static void read_late_max(struct argp_state *state, const char *text, int64_t *ret_duration_ms)
{
        if (tg_duration_parse(text, strlen(text), ret_duration_ms) < 0 || *ret_duration_ms <= 0)
                argp_error(state, "--late-max: \"%s\" is no duration such as 30m or 1h", text);
}

static void read_codec(struct argp_state *state, const char *text, enum tg_codec *ret_codec)
{
        if (tg_codec_parse(tg_span_text(text), ret_codec) < 0)
                argp_error(state, "--codec: \"%s\" is none of null, deflate and snappy", text);
}

/* The options that say how the traffic is. */
static error_t take_traffic(int key, char *text, struct argp_state *state,
                            struct tg_traffic_options *traffic)
{
        const uint64_t names_max = TG_TRAFFIC_NAMES_MAX;

        switch (key) {
        case KEY_SEED:
                traffic->seed = read_number(state, "--seed", text, 0, UINT64_MAX);
                return 0;
        case KEY_EVENTS:
                traffic->events = read_number(state, "--events", text, 0, TG_TRAFFIC_EVENTS_MAX);
                return 0;
        case KEY_CUSTOMERS:
                traffic->customers =
                        (uint32_t)read_number(state, "--customers", text, 1, names_max);
                return 0;
        case KEY_DAYS:
                traffic->days =
                        (uint32_t)read_number(state, "--days", text, 1, TG_TRAFFIC_DAYS_MAX);
                return 0;
        case KEY_START:
                read_start(state, text, &traffic->start_ms);
                return 0;
        case KEY_RATIO:
                traffic->touchpoints_per_request = (uint32_t)read_number(
                        state, "--touchpoints-per-request", text, 0, names_max);
                return 0;
        case KEY_SKEW:
                traffic->skew_quarters = read_skew(state, text);
                return 0;
        case KEY_CAMPAIGNS:
                traffic->campaigns =
                        (uint32_t)read_number(state, "--campaigns", text, 1, names_max);
                return 0;
        case KEY_SUBJECTS:
                traffic->subjects = (uint32_t)read_number(state, "--subjects", text, 1, names_max);
                return 0;
        case KEY_TOPICS:
                traffic->topics = (uint32_t)read_number(state, "--topics", text, 1, names_max);
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
                read_late_max(state, text, &traffic->late_max_ms);
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
                read_codec(state, text, &generate->codec);
                return 0;
        case KEY_PIECES:
                generate->pieces =
                        (uint32_t)read_number(state, "--pieces", text, 1, TG_GENERATE_PIECES_MAX);
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

        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
                return EX_USAGE;
        *ret_arguments = arguments;
        return 0;
}
