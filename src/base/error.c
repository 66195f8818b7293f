/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int tg_fail(struct tg_error *error, int exit_code, const char *format, ...)
{
        va_list arguments;

        error->exit_code = exit_code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        return -1;
}

int tg_fail_errno(struct tg_error *error, int exit_code, int errno_value, const char *format, ...)
{
        va_list arguments;
        size_t used;

        error->exit_code = exit_code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s",
                 strerror(errno_value));
        return -1;
}

int tg_fail_context(struct tg_error *error, const char *format, ...)
{
        char tail[sizeof error->message];
        va_list arguments;
        size_t used;

        memcpy(tail, error->message, sizeof tail);
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s", tail);
        return -1;
}
