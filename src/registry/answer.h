/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Schema Registry's answers say: JSON from somebody else, so every word of it is checked.
 *
 * Pure; a few microseconds. Errors say what was wrong, callers put in front who said it. What is
 * told in the registry's own words is UTF-8 that steers no terminal.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The schema in an answer, appended to RET_JSON. Returns 0, or -1: no such JSON, another kind of
 * schema than Avro, or one that refers to others.
 */
int tg_answer_schema(struct tg_span body, struct tg_buffer *ret_json, struct tg_error *error);

/* The id in an answer. Returns 0 or -1. */
int tg_answer_id(struct tg_span body, uint32_t *ret_id, struct tg_error *error);

/*
 * Writes what an answer of failure says: "Schema not found (40403)". Returns its error_code; 0, and
 * the empty text, if it says nothing in the registry's own form.
 */
enum { TG_ANSWER_TEXT_SIZE = 320 };
int tg_answer_failure(struct tg_span body, char text[static TG_ANSWER_TEXT_SIZE]);
