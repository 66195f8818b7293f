/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touchgate itself, run as a person would: what it says and how it ends.
 */
#pragma once

#include "support/folder.h"

struct outcome {
        int code;   /* exit status; -1: it was ended by a signal */
        char *said; /* standard output; owned */
        char *told; /* standard error; owned */
};

/* Runs touchgate with these ARGUMENTS (NULL-terminated), and waits for its end. */
struct outcome process_run(const struct folder *folder, const char *const *arguments);
/* The same, but sends SIGNAL to it as soon as the file SIGN is in the folder. */
struct outcome process_interrupt(const struct folder *folder, const char *const *arguments,
                                 const char *sign, int signal);

void outcome_deinit(struct outcome *outcome);

/* OUTCOME(name, folder, "check", "policy.yaml"); relative paths are in the folder. */
#define OUTCOME(name, folder, ...)                                     \
        __attribute__((cleanup(outcome_deinit))) struct outcome name = \
                process_run(folder, (const char *const[]){"touchgate", __VA_ARGS__, NULL})

#define expect_part(text, part) \
        cr_expect_not_null(strstr((text), (part)), "no \"%s\" in: %s", (part), (text))
