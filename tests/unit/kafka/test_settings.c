/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "config/document.h"
#include "kafka/settings.h"
#include "support/folder.h"

struct read {
        struct tg_document *document;
        struct tg_diagnostics diagnostics;
        struct tg_kafka_settings settings;
};

static void setup(struct read *read, const char *text)
{
        struct tg_reader root, memory;

        *read = (struct read){0};
        tg_kafka_settings_init(&read->settings);
        cr_assert_eq(tg_document_parse("run.yaml", tg_span_text(text), &read->diagnostics,
                                       &read->document),
                     0);
        tg_reader_init(&root, &read->diagnostics, tg_document_root(read->document),
                       "configuration");
        tg_read_mapping(&root, "memory", TG_OPTIONAL, &memory);
        tg_kafka_settings_read(&read->settings, &root, &memory, "conf");
        tg_reader_finish(&memory);
        tg_reader_finish(&root);
}

static void teardown(struct read *read)
{
        tg_kafka_settings_deinit(&read->settings);
        tg_diagnostics_deinit(&read->diagnostics);
        tg_document_free(read->document);
}

/* There is one mistake: at this line and column, with this in its message. */
static void expect_mistake(const char *text, uint32_t line, uint32_t column, const char *part)
{
        const struct tg_diagnostic *mistake;
        struct read read;

        setup(&read, text);
        cr_assert_eq(read.diagnostics.errors, 1, "%zu mistakes in %s", read.diagnostics.errors,
                     text);
        for (mistake = read.diagnostics.items; mistake->severity != TG_ERROR; mistake++)
                ;
        cr_expect_eq(mistake->line, line, "line %u: %s", mistake->line, mistake->message);
        cr_expect_eq(mistake->column, column, "column %u: %s", mistake->column, mistake->message);
        cr_expect(strstr(mistake->message, part), "%s", mistake->message);
        teardown(&read);
}

Test(settings, what_is_not_written_keeps_its_default)
{
        struct read read;

        setup(&read, "kafka: {bootstrap.servers: there:9092, group.id: g}\n"
                     "topics: {requests: asks}\n"
                     "schemas: {ids: {request: 77}, folder: writers}\n"
                     "memory: {fetch: 1GiB}\n");
        cr_assert_eq(read.diagnostics.errors, 0);
        cr_expect_str_eq(tg_kafka_settings_find(&read.settings, "bootstrap.servers"), "there:9092");
        cr_expect_str_eq(read.settings.topics[TG_TOPIC_REQUESTS], "asks");
        cr_expect_str_eq(read.settings.topics[TG_TOPIC_DECISIONS], "decisions");
        cr_expect_eq(read.settings.ids[TG_SCHEMA_TOUCHPOINT], 1);
        cr_expect_eq(read.settings.ids[TG_SCHEMA_REQUEST], 77);
        cr_expect_str_eq(read.settings.schema_folder, "conf/writers");
        cr_expect_eq(read.settings.fetch_bytes, INT64_C(1) << 30);
        teardown(&read);
}

Test(settings, a_property_may_be_read_from_a_file)
{
        FOLDER(folder);
        struct read read;
        char text[300];

        snprintf(text, sizeof text,
                 "kafka:\n"
                 "  bootstrap.servers: there:9092\n"
                 "  group.id: g\n"
                 "  acks_file: %s\n"
                 "  sasl.password_file: %s\n",
                 folder_put(&folder, "acks", "all\n"),
                 folder_put(&folder, "password", "open sesame\n"));
        setup(&read, text);
        cr_expect_eq(read.diagnostics.errors, 0);
        cr_expect_str_eq(tg_kafka_settings_find(&read.settings, "sasl.password"), "open sesame");
        cr_expect_str_eq(tg_kafka_settings_find(&read.settings, "acks"), "all");
        teardown(&read);
}

Test(settings, a_file_that_is_not_there_is_told_and_so_is_a_property_given_twice)
{
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: there:9092\n"
                       "  group.id: g\n"
                       "  sasl.password_file: /none\n",
                       4, 23, "/none can't be read");
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: there:9092\n"
                       "  group.id: g\n"
                       "  group.id_file: /etc/hostname\n",
                       4, 3, "both here and by a file");
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: there:9092\n"
                       "  group.id: g\n"
                       "  grupp.id_file: /etc/hostname\n",
                       4, 3, "grupp.id_file");
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: there:9092\n"
                       "  group.id: g\n"
                       "  isolation.level_file: /etc/hostname\n",
                       4, 3, "can't be set");
}

Test(settings, a_property_that_librdkafka_does_not_have_is_told_at_its_line)
{
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: there:9092\n"
                       "  group.id: g\n"
                       "  grupp.id: g\n",
                       4, 3, "grupp.id");
}

Test(settings, a_value_that_librdkafka_refuses_is_told_without_showing_it)
{
        struct read read;

        setup(&read, "kafka: {bootstrap.servers: a, group.id: g, socket.timeout.ms: hunter2}\n");
        cr_assert_eq(read.diagnostics.errors, 1);
        cr_expect(strstr(read.diagnostics.items[0].message, "socket.timeout.ms"));
        cr_expect_not(strstr(read.diagnostics.items[0].message, "hunter2"));
        teardown(&read);
}

Test(settings, what_the_promises_rest_on_cannot_be_set)
{
        expect_mistake("kafka:\n"
                       "  bootstrap.servers: a\n"
                       "  group.id: g\n"
                       "  enable.auto.commit: true\n",
                       4, 3, "enable.auto.commit");
}

Test(settings, a_broker_and_a_group_must_be_named)
{
        expect_mistake("kafka: {group.id: g}\n", 1, 8, "no broker");
        expect_mistake("kafka: {bootstrap.servers: a}\n", 1, 8, "no consumer group");
}

Test(settings, a_topic_name_that_kafka_would_refuse_is_refused)
{
        expect_mistake("kafka: {bootstrap.servers: a, group.id: g}\n"
                       "topics: {requests: \"no way\"}\n",
                       2, 20, "topic");
}

Test(settings, schemas_come_from_a_registry_or_from_a_folder_not_from_both)
{
        struct read read;

        expect_mistake("kafka: {bootstrap.servers: a, group.id: g}\n"
                       "schema_registry: {url: http://there}\n"
                       "schemas: {folder: writers}\n",
                       3, 1, "not from both");
        setup(&read, "kafka: {bootstrap.servers: a, group.id: g}\n"
                     "schema_registry: {url: http://there}\n");
        cr_expect_eq(read.diagnostics.errors, 0);
        cr_expect_eq(read.settings.registry.url_count, 1);
        teardown(&read);
}

Test(settings, a_property_set_twice_has_its_last_value)
{
        struct tg_kafka_settings settings;

        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "client.id", "one");
        tg_kafka_settings_set(&settings, "client.id", "two");
        cr_expect_str_eq(tg_kafka_settings_find(&settings, "client.id"), "two");
        cr_expect_eq(settings.property_count, 1);
        tg_kafka_settings_deinit(&settings);
}

/* A configuration with NAME: SIZE letters, at a line of its own. */
static const char *with_long(const char *part, const char *name, unsigned size, char text[1024])
{
        char letters[400];

        memset(letters, 'x', size);
        letters[size] = 0;
        snprintf(text, 1024, "kafka:\n  bootstrap.servers: there:9092\n  %s: g\n%s  %s: %s\n",
                 strcmp(name, "group.id") == 0 ? "client.id" : "group.id", part, name, letters);
        return text;
}

static void expect_none(const char *text)
{
        struct read read;

        setup(&read, text);
        cr_expect_eq(read.diagnostics.errors, 0, "%s", text);
        teardown(&read);
}

Test(settings, names_that_others_are_made_of_leave_room_for_what_comes_behind)
{
        char text[1024];

        expect_none(with_long("", "group.id", 249, text));
        expect_none(with_long("", "group.instance.id", 249, text));
        expect_mistake(with_long("", "group.id", 250, text), 4, 13, "more than 249 bytes");
        expect_mistake(with_long("", "group.instance.id", 250, text), 4, 22, "more than 249 bytes");
        expect_none(with_long("topics:\n", "decisions", 249, text));
        expect_mistake(with_long("topics:\n", "decisions", 250, text), 5, 14, "no topic");
        expect_none(with_long("topics:\n", "permitted", 239, text));
        expect_mistake(with_long("topics:\n", "permitted", 240, text), 5, 14, "no topic");
}
