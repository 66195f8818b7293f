/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the cells of one kind are read: what each counter keeps, and for how long. Immutable once a
 * policy is compiled.
 */
#pragma once

#include "customer/slot.h"

/* How one counter of a kind of cell is kept. */
struct tg_keeping {
        int64_t window_ms; /* a slot older than this matters to nobody */
        uint32_t keep;     /* touches: the N latest; permits: at most so many unexpired */
        bool permits;      /* its slots are permits */
};

/* The counters of a kind of cell, by number. */
struct tg_cell_layout {
        struct tg_keeping counters[TG_COUNTERS_MAX];
        unsigned count;
};
