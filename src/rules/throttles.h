/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The throttles of a policy, as they are read. Private to the folder.
 */
#pragma once

#include "rules/policy.h"

/*
 * Reads `throttles` into POLICY, whose rules are there: a throttle's name is told from theirs.
 * PARTITIONS is how many share each (0: not known).
 */
void tg_throttles_read(struct tg_policy *policy, struct tg_reader *reader, uint32_t partitions);
