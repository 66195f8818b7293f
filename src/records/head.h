/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three fields that every input begins with: enough to place a record in its partition and
 * time.
 */
#pragma once

#include "avro/layout.h"

struct tg_head {
        struct tg_span id;
        struct tg_span customer;
        int64_t time_ms;
};

extern const struct tg_layout tg_head_layout;
