/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/time.h"
#include "config/nearest.h"

uint64_t tg_option_number(struct argp_state *state, const char *option, const char *text,
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

int64_t tg_option_time(struct argp_state *state, const char *option, const char *text)
{
        int64_t time_ms = 0;

        if (tg_time_parse(text, strlen(text), &time_ms) < 0)
                argp_error(state, "%s: \"%s\" is no time: write 2026-03-01 or 2026-03-01T12:00:00Z",
                           option, text);
        return time_ms;
}

int64_t tg_option_duration(struct argp_state *state, const char *option, const char *text,
                           int64_t min_ms, int64_t max_ms)
{
        char longest[TG_TIME_TEXT_SIZE];
        int64_t duration_ms = 0;

        if (tg_duration_parse(text, strlen(text), &duration_ms) < 0 || duration_ms < min_ms)
                argp_error(state, "%s: \"%s\" is no duration such as 30m or 1h", option, text);
        if (duration_ms > max_ms)
                argp_error(state, "%s: \"%s\" is longer than %s", option, text,
                           tg_duration_text(max_ms, longest));
        return duration_ms;
}

enum tg_codec tg_option_codec(struct argp_state *state, const char *option, const char *text)
{
        enum tg_codec codec = TG_CODEC_NULL;

        if (tg_codec_parse(tg_span_text(text), &codec) < 0)
                argp_error(state, "%s: \"%s\" is none of null, deflate and snappy", option, text);
        return codec;
}

/* Digits with one decimal point among them, so that neither "nan" nor "0x1p3" is a speed. */
static bool is_decimal(const char *text)
{
        size_t whole = strspn(text, "0123456789");
        size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

        return whole > 0 && text[whole + (part ? part + 1 : 0)] == '\0';
}

double tg_option_speed(struct argp_state *state, const char *option, const char *text)
{
        double speed = is_decimal(text) ? strtod(text, NULL) : 0;

        if (strcmp(text, "max") == 0)
                return 0;
        if (speed < 1e-6 || speed > 1e9)
                argp_error(state,
                           "%s: \"%s\" is no speed: write max, or how many times the recorded "
                           "speed, from 0.000001 to 1000000000, such as 10 or 0.5",
                           option, text);
        return speed;
}

const char *tg_option_meant(const char *written, const char *const *words, size_t count)
{
        ptrdiff_t nearest = tg_nearest(tg_span_text(written), words, count);

        return nearest < 0 ? NULL : words[nearest];
}

int tg_options_parse(const struct argp *argp, int argc, char **argv, void *options)
{
        argp_err_exit_status = EX_USAGE;
        return argp_parse(argp, argc, argv, 0, NULL, options) == 0 ? 0 : EX_USAGE;
}
