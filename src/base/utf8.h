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

/* The SIZE bytes at TEXT steer a terminal: a control (a tab too), or a change of direction. */
bool tg_utf8_steers(const uint8_t *text, size_t size);

/* Characters in SIZE bytes; bytes that are no UTF-8 may count as none. */
size_t tg_utf8_count(const uint8_t *text, size_t size);
