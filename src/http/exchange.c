/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "telemetry/histogram.h"

struct tg_exchange *tg_exchange_new(struct MHD_Connection *connection)
{
        struct tg_exchange *exchange = tg_allocate_zeroed(1, sizeof *exchange);

        exchange->connection = connection;
        exchange->begun_us = tg_watch_us();
        return exchange;
}

void tg_exchange_free(struct tg_exchange *exchange)
{
        assert(!exchange->waits);
        tg_buffer_deinit(&exchange->body);
        tg_reply_deinit(&exchange->reply);
        free(exchange);
}

enum MHD_Result tg_exchange_send(struct tg_exchange *exchange)
{
        struct tg_reply *reply = &exchange->reply;
        struct MHD_Response *response;
        enum MHD_Result result;

        assert(reply->status);
        response = MHD_create_response_from_buffer(reply->body.size, reply->body.data,
                                                   MHD_RESPMEM_MUST_COPY);
        if (!response)
                return MHD_NO;
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        if (reply->header)
                MHD_add_response_header(response, reply->header, reply->value);
        result = MHD_queue_response(exchange->connection, reply->status, response);
        MHD_destroy_response(response);
        exchange->sent = true;
        return result;
}
