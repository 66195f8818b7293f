/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/framing_ids.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "registry/registry.h"

enum { SUBJECT_SIZE = TG_TOPIC_SIZE_MAX + 16 };

static const enum tg_topic topics[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = TG_TOPIC_TOUCHPOINTS,
        [TG_STREAM_REQUESTS] = TG_TOPIC_REQUESTS,
};

static const struct tg_framing_id *find(const struct tg_framing_ids *ids, enum tg_stream stream,
                                        uint64_t fingerprint)
{
        for (size_t i = 0; i < ids->counts[stream]; i++)
                if (ids->items[stream][i].fingerprint == fingerprint)
                        return &ids->items[stream][i];
        return NULL;
}

static void tell(void *context, const char *text)
{
        tg_notice(context, TG_NOTICE_WARNING, "%s", text);
}

static int ask(const struct tg_kafka_settings *settings, struct tg_registry *registry,
               const char *topic, struct tg_span json, uint32_t *ret_id, struct tg_error *error)
{
        int64_t patience_ms = settings->registry.start_wait_ms;
        char subject[SUBJECT_SIZE];
        int result;

        snprintf(subject, sizeof subject, "%s-value", topic);
        result = settings->registry.auto_register
                         ? tg_registry_register(registry, subject, json, patience_ms, ret_id, error)
                         : tg_registry_find(registry, subject, json, patience_ms, ret_id, error);
        return result ? tg_fail_context(error, "the schema of the recording, subject %s", subject)
                      : 0;
}

static int find_id(const struct tg_framing_ids_options *options, struct tg_registry *registry,
                   enum tg_stream stream, struct tg_span json, uint64_t fingerprint,
                   uint32_t *ret_id, struct tg_error *error)
{
        if (registry)
                return ask(options->settings, registry, options->settings->topics[topics[stream]],
                           json, ret_id, error);
        if (tg_readings_id(options->readings, fingerprint, ret_id))
                return 0;
        return tg_fail(error, EX_CONFIG,
                       "the recording was written with a schema that is not one of the shipped "
                       "ones: put it as <id>.avsc into the folder that `schemas.folder` of the "
                       "configuration names");
}

static int find_stream(const struct tg_framing_ids_options *options, struct tg_registry *registry,
                       enum tg_stream stream, struct tg_framing_ids *ids, struct tg_error *error)
{
        struct tg_span json;
        uint64_t fingerprint;

        for (size_t i = 0; tg_recording_schema(options->recording, stream, i, &json, &fingerprint);
             i++) {
                struct tg_framing_id item = {.fingerprint = fingerprint};

                if (find(ids, stream, fingerprint))
                        continue;
                if (find_id(options, registry, stream, json, fingerprint, &item.id, error) < 0)
                        return -1;
                ids->items[stream] = tg_reallocate(
                        ids->items[stream], (ids->counts[stream] + 1) * sizeof *ids->items[stream]);
                ids->items[stream][ids->counts[stream]++] = item;
        }
        return 0;
}

int tg_framing_ids_find(const struct tg_framing_ids_options *options,
                        struct tg_framing_ids *ret_ids, struct tg_error *error)
{
        const struct tg_registry_options registry_options = {
                .settings = &options->settings->registry,
                .stop = options->stop,
                .tell = tell,
                .context = (void *)(uintptr_t)options->notices,
        };
        struct tg_registry *registry = NULL;
        int result = 0;

        *ret_ids = (struct tg_framing_ids){0};
        if (options->settings->registry.url_count > 0)
                result = tg_registry_new(&registry_options, &registry, error);
        for (int i = 0; i < TG_STREAMS && result == 0; i++)
                result = find_stream(options, registry, (enum tg_stream)i, ret_ids, error);
        tg_registry_free(registry);
        return result;
}

void tg_framing_ids_deinit(struct tg_framing_ids *ids)
{
        for (int i = 0; i < TG_STREAMS; i++)
                free(ids->items[i]);
        *ids = (struct tg_framing_ids){0};
}

uint32_t tg_framing_ids_get(const struct tg_framing_ids *ids, enum tg_stream stream,
                            uint64_t fingerprint)
{
        const struct tg_framing_id *item = find(ids, stream, fingerprint);

        return item ? item->id : 0;
}
