/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of other people's records and messages, written so that they do no harm: neither to who
 * parses a line nor to the terminal that it is shown on.
 */
#pragma once

#include <stdio.h>

#include "base/span.h"

/* A JSON string: whatever the bytes are, the line stays one, and JSON. */
void tg_text_json(FILE *file, struct tg_span text);

/* For a terminal, in which what would steer it comes out as '?', but for KEEP ('\n', or 0). */
void tg_text_plain(FILE *file, struct tg_span text, char keep);
