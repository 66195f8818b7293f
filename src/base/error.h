/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How failures travel: a function that can fail returns 0, a positive answer that its header
 * documents, or -1 with a struct tg_error filled for a person to read.
 *
 * An error says what was wrong, where (file:line:column, topic/partition/offset) and what to do. It
 * is filled once, where the failure is understood; callers may put context in front. Costs nothing
 * on the happy path. A struct tg_error belongs to its caller's stack; not shared between threads.
 */
#pragma once

#include <sysexits.h>

struct tg_error {
        int exit_code;      /* sysexits.h: what main() returns if this reaches it */
        char message[1024]; /* one sentence or a few lines, without a trailing newline */
};

/* Fills ERROR and returns -1, so that a failing path reads `return tg_fail(error, EX_..., ...)`. */
int tg_fail(struct tg_error *error, int exit_code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The same with ": <strerror(errno_value)>" appended. */
int tg_fail_errno(struct tg_error *error, int exit_code, int errno_value, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Puts "<context>: " in front of a message already filled; returns -1. */
int tg_fail_context(struct tg_error *error, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
