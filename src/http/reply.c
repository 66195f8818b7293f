/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static const char media_type[] = "application/json";

void tg_reply_deinit(struct tg_reply *reply)
{
        tg_buffer_deinit(&reply->body);
        *reply = (struct tg_reply){0};
}

void tg_reply_json(struct tg_reply *reply, unsigned status, json_t *json)
{
        char *text = json_dumps(json, JSON_COMPACT);

        reply->status = status;
        reply->type = media_type;
        if (text) /* jansson refuses nothing that it has made itself */
                tg_buffer_append(&reply->body, text, strlen(text));
        tg_buffer_append(&reply->body, "\n", 1);
        free(text);
        json_decref(json);
}

void tg_reply_error(struct tg_reply *reply, unsigned status, const char *format, ...)
{
        char text[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        tg_utf8_tame(text); /* what was asked may be cut within a character: that is no JSON */
        tg_reply_json(reply, status, json_pack("{s:i, s:s}", "status", (int)status, "error", text));
}

void tg_reply_header(struct tg_reply *reply, const char *header, const char *value)
{
        reply->header = header;
        snprintf(reply->value, sizeof reply->value, "%s", value);
}
