/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line a message, readable on a terminal, one JSON object a line anywhere else.
 *
 *     12:00:00 warning  no topic for the permitted messages of some channels (permitted.post)
 *     {"time":"2017-03-01T12:00:00.000Z","level":"warning","message":"no topic for ..."}
 *
 * What repeats is thinned: of lines with one key at most TG_LOG_BURST come within TG_LOG_WINDOW_MS,
 * the rest are counted and the count is told with the next one, or at the end. Texts of others
 * neither break a line of JSON nor steer a terminal. Any thread may log; a line is written under a
 * lock, at once. Costs microseconds: not for every record.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum tg_log_level { TG_LOG_ERROR, TG_LOG_WARNING, TG_LOG_INFO, TG_LOG_DEBUG, TG_LOG_LEVELS };

enum tg_log_format { TG_LOG_AUTO, TG_LOG_TEXT, TG_LOG_JSON };

enum {
        TG_LOG_BURST = 5,
        TG_LOG_WINDOW_MS = 10000,
        TG_LOG_KEYS = 64, /* told apart; one more takes the place of the oldest */
};

struct tg_log {
        FILE *file; /* borrowed */
        bool json;
        bool terminal;                    /* a status line may stand there: it is wiped first */
        enum tg_log_level level;          /* lines beyond it are left out */
        int64_t (*now_ms)(void *context); /* the wall clock */
        void *context;                    /* for now_ms */
        pthread_mutex_t lock;             /* of what follows, and of the file */
        struct tg_log_repeat {
                uint64_t key;
                int64_t since_ms;
                uint64_t count; /* within the window; 0: the place is free */
        } repeats[TG_LOG_KEYS];
        uint64_t untold; /* lines thinned of keys that lost their place */
};

/* Logs to FILE as FORMAT says; TG_LOG_AUTO asks whether it is a terminal. Uses the wall clock. */
void tg_log_init(struct tg_log *log, FILE *file, enum tg_log_format format,
                 enum tg_log_level level);

/* Tells what was thinned and not told yet. The file stays open. */
void tg_log_deinit(struct tg_log *log);

/* One line, without a newline. KEY: what is equal for lines that say the same of other things. */
void tg_log_line(struct tg_log *log, enum tg_log_level level, const char *key, const char *text);

/* The same; FORMAT is the key. Lines over 2 KiB are cut. */
void tg_log(struct tg_log *log, enum tg_log_level level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * Puts TEXT on the terminal below the log, in place of what it said before; NULL: nothing any more.
 * A log that is no text on a terminal has none.
 */
void tg_log_status(struct tg_log *log, const char *text);

/* "text" and so on to a format; -1 if there is no such. */
int tg_log_format_parse(const char *text, enum tg_log_format *ret_format);
