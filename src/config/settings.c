/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "config/path.h"
#include "config/units.h"

#define HEAD "| key | default | values | |\n|---|---|---|---|\n"

static unsigned index_of(const struct tg_setting *setting)
{
        unsigned index = 0;

        while (strcmp(setting->words[index], setting->fallback) != 0) {
                index++;
                assert(setting->words[index]);
        }
        return index;
}

/* The number that its default is. */
static int64_t number_of(const struct tg_setting *setting)
{
        const char *text = setting->fallback;
        int64_t number = 0;
        bool good = true;

        if (setting->type == TG_SETTING_TYPE_DURATION)
                good = tg_duration_parse(text, strlen(text), &number) == 0;
        else if (setting->type == TG_SETTING_TYPE_SIZE)
                good = tg_units_size_parse(tg_span_text(text), &number);
        else
                number = strtoll(text, NULL, 10);
        assert(good && number >= setting->min && number <= setting->max);
        (void)good;
        return number;
}

static void fill(const struct tg_setting *setting, void *variable)
{
        unsigned word;

        switch (setting->type) {
        case TG_SETTING_TYPE_OWN:
        case TG_SETTING_TYPE_PATH:
                break;
        case TG_SETTING_TYPE_DURATION:
        case TG_SETTING_TYPE_SIZE:
        case TG_SETTING_TYPE_INTEGER:
                *(int64_t *)variable = number_of(setting);
                break;
        case TG_SETTING_TYPE_BOOL:
                *(bool *)variable = strcmp(setting->fallback, "true") == 0;
                break;
        case TG_SETTING_TYPE_WORD:
                word = index_of(setting);
                memcpy(variable, &word, sizeof word);
                break;
        }
}

void tg_settings_init(const struct tg_settings *settings, void *into)
{
        for (size_t i = 0; i < settings->count; i++) {
                const struct tg_setting *setting = &settings->items[i];

                if (setting->fallback)
                        fill(setting, (uint8_t *)into + setting->offset);
        }
}

static enum tg_need need_of(const struct tg_setting *setting)
{
        return setting->fallback || setting->absent ? TG_OPTIONAL : TG_REQUIRED;
}

static void read_one(const struct tg_setting *setting, struct tg_reader *reader, const char *folder,
                     void *variable)
{
        enum tg_need need = need_of(setting);
        unsigned word;

        switch (setting->type) {
        case TG_SETTING_TYPE_OWN:
                break;
        case TG_SETTING_TYPE_DURATION:
                tg_read_duration(reader, setting->key, need, setting->min, setting->max, variable);
                break;
        case TG_SETTING_TYPE_SIZE:
                tg_read_size(reader, setting->key, need, setting->min, setting->max, variable);
                break;
        case TG_SETTING_TYPE_INTEGER:
                tg_read_integer(reader, setting->key, need, setting->min, setting->max, variable);
                break;
        case TG_SETTING_TYPE_BOOL:
                tg_read_bool(reader, setting->key, need, variable);
                break;
        case TG_SETTING_TYPE_WORD:
                if (tg_read_word(reader, setting->key, need, setting->words, &word))
                        memcpy(variable, &word, sizeof word);
                break;
        case TG_SETTING_TYPE_PATH:
                tg_read_path(reader, setting->key, need, folder, variable);
                break;
        }
}

void tg_settings_read(const struct tg_settings *settings, struct tg_reader *reader,
                      const char *folder, void *into)
{
        for (size_t i = 0; i < settings->count; i++) {
                const struct tg_setting *setting = &settings->items[i];

                read_one(setting, reader, folder, (uint8_t *)into + setting->offset);
        }
}

static void put(struct tg_buffer *page, const char *text)
{
        tg_buffer_append(page, text, strlen(text));
}

/* One limit of a number, as it would be written. */
static void put_limit(struct tg_buffer *page, const struct tg_setting *setting, int64_t limit)
{
        char text[TG_TIME_TEXT_SIZE];

        if (setting->type == TG_SETTING_TYPE_DURATION)
                put(page, tg_duration_text(limit, text));
        else if (setting->type == TG_SETTING_TYPE_SIZE)
                put(page, tg_units_size_text(limit, text));
        else
                put(page, (snprintf(text, sizeof text, "%" PRId64, limit), text));
}

static void put_values(struct tg_buffer *page, const struct tg_setting *setting)
{
        switch (setting->type) {
        case TG_SETTING_TYPE_OWN:
                put(page, setting->values);
                break;
        case TG_SETTING_TYPE_DURATION:
        case TG_SETTING_TYPE_SIZE:
        case TG_SETTING_TYPE_INTEGER:
                put_limit(page, setting, setting->min);
                put(page, " to ");
                put_limit(page, setting, setting->max);
                break;
        case TG_SETTING_TYPE_BOOL:
                put(page, "`true`, `false`");
                break;
        case TG_SETTING_TYPE_WORD:
                for (const char *const *word = setting->words; *word; word++) {
                        put(page, word == setting->words ? "`" : ", `");
                        put(page, *word);
                        put(page, "`");
                }
                break;
        case TG_SETTING_TYPE_PATH:
                put(page, "a path");
                break;
        }
}

static void describe(struct tg_buffer *page, const char *section, const struct tg_setting *setting)
{
        put(page, "| `");
        put(page, section);
        put(page, *section ? "." : "");
        put(page, setting->key);
        put(page, setting->fallback ? "` | `" : "` | ");
        if (setting->fallback)
                put(page, setting->fallback);
        else
                put(page, setting->absent ? setting->absent : "needed");
        put(page, setting->fallback ? "` | " : " | ");
        put_values(page, setting);
        put(page, " | ");
        put(page, setting->about);
        put(page, " |\n");
}

/* The mapping of the whole file that SECTION is in. */
static struct tg_span top_of(const char *section)
{
        return tg_span_of(section, strcspn(section, "."));
}

void tg_settings_describe(struct tg_buffer *page, const struct tg_settings *const *modules,
                          size_t count)
{
        struct tg_span last = TG_SPAN_ABSENT;

        for (size_t i = 0; i < count; i++) {
                struct tg_span top = top_of(modules[i]->section);

                if (i == 0 || !tg_span_equal(top, last)) {
                        put(page, i == 0 ? "## " : "\n## ");
                        put(page, top.size ? "" : "The whole");
                        tg_buffer_append(page, top.data, top.size);
                        put(page, "\n\n" HEAD);
                }
                for (size_t j = 0; j < modules[i]->count; j++)
                        describe(page, modules[i]->section, &modules[i]->items[j]);
                last = top;
        }
}
