/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the shards of a process stop: when it is asked to, or when all have read everything.
 *
 * Shared by all threads of a run. A thread that still has something to read is counted in `busy`;
 * with `exit_at_end` nobody leaves before nobody is busy, since a member that leaves early only
 * makes the others read its partitions once more.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct tg_lifetime {
        atomic_int stop;  /* asked to leave; set by a signal handler too */
        atomic_uint busy; /* threads that read or feed; with exit_at_end only */
        bool exit_at_end; /* leave when everything has been read */
};

/* Relaxed is enough: these order nothing, whoever sees a change late stops a moment later. */
static inline bool tg_lifetime_over(struct tg_lifetime *lifetime)
{
        return atomic_load_explicit(&lifetime->stop, memory_order_relaxed) ||
               (lifetime->exit_at_end &&
                atomic_load_explicit(&lifetime->busy, memory_order_relaxed) == 0);
}

static inline void tg_lifetime_stop(struct tg_lifetime *lifetime)
{
        atomic_store_explicit(&lifetime->stop, 1, memory_order_relaxed);
}
