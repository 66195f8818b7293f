/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of any stream as decoded.
 *
 * All begin with the same three fields, so that whoever only places a record need not know which
 * it is.
 */
#pragma once

#include <stddef.h>

#include "records/head.h"
#include "records/request.h"
#include "records/told.h"
#include "records/touchpoint.h"

union tg_event {
        struct tg_head head;
        struct tg_touchpoint touchpoint;
        struct tg_request request;
        struct tg_told told;
};

#define TG_BEGINS_LIKE_HEAD(type)                                          \
        (offsetof(type, id) == offsetof(struct tg_head, id) &&             \
         offsetof(type, customer) == offsetof(struct tg_head, customer) && \
         offsetof(type, time_ms) == offsetof(struct tg_head, time_ms))
_Static_assert(TG_BEGINS_LIKE_HEAD(struct tg_touchpoint), "a touchpoint begins with a head");
_Static_assert(TG_BEGINS_LIKE_HEAD(struct tg_request), "a request begins with a head");
_Static_assert(TG_BEGINS_LIKE_HEAD(struct tg_told), "a decision begins with a head");
#undef TG_BEGINS_LIKE_HEAD
