/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decision_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "records/words.h"

enum { REASONS_SIZE = 160, TEXT_SIZE = 120 };

/* The text of a string field, or of its branch if it is a union; "-" for a null. */
static const char *field_text(avro_value_t *record, const char *name)
{
        avro_value_t field, branch;
        const char *text = "-";
        size_t size;

        if (avro_value_get_by_name(record, name, &field, NULL))
                return "-";
        if (avro_value_get_type(&field) == AVRO_UNION &&
            avro_value_get_current_branch(&field, &branch) == 0)
                field = branch;
        if (avro_value_get_type(&field) == AVRO_STRING)
                avro_value_get_string(&field, &text, &size);
        return text;
}

/* A long field, or its branch; TG_NO_TIME for a null. */
static int64_t field_long(avro_value_t *record, const char *name)
{
        avro_value_t field, branch;
        int64_t number = TG_NO_TIME;

        if (avro_value_get_by_name(record, name, &field, NULL))
                return number;
        if (avro_value_get_type(&field) == AVRO_UNION &&
            avro_value_get_current_branch(&field, &branch) == 0)
                field = branch;
        if (avro_value_get_type(&field) == AVRO_INT64)
                avro_value_get_long(&field, &number);
        return number;
}

static unsigned field_symbol(avro_value_t *record, const char *name)
{
        avro_value_t field;
        int symbol = 0;

        if (avro_value_get_by_name(record, name, &field, NULL) == 0)
                avro_value_get_enum(&field, &symbol);
        return (unsigned)symbol;
}

static bool field_true(avro_value_t *record, const char *name)
{
        avro_value_t field;
        int truth = 0;

        if (avro_value_get_by_name(record, name, &field, NULL) == 0)
                avro_value_get_boolean(&field, &truth);
        return truth;
}

/* "2017-03-01 12:00:00", for an eye rather than a program. */
static char *short_time(int64_t time_ms, char text[static TG_TIME_TEXT_SIZE])
{
        enum { SEPARATOR = 10, END = 19 };

        tg_time_text(time_ms, text);
        if (strlen(text) > END) {
                text[SEPARATOR] = ' ';
                text[END] = '\0';
        }
        return text;
}

/* Nothing in a customer's id or a campaign may steer the terminal. */
static const char *safe(const char *text, char copy[static TEXT_SIZE])
{
        const uint8_t *at = (const uint8_t *)text;
        size_t left = strlen(text), used = 0, size;
        uint32_t code;

        for (; left > 0; at += size, left -= size) {
                size = tg_utf8_next(at, left, &code);
                if (used + size >= TEXT_SIZE)
                        break;
                memcpy(copy + used, tg_utf8_steers(code) ? (const uint8_t *)"?" : at,
                       tg_utf8_steers(code) ? 1 : size);
                used += tg_utf8_steers(code) ? 1 : size;
        }
        copy[used] = '\0';
        return copy;
}

/* "ads-weekly 10 of 10, breathe": who said no, or not yet. */
static void describe_reasons(avro_value_t *decision, char text[static REASONS_SIZE])
{
        avro_value_t reasons, reason;
        size_t count = 0;

        text[0] = '\0';
        if (avro_value_get_by_name(decision, "reasons", &reasons, NULL) == 0)
                avro_value_get_size(&reasons, &count);
        for (size_t i = 0; i < count; i++) {
                size_t used = strlen(text);
                char rule[TEXT_SIZE];
                int64_t counter;

                avro_value_get_by_index(&reasons, i, &reason, NULL);
                counter = field_long(&reason, "counter");
                snprintf(text + used, REASONS_SIZE - used, "%s%s", used ? ", " : "",
                         safe(field_text(&reason, "rule"), rule));
                used = strlen(text);
                if (counter != TG_NO_TIME)
                        snprintf(text + used, REASONS_SIZE - used, " %" PRId64 " of %" PRId64,
                                 counter, field_long(&reason, "limit"));
                used = strlen(text);
                if (field_true(&reason, "shadow"))
                        snprintf(text + used, REASONS_SIZE - used, " (shadow)");
        }
}

static void trim(char *line)
{
        size_t size = strlen(line);

        while (size > 0 && line[size - 1] == ' ')
                line[--size] = '\0';
}

enum tg_outcome tg_decision_line(avro_value_t *decision, bool colours,
                                 char ret_line[static TG_DECISION_LINE_SIZE])
{
        static const char *const paint[TG_OUTCOMES] = {"", "\033[32m", "\033[31m", "\033[33m"};
        unsigned symbol = field_symbol(decision, "outcome");
        enum tg_outcome outcome =
                symbol < TG_OUTCOMES ? (enum tg_outcome)symbol : TG_OUTCOME_UNKNOWN;
        char time_text[TG_TIME_TEXT_SIZE], until_text[TG_TIME_TEXT_SIZE];
        char customer[TEXT_SIZE], campaign[TEXT_SIZE], reasons[REASONS_SIZE];
        int64_t until_ms = field_long(decision, "until");
        bool waits = until_ms != TG_NO_TIME;

        describe_reasons(decision, reasons);
        snprintf(ret_line, TG_DECISION_LINE_SIZE, "%s  %s%-6s%s  %-14s %-9s %-20s %s%s%s",
                 short_time(field_long(decision, "time"), time_text), colours ? paint[outcome] : "",
                 tg_word(&tg_outcome_words, outcome), colours ? "\033[0m" : "",
                 safe(field_text(decision, "customer"), customer),
                 tg_word(&tg_channel_words, field_symbol(decision, "channel")),
                 safe(field_text(decision, "campaign"), campaign), reasons, waits ? " until " : "",
                 waits ? short_time(until_ms, until_text) : "");
        trim(ret_line);
        return outcome;
}
