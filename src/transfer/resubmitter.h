/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Submits dead letters again: to the topic and partition where they were read, key, value and their
 * own headers untouched.
 *
 * Our headers are taken off; touchgate.resubmitted counts, so that a record that is rejected again
 * and again is seen. An idempotent producer, each letter at least once; the letter itself stays
 * where it is. One owner, one thread.
 */
#pragma once

#include "transfer/letters.h"

struct tg_resubmitter;

/* Borrows both until the end. Returns 0 or -1. */
int tg_resubmitter_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                       struct tg_resubmitter **ret_resubmitter, struct tg_error *error);
void tg_resubmitter_free(struct tg_resubmitter *resubmitter); /* NULL is fine */

/* Hands one in. Returns 0 or -1. */
int tg_resubmitter_submit(struct tg_resubmitter *resubmitter, const struct tg_letter *letter,
                          struct tg_error *error);

/* Waits until all are confirmed. Returns 0 or -1. */
int tg_resubmitter_finish(struct tg_resubmitter *resubmitter, struct tg_error *error);
