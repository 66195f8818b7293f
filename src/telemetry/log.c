/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/time.h"
#include "telemetry/text.h"

enum { LINE_SIZE = 2048, CLOCK_OFFSET = 11, CLOCK_SIZE = 8 };

static const char *const level_names[TG_LOG_LEVELS] = {
        [TG_LOG_ERROR] = "error",
        [TG_LOG_WARNING] = "warning",
        [TG_LOG_INFO] = "info",
        [TG_LOG_DEBUG] = "debug",
};

void tg_log_init(struct tg_log *log, FILE *file, enum tg_log_format format, enum tg_log_level level)
{
        bool terminal = isatty(fileno(file));

        *log = (struct tg_log){
                .file = file,
                .json = format == TG_LOG_JSON || (format == TG_LOG_AUTO && !terminal),
                .terminal = terminal,
                .level = level,
                .now_ms = tg_clock_wall_ms,
        };
        pthread_mutex_init(&log->lock, NULL);
}

static void write_line(struct tg_log *log, enum tg_log_level level, const char *text,
                       uint64_t thinned)
{
        char time_text[TG_TIME_TEXT_SIZE];

        tg_time_text(log->now_ms(log->context), time_text);
        if (log->json) {
                fprintf(log->file, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time_text,
                        level_names[level]);
                tg_text_json(log->file, tg_span_text(text));
                if (thinned)
                        fprintf(log->file, ",\"thinned\":%" PRIu64, thinned);
                fputs("}\n", log->file);
        } else {
                fprintf(log->file, "%s%.*s %-7s  ", log->terminal ? "\r\033[K" : "", CLOCK_SIZE,
                        time_text + CLOCK_OFFSET, level_names[level]);
                tg_text_plain(log->file, tg_span_text(text), '\n');
                if (thinned)
                        fprintf(log->file, " (repeated %" PRIu64 " times before)", thinned);
                fputc('\n', log->file);
        }
        fflush(log->file);
}

static uint64_t thinned_of(const struct tg_log_repeat *repeat)
{
        return repeat->count > TG_LOG_BURST ? repeat->count - TG_LOG_BURST : 0;
}

/* The place of a key, or one for it: that of the key which has been there longest. */
static struct tg_log_repeat *find_place(struct tg_log *log, uint64_t key)
{
        struct tg_log_repeat *oldest = &log->repeats[0];

        for (int i = 0; i < TG_LOG_KEYS; i++) {
                struct tg_log_repeat *repeat = &log->repeats[i];

                if (repeat->count && repeat->key == key)
                        return repeat;
                if (!repeat->count || (oldest->count && repeat->since_ms < oldest->since_ms))
                        oldest = repeat;
        }
        log->untold += thinned_of(oldest);
        *oldest = (struct tg_log_repeat){.key = key, .since_ms = log->now_ms(log->context)};
        return oldest;
}

/* Whether this one is told, and how many before it were not. */
static bool passes(struct tg_log *log, const char *key, uint64_t *ret_thinned)
{
        struct tg_log_repeat *repeat = find_place(log, tg_hash64(tg_span_text(key)));
        int64_t now_ms = log->now_ms(log->context);

        *ret_thinned = 0;
        if (now_ms - repeat->since_ms >= TG_LOG_WINDOW_MS) {
                *ret_thinned = thinned_of(repeat);
                repeat->since_ms = now_ms;
                repeat->count = 0;
        }
        return ++repeat->count <= TG_LOG_BURST;
}

void tg_log_line(struct tg_log *log, enum tg_log_level level, const char *key, const char *text)
{
        uint64_t thinned;

        if (level > log->level)
                return;
        pthread_mutex_lock(&log->lock);
        if (passes(log, key, &thinned))
                write_line(log, level, text, thinned);
        pthread_mutex_unlock(&log->lock);
}

void tg_log(struct tg_log *log, enum tg_log_level level, const char *format, ...)
{
        char text[LINE_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        tg_log_line(log, level, format, text);
}

void tg_log_status(struct tg_log *log, const char *text)
{
        if (!log->terminal || log->json)
                return;
        pthread_mutex_lock(&log->lock);
        fputs("\r\033[K", log->file);
        if (text)
                tg_text_plain(log->file, tg_span_text(text), 0);
        fflush(log->file);
        pthread_mutex_unlock(&log->lock);
}

void tg_log_deinit(struct tg_log *log)
{
        uint64_t thinned = log->untold;

        for (int i = 0; i < TG_LOG_KEYS; i++)
                thinned += thinned_of(&log->repeats[i]);
        if (thinned)
                write_line(log, TG_LOG_INFO, "some lines that repeated others were left out",
                           thinned);
        pthread_mutex_destroy(&log->lock);
}

int tg_log_format_parse(const char *text, enum tg_log_format *ret_format)
{
        static const char *const names[] = {"auto", "text", "json"};

        for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
                if (strcmp(text, names[i]) != 0)
                        continue;
                *ret_format = (enum tg_log_format)i;
                return 0;
        }
        return -1;
}
