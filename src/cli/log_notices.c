/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_notices.h"

#include <stdio.h>

#include "cli/terminal.h"

enum { MISTAKE_SIZE = 1024 };

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        static const enum tg_log_level levels[] = {
                [TG_NOTICE_ERROR] = TG_LOG_ERROR,
                [TG_NOTICE_WARNING] = TG_LOG_WARNING,
                [TG_NOTICE_INFO] = TG_LOG_INFO,
                [TG_NOTICE_DEBUG] = TG_LOG_DEBUG,
        };

        tg_log_line(context, levels[level], key, text);
}

struct tg_notices tg_log_notices(struct tg_log *log)
{
        return (struct tg_notices){.tell = tell, .context = log};
}

void tg_log_mistakes(struct tg_log *log, const struct tg_diagnostics *diagnostics)
{
        char text[MISTAKE_SIZE];

        if (!log->json) {
                tg_diagnostics_print(diagnostics, log->file, tg_terminal_colours(log->file));
                return;
        }
        for (size_t i = 0; i < diagnostics->count; i++) {
                const struct tg_diagnostic *item = &diagnostics->items[i];

                snprintf(text, sizeof text, "%s:%u:%u: %s%s%s", item->file, item->line,
                         item->column, item->message, item->advice ? "; " : "",
                         item->advice ? item->advice : "");
                tg_log_line(log, item->severity == TG_ERROR ? TG_LOG_ERROR : TG_LOG_WARNING, text,
                            text);
        }
}
