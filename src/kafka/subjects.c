/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/subjects.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "records/words.h"
#include "registry/registry.h"

enum { SUBJECT_SIZE = TG_TOPIC_TEXT_SIZE + 16 };

struct tg_subjects {
        struct tg_subjects_options options;
        uint32_t decision;
        uint32_t customer;
        pthread_mutex_t lock; /* of all below */
        uint32_t permitted[TG_CHANNELS];
        uint32_t known;               /* bit i: permitted[i] is filled */
        struct tg_registry *registry; /* owned; NULL: there is none */
};

static void tell(void *context, const char *text)
{
        const struct tg_subjects *subjects = context;

        tg_notice(subjects->options.notices, TG_NOTICE_WARNING, "%s", text);
}

static int absent(const char *subject, enum tg_shipped schema, struct tg_error *error)
{
        const struct tg_error why = *error;

        return tg_fail(error, EX_CONFIG,
                       "%.700s; register schemas/%s.avsc under subject %s, or set "
                       "auto_register: true",
                       why.message, tg_shipped_name(schema), subject);
}

/* The id of SCHEMA in TOPIC's subject. Returns 0 or -1. */
static int ask(const struct tg_subjects *subjects, const char *topic, enum tg_shipped schema,
               int64_t patience_ms, uint32_t *ret_id, struct tg_error *error)
{
        const struct tg_kafka_settings *settings = subjects->options.settings;
        struct tg_span text = tg_shipped_text(schema);
        char subject[SUBJECT_SIZE];
        int result;

        snprintf(subject, sizeof subject, "%s-value", topic);
        result = settings->registry.auto_register
                         ? tg_registry_register(subjects->registry, subject, text, patience_ms,
                                                ret_id, error)
                         : tg_registry_find(subjects->registry, subject, text, patience_ms, ret_id,
                                            error);
        if (result > 0)
                return absent(subject, schema, error);
        if (result < 0)
                return tg_fail_context(error, "the schema of topic %s", topic);
        tg_notice(subjects->options.notices, TG_NOTICE_INFO,
                  "subject %s: the schema of our records has id %" PRIu32, subject, *ret_id);
        return 0;
}

static int ask_permitted(struct tg_subjects *subjects, unsigned channel, int64_t patience_ms,
                         struct tg_error *error)
{
        char topic[TG_TOPIC_TEXT_SIZE];

        tg_kafka_permitted_topic(subjects->options.settings, tg_word(&tg_channel_words, channel),
                                 topic);
        if (ask(subjects, topic, TG_SCHEMA_PERMITTED, patience_ms, &subjects->permitted[channel],
                error) < 0)
                return -1;
        subjects->known |= UINT32_C(1) << channel;
        return 0;
}

static int ask_all(struct tg_subjects *subjects, struct tg_error *error)
{
        const struct tg_kafka_settings *settings = subjects->options.settings;
        int64_t patience_ms = settings->registry.start_wait_ms;
        const struct tg_registry_options options = {
                .settings = &settings->registry,
                .stop = subjects->options.stop,
                .tell = tell,
                .context = subjects,
        };

        if (tg_registry_new(&options, &subjects->registry, error) < 0 ||
            ask(subjects, settings->topics[TG_TOPIC_DECISIONS], TG_SCHEMA_DECISION, patience_ms,
                &subjects->decision, error) < 0)
                return -1;
        if (subjects->options.customers &&
            ask(subjects, settings->topics[TG_TOPIC_CUSTOMERS], TG_SCHEMA_TOUCHPOINT, patience_ms,
                &subjects->customer, error) < 0)
                return -1;
        for (unsigned i = 0; i < TG_CHANNELS; i++)
                if (subjects->options.channels & UINT32_C(1) << i &&
                    ask_permitted(subjects, i, patience_ms, error) < 0)
                        return -1;
        return 0;
}

int tg_subjects_new(const struct tg_subjects_options *options, struct tg_subjects **ret_subjects,
                    struct tg_error *error)
{
        struct tg_subjects *subjects = tg_allocate_zeroed(1, sizeof *subjects);

        subjects->options = *options;
        pthread_mutex_init(&subjects->lock, NULL);
        if (options->settings->registry.url_count > 0 && ask_all(subjects, error) < 0) {
                tg_subjects_free(subjects);
                return -1;
        }
        *ret_subjects = subjects;
        return 0;
}

void tg_subjects_free(struct tg_subjects *subjects)
{
        if (!subjects)
                return;
        tg_registry_free(subjects->registry);
        pthread_mutex_destroy(&subjects->lock);
        free(subjects);
}

uint32_t tg_subjects_decision(const struct tg_subjects *subjects)
{
        return subjects->registry ? subjects->decision
                                  : (uint32_t)subjects->options.settings->ids[TG_SCHEMA_DECISION];
}

uint32_t tg_subjects_customer(const struct tg_subjects *subjects)
{
        return subjects->registry ? subjects->customer
                                  : (uint32_t)subjects->options.settings->ids[TG_SCHEMA_TOUCHPOINT];
}

int tg_subjects_permitted(struct tg_subjects *subjects, unsigned channel, uint32_t *ret_id,
                          struct tg_error *error)
{
        const struct tg_kafka_settings *settings = subjects->options.settings;
        int result = 0;

        assert(channel < TG_CHANNELS);
        if (!subjects->registry) {
                *ret_id = (uint32_t)settings->ids[TG_SCHEMA_PERMITTED];
                return 0;
        }
        pthread_mutex_lock(&subjects->lock);
        if (!(subjects->known & UINT32_C(1) << channel))
                result = ask_permitted(subjects, channel, settings->registry.record_wait_ms, error);
        if (result == 0)
                *ret_id = subjects->permitted[channel];
        pthread_mutex_unlock(&subjects->lock);
        return result;
}
