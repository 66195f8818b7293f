/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema ids that outputs carry in front: those of the configuration, or the registry's.
 *
 * With a registry, each output topic's schema is registered at the start under the topic's subject
 * (<topic>-value), or only looked up there with `auto_register: false`. The topic of a channel
 * that is created later gets its id at the first permit, which then waits for the registry once.
 *
 * Shared by all shards; thread-safe. Asking for an id that is known costs nothing.
 */
#pragma once

#include <stdatomic.h>

#include "base/error.h"
#include "kafka/notice.h"
#include "kafka/settings.h"

struct tg_subjects;

struct tg_subjects_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        const atomic_int *stop; /* waiting for the registry ends once it is not 0 */
        uint32_t channels;      /* tg_topics_found, as the next */
        bool customers;
};

/* Returns 0, or -1: the registry does not answer in `start_wait_max`, or refuses a schema. */
int tg_subjects_new(const struct tg_subjects_options *options, struct tg_subjects **ret_subjects,
                    struct tg_error *error);
void tg_subjects_free(struct tg_subjects *subjects);

uint32_t tg_subjects_decision(const struct tg_subjects *subjects);

/* Of what lasts of customers, if there is a topic for it. */
uint32_t tg_subjects_customer(const struct tg_subjects *subjects);

/* Of the permitted messages of CHANNEL. Returns 0 or -1. */
int tg_subjects_permitted(struct tg_subjects *subjects, unsigned channel, uint32_t *ret_id,
                          struct tg_error *error);
