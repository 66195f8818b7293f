/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead letter, shown to a person or told to a program.
 *
 * Its texts come from records of anybody: what would steer a terminal comes out as '?'.
 */
#pragma once

#include <stdio.h>

#include "transfer/letters.h"

/* "2:17  2026-05-31 12:00:00  requests 0:4711  undecodable  45 bytes  truncated" */
/* AGAIN: an older letter was of the same record. */
void tg_letter_print(FILE *file, const struct tg_letter *letter, bool again);

/* The first bytes of key and value, as numbers and as text. */
void tg_letter_print_bytes(FILE *file, const struct tg_letter *letter);

/* One object, and the end of the line; BYTES: with key and value, in base16. */
void tg_letter_print_json(FILE *file, const struct tg_letter *letter, bool again, bool bytes);
