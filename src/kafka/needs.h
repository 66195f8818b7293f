/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each topic must be configured with, so that the state can be built from it again.
 *
 * Whoever knows what a run looks back to fills it in; it is for creating topics, for the commands
 * that do, and to compare with topics that are there. Pure.
 */
#pragma once

#include "kafka/settings.h"

enum { TG_TOPIC_CONFIGS_MAX = 3, TG_TOPIC_CONFIG_SIZE = 24 };

/* A property of a topic. */
struct tg_topic_config {
        const char *name; /* static text */
        char value[TG_TOPIC_CONFIG_SIZE];
};

/* What one topic needs; without properties: nothing. */
struct tg_topic_need {
        struct tg_topic_config configs[TG_TOPIC_CONFIGS_MAX];
        size_t count;
};

struct tg_topic_needs {
        struct tg_topic_need topics[TG_TOPICS];
        bool customers; /* that topic must be there; all but it must always */
};

/* Every record is needed for so long; -1: for ever. NEED is empty. */
void tg_topic_need_all(struct tg_topic_need *need, int64_t keep_ms);

/* The last record of each key is needed, for ever. NEED is empty. */
void tg_topic_need_last(struct tg_topic_need *need);

/* Whether a topic whose property of that name is VALUE keeps as much as CONFIG. */
bool tg_topic_config_suffices(const struct tg_topic_config *config, const char *value);

/* Writes "retention.ms=86400000 (1d)": NAME, VALUE and what it means. Returns TEXT. */
enum { TG_TOPIC_CONFIG_TEXT_SIZE = 128 };
char *tg_topic_config_text(const char *name, const char *value,
                           char text[static TG_TOPIC_CONFIG_TEXT_SIZE]);
