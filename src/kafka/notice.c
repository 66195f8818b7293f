/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/notice.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 1024 };

void tg_notice(const struct tg_notices *notices, enum tg_notice_level level, const char *format,
               ...)
{
        char text[LINE_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        notices->tell(notices->context, level, format, text);
}
