/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema ids with which the records of a recording are framed when they go to topics.
 *
 * Without a registry they are those of the configuration. With one, each schema is registered under
 * its topic's subject (<topic>-value), or only looked up there with `auto_register: false`: what
 * was recorded from these topics gets the ids it had. All is known before the first record is
 * written. One owner; then read by any thread.
 */
#pragma once

#include <stdatomic.h>

#include "kafka/readings.h"
#include "recording/reader.h"

struct tg_framing_id {
        uint64_t fingerprint;
        uint32_t id;
};

struct tg_framing_ids {
        struct tg_framing_id *items[TG_STREAMS]; /* owned */
        size_t counts[TG_STREAMS];
};

struct tg_framing_ids_options {
        const struct tg_kafka_settings *settings; /* borrowed for the call, as all here */
        const struct tg_readings *readings;
        const struct tg_notices *notices;
        const struct tg_recording *recording;
        const atomic_int *stop; /* waiting for the registry ends once it is not 0 */
};

/* Returns 0, or -1: a schema has no id; RET_IDS is to be deinited in both cases. */
int tg_framing_ids_find(const struct tg_framing_ids_options *options,
                        struct tg_framing_ids *ret_ids, struct tg_error *error);
void tg_framing_ids_deinit(struct tg_framing_ids *ids);

/* FINGERPRINT is that of a file of the stream. */
uint32_t tg_framing_ids_get(const struct tg_framing_ids *ids, enum tg_stream stream,
                            uint64_t fingerprint);
