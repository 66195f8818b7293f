/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition would decide now, and what each rule that looks at such a request says of this
 * moment. Changes nothing.
 *
 * Costs about what a decision costs. Called by the owner of the partition, at its clock.
 */
#pragma once

#include "shard/partition.h"

/*
 * Appends a decision, encoded, that was not made: of RECORD, a decoded request, at the partition's
 * clock. Its reasons are the answers of all rules that select the request, those that say yes (at
 * this very time) included; then those of throttles and of the gate that say otherwise. Where the
 * general variant would be decided in its place, the decision is of that, and the same about the
 * variant follows. Returns how many reasons are about the message as requested.
 */
size_t tg_explain(struct tg_partition *partition, struct tg_record *record,
                  struct tg_buffer *decision);
