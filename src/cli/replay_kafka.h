/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate replay --to-kafka`: a recording into the topics of a gate, at so many times the
 * recorded speed.
 */
#pragma once

#include "cli/replay_options.h"

/* Returns the exit status, after having said what was written, or what was wrong. */
int tg_replay_to_kafka(const struct tg_replay_arguments *arguments);
