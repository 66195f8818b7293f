/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wording that all mistakes about values share: what was expected, for which key, what was
 * found. Private to config/.
 */
#pragma once

#include "config/diagnostics.h"
#include "config/document.h"

/*
 * Tells that NODE isn't what was EXPECTED ("a list"). Returns false, so that a check reads
 * `return tg_mistake(...)`. A NULL node tells nothing.
 */
bool tg_mistake(struct tg_diagnostics *diagnostics, const struct tg_node *node, const char *advice,
                const char *expected);

/* Bytes of TEXT to repeat in a message: not too many, ending between two characters. For "%.*s". */
int tg_mistake_quoted(struct tg_span text);

/* "<known> a, b, c", ending in ", ..." where SIZE (at least 80) doesn't hold all. Returns ADVICE.
 */
char *tg_mistake_list(const char *const *words, size_t count, const char *known, char *advice,
                      size_t size);

/* A scalar without quotes that is a whole or decimal number, of any size. */
bool tg_mistake_is_number(const struct tg_node *node);
