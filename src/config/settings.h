/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a configuration file: each declared once, beside what it sets, and from there given
 * its default, read, and explained to people (docs/configuration.md).
 *
 *     static const struct tg_setting items[] = {
 *             TG_SETTING_DURATION(struct gate, idle_ms, "idle", "500ms", 1, TG_HOUR_MS,
 *                                 "a topic at whose end nothing came for so long has ended"),
 *     };
 *     const struct tg_settings gate_settings = TG_SETTINGS("", items);
 *
 *     tg_settings_init(&gate_settings, gate);
 *     tg_settings_read(&gate_settings, &reader, folder, gate);
 *
 * What is of no common type (TG_SETTING_OWN) its module reads itself. Constants; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "config/reader.h"

enum tg_setting_type {
        TG_SETTING_TYPE_OWN,
        TG_SETTING_TYPE_DURATION, /* int64_t, in milliseconds, as all that follow it */
        TG_SETTING_TYPE_SIZE,     /* int64_t, in bytes */
        TG_SETTING_TYPE_INTEGER,  /* int64_t */
        TG_SETTING_TYPE_BOOL,     /* bool */
        TG_SETTING_TYPE_WORD,     /* an enum: the index among `words` */
        TG_SETTING_TYPE_PATH,     /* char *, owned; NULL: none */
};

struct tg_setting {
        const char *key;
        const char *fallback; /* the default, as it would be written; NULL: there is none */
        const char *absent;   /* what people are told in its place; NULL: it is needed */
        const char *values;   /* of TG_SETTING_OWN: what may be written, for people */
        const char *about;    /* for people, in Markdown */
        enum tg_setting_type type;
        size_t offset;            /* of the variable */
        int64_t min;              /* of a number */
        int64_t max;              /* likewise */
        const char *const *words; /* ends with NULL */
};

/* Those of one module in one mapping. */
struct tg_settings {
        const char *section; /* the mapping's path, "schemas.ids"; "": the whole file */
        const struct tg_setting *items;
        size_t count;
};

#define TG_SETTINGS(section_path, items_array)                         \
        {                                                              \
                .section = (section_path), .items = (items_array),     \
                .count = sizeof(items_array) / sizeof(items_array)[0], \
        }

/* Where MEMBER is, which must be of this type. */
#define TG_SETTING_AT(struct_type, member, member_type)                                       \
        (offsetof(struct_type, member) +                                                      \
         0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct_type *)0)->member), \
                                                      member_type)                            \
                                 ? 1                                                          \
                                 : -1]))

#define TG_SETTING_OWN(name, default_text, value_text, text)                                       \
        {                                                                                          \
                .key = (name), .fallback = (default_text), .values = (value_text), .about = (text) \
        }
#define TG_SETTING_NUMBER(kind, struct_type, member, name, default_text, least, most, text) \
        {                                                                                   \
                .key = (name), .fallback = (default_text), .about = (text), .type = (kind), \
                .offset = TG_SETTING_AT(struct_type, member, int64_t), .min = (least),      \
                .max = (most)                                                               \
        }
#define TG_SETTING_DURATION(struct_type, member, name, default_text, least, most, text)      \
        TG_SETTING_NUMBER(TG_SETTING_TYPE_DURATION, struct_type, member, name, default_text, \
                          least, most, text)
#define TG_SETTING_SIZE(struct_type, member, name, default_text, least, most, text)             \
        TG_SETTING_NUMBER(TG_SETTING_TYPE_SIZE, struct_type, member, name, default_text, least, \
                          most, text)
#define TG_SETTING_INTEGER(struct_type, member, name, default_text, least, most, text)             \
        TG_SETTING_NUMBER(TG_SETTING_TYPE_INTEGER, struct_type, member, name, default_text, least, \
                          most, text)
#define TG_SETTING_BOOL(struct_type, member, name, default_text, text)                           \
        {                                                                                        \
                .key = (name), .fallback = (default_text), .about = (text),                      \
                .type = TG_SETTING_TYPE_BOOL, .offset = TG_SETTING_AT(struct_type, member, bool) \
        }
#define TG_SETTING_WORD(struct_type, member, name, default_text, word_list, text) \
        {                                                                         \
                .key = (name), .fallback = (default_text), .about = (text),       \
                .type = TG_SETTING_TYPE_WORD, .words = (word_list),               \
                .offset = TG_SETTING_AT(struct_type, member, unsigned)            \
        }
#define TG_SETTING_PATH(struct_type, member, name, absent_text, text)                              \
        {                                                                                          \
                .key = (name), .absent = (absent_text), .about = (text),                           \
                .type = TG_SETTING_TYPE_PATH, .offset = TG_SETTING_AT(struct_type, member, char *) \
        }

/* Gives each of SETTINGS its default in the struct INTO, but for those that have none. */
void tg_settings_init(const struct tg_settings *settings, void *into);

/*
 * Reads each of SETTINGS from READER, that of its section, telling mistakes. Paths are relative to
 * FOLDER ("." for the current one). The reader is not finished yet.
 */
void tg_settings_read(const struct tg_settings *settings, struct tg_reader *reader,
                      const char *folder, void *into);

/*
 * The tables of COUNT modules, for people, in Markdown: one for each mapping of the file, under its
 * name. What belongs together stands together.
 */
void tg_settings_describe(struct tg_buffer *page, const struct tg_settings *const *modules,
                          size_t count);
