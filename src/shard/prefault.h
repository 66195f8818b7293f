/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that faults in the memory that customer tables grow into next, so that their owner meets
 * no page fault while it decides.
 *
 * One a shard; it looks every few milliseconds, and costs nothing else. Adding and taking out wait
 * for what it is just doing: tens of milliseconds at most, when a partition comes or goes.
 */
#pragma once

#include "customer/table.h"

struct tg_prefault;

/* Of at most TABLES tables. NULL: no thread could be started; owners then fault for themselves. */
struct tg_prefault *tg_prefault_new(size_t tables);
void tg_prefault_free(struct tg_prefault *prefault); /* NULL is fine, here and below */

void tg_prefault_add(struct tg_prefault *prefault, struct tg_table *table);
void tg_prefault_remove(struct tg_prefault *prefault, const struct tg_table *table);
