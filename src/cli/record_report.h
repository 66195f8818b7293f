/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was recorded: recording.json, and lines for a person.
 */
#pragma once

#include <stdio.h>

#include "transfer/recorder.h"

struct json_t;

/* A new reference. */
struct json_t *tg_record_report(const struct tg_recorder_options *options,
                                const struct tg_recorded *recorded);

void tg_record_print(FILE *file, const struct tg_recorder_options *options,
                     const struct tg_recorded *recorded);
