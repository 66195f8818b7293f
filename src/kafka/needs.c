/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/needs.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

enum { FOR_EVER = -1 };

static const char CLEANUP[] = "cleanup.policy";
static const char RETENTION_MS[] = "retention.ms";
static const char RETENTION_BYTES[] = "retention.bytes";

static void add(struct tg_topic_need *need, const char *name, const char *value)
{
        struct tg_topic_config *config = &need->configs[need->count];

        assert(need->count < TG_TOPIC_CONFIGS_MAX);
        need->count++;
        config->name = name;
        snprintf(config->value, sizeof config->value, "%s", value);
}

void tg_topic_need_all(struct tg_topic_need *need, int64_t keep_ms)
{
        char number[TG_TOPIC_CONFIG_SIZE];

        assert(need->count == 0);
        snprintf(number, sizeof number, "%" PRId64, keep_ms);
        add(need, CLEANUP, "delete");
        add(need, RETENTION_MS, number);
        add(need, RETENTION_BYTES, "-1");
}

void tg_topic_need_last(struct tg_topic_need *need)
{
        assert(need->count == 0);
        add(need, CLEANUP, "compact");
}

bool tg_topic_config_suffices(const struct tg_topic_config *config, const char *value)
{
        int64_t needed, there;

        if (config->name == CLEANUP)
                return strcmp(value, config->value) == 0;
        needed = strtoll(config->value, NULL, 10);
        there = strtoll(value, NULL, 10);
        return there == FOR_EVER || (needed != FOR_EVER && there >= needed);
}

char *tg_topic_config_text(const char *name, const char *value,
                           char text[static TG_TOPIC_CONFIG_TEXT_SIZE])
{
        int64_t number = strtoll(value, NULL, 10);
        char duration[TG_TIME_TEXT_SIZE];

        if (strcmp(name, RETENTION_MS) != 0)
                snprintf(text, TG_TOPIC_CONFIG_TEXT_SIZE, "%s=%.60s", name, value);
        else
                snprintf(text, TG_TOPIC_CONFIG_TEXT_SIZE, "%s=%.24s (%s)", name, value,
                         number < 0 ? "for ever" : tg_duration_text(number, duration));
        return text;
}
