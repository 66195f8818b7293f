/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Avro datum as one line of JSON, for people to look at.
 *
 * A union is its branch, an enum its word, bytes are text (what is no UTF-8 comes out as U+FFFD), a
 * timestamp is written as in 2017-03-01T12:00:00.000Z. Uses libavro, which is slow and trusts its
 * input: for what we have written ourselves.
 */
#pragma once

#include <avro.h>
#include <stdio.h>

void tg_datum_json(FILE *file, avro_value_t *value);
