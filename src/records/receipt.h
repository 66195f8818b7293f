/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receipt of a permit: its time and tag, which touchpoints about the message echo.
 */
#pragma once

#include "avro/layout.h"

struct tg_receipt {
        int64_t time_ms; /* when the permit was given */
        int32_t tag;     /* tells the customer's permits of one moment apart, 16 bits */
        bool present;    /* false: the record carries none */
};

extern const struct tg_layout tg_receipt_layout;
