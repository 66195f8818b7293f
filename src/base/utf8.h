/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What messages and tables need to know of UTF-8: what is valid, what a person sees as one
 * character, and what must not reach a terminal. Pure and thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that begins at TEXT, or 0 if there is none that is valid UTF-8. */
size_t tg_utf8_size(const uint8_t *text, size_t size);

/*
 * Bytes of what counts as one character at TEXT, of which there is at least one byte: what is no
 * UTF-8 stands alone. RET_CODE is its code, and TG_UTF8_NONE for such a byte.
 */
#define TG_UTF8_NONE UINT32_MAX
size_t tg_utf8_next(const uint8_t *text, size_t size, uint32_t *ret_code);

/* A terminal must not be given it: a control (a tab too), a change of direction, no character. */
bool tg_utf8_steers(uint32_t code);

/* Makes TEXT one that can be shown: bytes that are no UTF-8, and what steers, become '?' each. */
void tg_utf8_tame(char *text);

/* Characters in SIZE bytes; bytes that are no UTF-8 may count as none. */
size_t tg_utf8_count(const uint8_t *text, size_t size);
