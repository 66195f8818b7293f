/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How this folder tells people what happens, without knowing where logs go.
 *
 * Whoever composes the process gives `tell` (cli/ hands it to telemetry/log.h). It is called from
 * any thread, librdkafka's own included, and must not block for long.
 */
#pragma once

enum tg_notice_level { TG_NOTICE_ERROR, TG_NOTICE_WARNING, TG_NOTICE_INFO, TG_NOTICE_DEBUG };

struct tg_notices {
        /* KEY is equal for lines that say the same of different things: what repeats is thinned. */
        void (*tell)(void *context, enum tg_notice_level level, const char *key, const char *text);
        void *context;
};

/* Tells one line without a trailing newline; FORMAT is its key. Lines over 1 KiB are cut. */
void tg_notice(const struct tg_notices *notices, enum tg_notice_level level, const char *format,
               ...) __attribute__((format(printf, 3, 4)));
