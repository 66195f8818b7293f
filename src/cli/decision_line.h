/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision as one line that a person can read.
 *
 *     2017-03-01 12:00:01  deny    customer-43    ads       shoes             ads-weekly 10 of 10
 *
 * Reads libavro's value of schemas/decision.avsc. What could steer a terminal comes out as '?'.
 */
#pragma once

#include <avro.h>
#include <stdbool.h>

#include "records/words.h"

enum { TG_DECISION_LINE_SIZE = 768 };

/* What stands above such lines. */
#define TG_DECISION_HEADING \
        "time of the record   answer  customer       channel   campaign             because"

/* Writes the line, without a newline, its outcome coloured if wished; returns the outcome. */
enum tg_outcome tg_decision_line(avro_value_t *decision, bool colours,
                                 char ret_line[static TG_DECISION_LINE_SIZE]);
