/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "told.h"

enum colour { RED, GREEN };
static const char *const colours[] = {[RED] = "red", [GREEN] = "green", NULL};

struct gate {
        int64_t idle_ms;
        int64_t memory_bytes;
        int64_t shards;
        bool asks;
        enum colour colour;
        char *policy; /* owned */
        char *folder; /* owned */
};

enum { NAME };

static const struct tg_setting items[] = {
        [NAME] = TG_SETTING_OWN("name", "gate", "a name", "what it is called"),
        TG_SETTING_DURATION(struct gate, idle_ms, "idle", "500ms", 1, TG_HOUR_MS, "how long"),
        TG_SETTING_SIZE(struct gate, memory_bytes, "memory", "64MiB", 1 << 20, 1 << 30, "how much"),
        TG_SETTING_INTEGER(struct gate, shards, "shards", "3", 1, 256, "how many"),
        TG_SETTING_BOOL(struct gate, asks, "asks", "true", "whether"),
        TG_SETTING_WORD(struct gate, colour, "colour", "green", colours, "which"),
        TG_SETTING_PATH(struct gate, policy, "policy", NULL, "from where"),
        TG_SETTING_PATH(struct gate, folder, "folder", "none", "from where else"),
};
static const struct tg_settings settings = TG_SETTINGS("gate", items);

static void gate_deinit(struct gate *gate)
{
        free(gate->policy);
        free(gate->folder);
}

static void read_gate(struct told *told, struct gate *gate)
{
        struct tg_reader reader;
        struct tg_span name;

        tg_reader_init(&reader, &told->diagnostics, told_root(told), settings.section);
        tg_settings_read(&settings, &reader, "beside", gate);
        tg_read_text(&reader, items[NAME].key, TG_OPTIONAL, &name);
        tg_reader_finish(&reader);
}

Test(settings, each_has_the_default_that_people_are_told)
{
        struct gate gate = {0};

        tg_settings_init(&settings, &gate);
        cr_assert_eq(gate.idle_ms, 500);
        cr_assert_eq(gate.memory_bytes, 64 << 20);
        cr_assert_eq(gate.shards, 3);
        cr_assert(gate.asks);
        cr_assert_eq(gate.colour, GREEN);
        cr_assert_null(gate.policy);
        cr_assert_null(gate.folder);
}

Test(settings, what_is_written_takes_the_place_of_the_default)
{
        TOLD_PARSE(told, "{idle: 2s, memory: 1MiB, shards: 7, asks: false, colour: red, "
                         "policy: p.yaml, folder: /there, name: other}\n");
        tg_cleanup(gate_deinit) struct gate gate = {0};

        tg_settings_init(&settings, &gate);
        read_gate(&told, &gate);
        cr_assert_str_eq(told_text(&told), "");
        cr_assert_eq(gate.idle_ms, 2000);
        cr_assert_eq(gate.memory_bytes, 1 << 20);
        cr_assert_eq(gate.shards, 7);
        cr_assert_not(gate.asks);
        cr_assert_eq(gate.colour, RED);
        cr_assert_str_eq(gate.policy, "beside/p.yaml");
        cr_assert_str_eq(gate.folder, "/there");
}

Test(settings, what_is_absent_or_wrong_keeps_its_default_and_only_what_is_needed_is_missed)
{
        TOLD_PARSE(told, "{shards: 257}\n");
        tg_cleanup(gate_deinit) struct gate gate = {0};

        tg_settings_init(&settings, &gate);
        read_gate(&told, &gate);
        cr_assert_eq(gate.shards, 3);
        cr_assert_eq(gate.idle_ms, 500);
        cr_assert_eq(told.diagnostics.errors, 2);
        cr_assert(strstr(told_text(&told), "gate needs \"policy\""), "%s", told_text(&told));
        cr_assert(strstr(told_text(&told), "257"), "%s", told_text(&told));
}

Test(settings, people_are_told_of_them_in_one_table_for_each_mapping)
{
        static const struct tg_setting inner_items[] = {
                TG_SETTING_OWN("user", NULL, "a name", "who"),
        };
        static const struct tg_settings inner = TG_SETTINGS("gate.inner", inner_items);
        static const struct tg_settings root = TG_SETTINGS("", inner_items);
        static const struct tg_settings *const all[] = {&root, &settings, &inner};
        tg_cleanup(tg_buffer_deinit) struct tg_buffer page = {0};

        tg_settings_describe(&page, all, 3);
        tg_buffer_append(&page, "", 1);
        cr_assert_str_eq((const char *)page.data,
                         "## The whole\n\n"
                         "| key | default | values | |\n"
                         "|---|---|---|---|\n"
                         "| `user` | needed | a name | who |\n"
                         "\n## gate\n\n"
                         "| key | default | values | |\n"
                         "|---|---|---|---|\n"
                         "| `gate.name` | `gate` | a name | what it is called |\n"
                         "| `gate.idle` | `500ms` | 1ms to 1h | how long |\n"
                         "| `gate.memory` | `64MiB` | 1MiB to 1GiB | how much |\n"
                         "| `gate.shards` | `3` | 1 to 256 | how many |\n"
                         "| `gate.asks` | `true` | `true`, `false` | whether |\n"
                         "| `gate.colour` | `green` | `red`, `green` | which |\n"
                         "| `gate.policy` | needed | a path | from where |\n"
                         "| `gate.folder` | none | a path | from where else |\n"
                         "| `gate.inner.user` | needed | a name | who |\n");
}
