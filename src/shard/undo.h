/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deciding has changed in a partition since the last commit, so that it can be taken back if
 * what it told was not made durable: permits by customer and value, throttles, positions. (What
 * waits and what was answered keep their own journals.)
 *
 * Facts stay, and how far they are known, which decisions tell: reading them again changes nothing.
 * The clock stays: facts were recorded by it. Cells that were added for a permit stay, empty, until
 * they are swept.
 *
 * Cost: a copy of some hundred bytes a permit; memory grows to the largest transaction, and is
 * reused. One owner, one thread.
 */
#pragma once

#include "base/buffer.h"
#include "shard/partition.h"

/* A permit was given to MESSAGE (in the form decided), at the partition's clock. */
void tg_undo_note_permit(struct tg_undo *undo, const struct tg_request *message, int64_t time_ms,
                         uint32_t tag);

/* What was decided stands: from here on, this is what is gone back to. */
void tg_undo_mark(struct tg_partition *partition);

/* Goes back there. */
void tg_undo_apply(struct tg_partition *partition);
