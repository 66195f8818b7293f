/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/settings.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/path.h"
#include "config/secret.h"
#include "records/words.h"

#define MIB (INT64_C(1) << 20)

static const struct tg_setting topic_items[TG_TOPICS] = {
        [TG_TOPIC_TOUCHPOINTS] =
                TG_SETTING_OWN("touchpoints", "touchpoints", "a name", "facts, read"),
        [TG_TOPIC_REQUESTS] = TG_SETTING_OWN("requests", "requests", "a name",
                                             "what somebody wants to send, read. The one topic "
                                             "that is subscribed."),
        [TG_TOPIC_DECISIONS] = TG_SETTING_OWN("decisions", "decisions", "a name",
                                              "every answer with its reasons, written"),
        [TG_TOPIC_REJECTED] = TG_SETTING_OWN("rejected", "rejected", "a name",
                                             "what could not be read, written as it came"),
        [TG_TOPIC_CUSTOMERS] =
                TG_SETTING_OWN("customers", "customers", "a name",
                               "what lasts of customers, consents and erasures: written, and read "
                               "back at the start. Compacted. Needed if the policy asks for "
                               "consents."),
        [TG_TOPIC_PERMITTED] = TG_SETTING_OWN("permitted", "permitted", "a name",
                                              "the beginning of the names `permitted.<channel>`, "
                                              "where permitted messages are written"),
};
const struct tg_settings tg_kafka_settings_topic_keys = TG_SETTINGS("topics", topic_items);

static const struct tg_setting schema_items[] = {
        TG_SETTING_PATH(struct tg_kafka_settings, schema_folder, "folder", "none",
                        "other writers' schemas, `<id>.avsc`"),
};
const struct tg_settings tg_kafka_settings_schema_keys = TG_SETTINGS("schemas", schema_items);

static const struct tg_setting id_items[] = {
        TG_SETTING_INTEGER(struct tg_kafka_settings, ids[TG_SCHEMA_TOUCHPOINT], "touchpoint", "1",
                           0, UINT32_MAX, "the id of the shipped schema of touchpoints"),
        TG_SETTING_INTEGER(struct tg_kafka_settings, ids[TG_SCHEMA_REQUEST], "request", "2", 0,
                           UINT32_MAX, "the same of requests"),
        TG_SETTING_INTEGER(struct tg_kafka_settings, ids[TG_SCHEMA_PERMITTED], "permitted", "3", 0,
                           UINT32_MAX, "with which permitted messages are written"),
        TG_SETTING_INTEGER(struct tg_kafka_settings, ids[TG_SCHEMA_DECISION], "decision", "4", 0,
                           UINT32_MAX, "with which decisions are written"),
        TG_SETTING_INTEGER(struct tg_kafka_settings, ids[TG_SCHEMA_REJECTED], "rejected", "5", 0,
                           UINT32_MAX, "kept for dead letters"),
};
const struct tg_settings tg_kafka_settings_id_keys = TG_SETTINGS("schemas.ids", id_items);

static const struct tg_setting memory_items[] = {
        TG_SETTING_SIZE(struct tg_kafka_settings, fetch_bytes, "fetch", "256MiB", MIB,
                        INT64_C(1) << 40, "records that are fetched and wait, all shards together"),
        TG_SETTING_SIZE(struct tg_kafka_settings, produce_bytes, "produce", "64MiB", MIB,
                        INT64_C(1) << 31, "records that wait to be delivered, all shards together"),
};
const struct tg_settings tg_kafka_settings_memory_keys = TG_SETTINGS("memory", memory_items);

/* What the promises rest on, so that nobody may set it otherwise. */
static const struct reserved {
        const char *name;
        const char *reason;
} reserved[] = {
        {"enable.auto.commit", "offsets are committed behind the decisions they belong to"},
        {"enable.auto.offset.store", "offsets are committed behind the decisions they belong to"},
        {"enable.partition.eof", "the end of a topic orders facts and requests"},
        {"auto.offset.reset", "what was never read is read from its beginning"},
        {"isolation.level", "aborted records must not be seen"},
        {"partitioner", "customers keep the partition that Kafka's Java clients give them"},
        {"enable.idempotence", "a retry must not write twice"},
        {"delivery.report.only.error", "every failed delivery must be known"},
        {"transactional.id", "each shard writes with one of its own"},
        {"transaction.timeout.ms", "it is transaction_timeout beside `kafka`"},
        {"log_level", "the log tells which answer of a transaction came too late"},
        {"log.queue", "the log tells which answer of a transaction came too late"},
};

void tg_kafka_settings_init(struct tg_kafka_settings *settings)
{
        *settings = (struct tg_kafka_settings){0};
        tg_settings_init(&tg_kafka_settings_memory_keys, settings);
        tg_settings_init(&tg_kafka_settings_id_keys, settings);
        tg_registry_settings_init(&settings->registry);
        for (int i = 0; i < TG_TOPICS; i++)
                settings->topics[i] =
                        tg_duplicate(topic_items[i].fallback, strlen(topic_items[i].fallback));
}

void tg_kafka_settings_deinit(struct tg_kafka_settings *settings)
{
        for (size_t i = 0; i < settings->property_count; i++) {
                free(settings->properties[i].name);
                tg_secret_free(settings->properties[i].value);
        }
        free(settings->properties);
        for (int i = 0; i < TG_TOPICS; i++)
                free(settings->topics[i]);
        free(settings->schema_folder);
        tg_registry_settings_deinit(&settings->registry);
        *settings = (struct tg_kafka_settings){0};
}

static struct tg_kafka_property *find(const struct tg_kafka_settings *settings, const char *name)
{
        for (size_t i = 0; i < settings->property_count; i++)
                if (strcmp(settings->properties[i].name, name) == 0)
                        return &settings->properties[i];
        return NULL;
}

const char *tg_kafka_settings_find(const struct tg_kafka_settings *settings, const char *name)
{
        const struct tg_kafka_property *property = find(settings, name);

        return property ? property->value : NULL;
}

void tg_kafka_settings_set(struct tg_kafka_settings *settings, const char *name, const char *value)
{
        struct tg_kafka_property *property = find(settings, name);

        if (!property) {
                settings->properties =
                        tg_reallocate(settings->properties, (settings->property_count + 1) *
                                                                    sizeof *settings->properties);
                property = &settings->properties[settings->property_count++];
                *property = (struct tg_kafka_property){.name = tg_duplicate(name, strlen(name))};
        }
        tg_secret_free(property->value);
        property->value = tg_duplicate(value, strlen(value));
}

char *tg_kafka_permitted_topic(const struct tg_kafka_settings *settings, const char *channel,
                               char text[static TG_TOPIC_TEXT_SIZE])
{
        snprintf(text, TG_TOPIC_TEXT_SIZE, "%s.%s", settings->topics[TG_TOPIC_PERMITTED], channel);
        return text;
}

static const char *reserved_reason(const char *name)
{
        for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
                if (strcmp(reserved[i].name, name) == 0)
                        return reserved[i].reason;
        return NULL;
}

static bool is_property(rd_kafka_conf_t *scratch, const char *name)
{
        char text[512];

        return rd_kafka_conf_set(scratch, name, NULL, text, sizeof text) != RD_KAFKA_CONF_UNKNOWN;
}

/* A name that librdkafka has, and that people may set. */
static bool name_is_known(rd_kafka_conf_t *scratch, struct tg_diagnostics *diagnostics,
                          const struct tg_node *node, const char *name)
{
        const char *reason = reserved_reason(name);

        if (reason)
                tg_diagnose(diagnostics, tg_node_key(node), TG_ERROR, "leave it out",
                            "\"%s\" can't be set: %s", name, reason);
        else if (is_property(scratch, name))
                return true;
        else
                tg_diagnose(diagnostics, tg_node_key(node), TG_ERROR,
                            "names are those of librdkafka's CONFIGURATION.md",
                            "librdkafka %s has no property \"%s\"", rd_kafka_version_str(), name);
        return false;
}

/* Names of shards and of their transactions are made of it: cut off, two could be the same. */
static bool is_too_long(const char *name, const char *value)
{
        return (strcmp(name, "group.id") == 0 || strcmp(name, "group.instance.id") == 0) &&
               strlen(value) > TG_GROUP_SIZE_MAX;
}

/* Its value may be a secret, so only the name is told. */
static void set_property(struct tg_kafka_settings *settings, rd_kafka_conf_t *scratch,
                         struct tg_diagnostics *diagnostics, const struct tg_node *node,
                         const char *name, const char *value)
{
        char text[512];

        if (rd_kafka_conf_set(scratch, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
                tg_diagnose(diagnostics, node, TG_ERROR, NULL,
                            "librdkafka refuses the value of \"%s\"", name);
        else if (is_too_long(name, value))
                tg_diagnose(diagnostics, node, TG_ERROR, "use a shorter name",
                            "\"%s\" has more than %d bytes", name, TG_GROUP_SIZE_MAX);
        else if (tg_kafka_settings_find(settings, name))
                tg_diagnose(diagnostics, tg_node_key(node), TG_ERROR, "keep one of the two",
                            "\"%s\" is given both here and by a file", name);
        else
                tg_kafka_settings_set(settings, name, value);
}

/* The property that NAME says to read from a file ("sasl.password_file"), owned; else NULL. */
static char *name_of_file(rd_kafka_conf_t *scratch, const char *name)
{
        static const char suffix[] = "_file";
        size_t size = strlen(name), end = sizeof suffix - 1;
        char *property;

        if (size <= end || strcmp(name + size - end, suffix) != 0)
                return NULL;
        property = tg_duplicate(name, size - end);
        if (is_property(scratch, property))
                return property;
        free(property);
        return NULL;
}

static void read_file(struct tg_kafka_settings *settings, rd_kafka_conf_t *scratch,
                      struct tg_diagnostics *diagnostics, const struct tg_node *node,
                      const char *name, const char *path)
{
        struct tg_error error;
        char *value;

        if (settings->offline)
                return;
        tg_secret_warn(path, node, diagnostics);
        if (tg_secret_read(path, &value, &error) < 0) {
                tg_diagnose(diagnostics, node, TG_ERROR, NULL, "%s", error.message);
                return;
        }
        set_property(settings, scratch, diagnostics, node, name, value);
        tg_secret_free(value);
}

static void read_property(struct tg_kafka_settings *settings, rd_kafka_conf_t *scratch,
                          struct tg_diagnostics *diagnostics, const struct tg_node *node,
                          const char *folder)
{
        const char *name = (const char *)tg_node_text(tg_node_key(node)).data;
        tg_cleanup(tg_free_pointer) char *in_file = name_of_file(scratch, name);
        struct tg_span value;

        if (!name_is_known(scratch, diagnostics, node, in_file ? in_file : name) ||
            !tg_value_text(diagnostics, node, &value))
                return;
        if (in_file) {
                tg_cleanup(tg_free_pointer) char *path = tg_path_beside(folder, value);

                read_file(settings, scratch, diagnostics, node, in_file, path);
        } else {
                set_property(settings, scratch, diagnostics, node, name, (const char *)value.data);
        }
}

static void read_properties(struct tg_kafka_settings *settings, struct tg_diagnostics *diagnostics,
                            const struct tg_node *mapping, const char *folder)
{
        rd_kafka_conf_t *scratch = rd_kafka_conf_new();

        for (const struct tg_node *node = tg_node_first(mapping); node; node = tg_node_next(node))
                read_property(settings, scratch, diagnostics, node, folder);
        rd_kafka_conf_destroy(scratch);
}

static void read_kafka(struct tg_kafka_settings *settings, struct tg_reader *root,
                       const char *folder)
{
        const struct tg_node *mapping = tg_read_node(root, "kafka", TG_REQUIRED,
                                                     "{bootstrap.servers: 127.0.0.1:9092, "
                                                     "group.id: touchgate}");

        if (!mapping)
                return;
        if (tg_node_kind(mapping) != TG_NODE_MAPPING) {
                tg_diagnose(root->diagnostics, mapping, TG_ERROR,
                            "write properties of librdkafka, one a line: bootstrap.servers: HOST",
                            "kafka must be a mapping");
                return;
        }
        read_properties(settings, root->diagnostics, mapping, folder);
        if (!tg_node_find(mapping, "bootstrap.servers"))
                tg_diagnose(root->diagnostics, mapping, TG_ERROR,
                            "add bootstrap.servers: HOST:PORT", "kafka names no broker");
        if (!tg_node_find(mapping, "group.id"))
                tg_diagnose(root->diagnostics, mapping, TG_ERROR,
                            "add group.id: touchgate; processes with one group.id share the work",
                            "kafka names no consumer group");
}

/* How much of a topic's name is ours to give: that of a channel comes behind `permitted`. */
static size_t topic_size_max(enum tg_topic topic)
{
        size_t longest = 0;

        for (unsigned i = TG_CHANNEL_UNKNOWN + 1; topic == TG_TOPIC_PERMITTED && i < TG_CHANNELS;
             i++) {
                size_t size = 1 + strlen(tg_word(&tg_channel_words, i));

                longest = size > longest ? size : longest;
        }
        return TG_TOPIC_SIZE_MAX - longest;
}

static bool is_topic_name(struct tg_span name, size_t size_max)
{
        for (size_t i = 0; i < name.size; i++) {
                uint8_t c = name.data[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-'))
                        return false;
        }
        return name.size <= size_max;
}

static void read_topics(struct tg_kafka_settings *settings, struct tg_reader *root)
{
        struct tg_reader reader;
        char advice[128];

        tg_read_mapping(root, tg_kafka_settings_topic_keys.section, TG_OPTIONAL, &reader);
        for (int i = 0; i < TG_TOPICS; i++) {
                struct tg_span name;
                const struct tg_node *node =
                        tg_read_text(&reader, topic_items[i].key, TG_OPTIONAL, &name);

                if (!node)
                        continue;
                if (!is_topic_name(name, topic_size_max((enum tg_topic)i))) {
                        snprintf(advice, sizeof advice,
                                 "a name has letters, digits, '.', '_' and '-', at most %zu%s",
                                 topic_size_max((enum tg_topic)i),
                                 i == TG_TOPIC_PERMITTED ? " with the channel behind it" : "");
                        tg_diagnose(root->diagnostics, node, TG_ERROR, advice,
                                    "no topic of Kafka can have this name");
                        continue;
                }
                free(settings->topics[i]);
                settings->topics[i] = tg_duplicate((const char *)name.data, name.size);
        }
        tg_reader_finish(&reader);
}

static void read_schemas(struct tg_kafka_settings *settings, struct tg_reader *root,
                         const char *folder)
{
        struct tg_reader reader, ids;
        const struct tg_node *node =
                tg_read_mapping(root, tg_kafka_settings_schema_keys.section, TG_OPTIONAL, &reader);
        const struct tg_node *registry;

        tg_read_mapping(&reader, "ids", TG_OPTIONAL, &ids);
        tg_settings_read(&tg_kafka_settings_id_keys, &ids, folder, settings);
        tg_reader_finish(&ids);
        tg_settings_read(&tg_kafka_settings_schema_keys, &reader, folder, settings);
        tg_reader_finish(&reader);
        registry = tg_registry_settings_read(&settings->registry, root, folder);
        if (settings->registry.password_file && !settings->offline)
                tg_secret_warn(settings->registry.password_file, registry, root->diagnostics);
        if (registry && node)
                tg_diagnose(root->diagnostics, tg_node_key(node), TG_ERROR, "leave one of them out",
                            "schemas and their ids come from schema_registry or from here, not "
                            "from both");
}

void tg_kafka_settings_read(struct tg_kafka_settings *settings, struct tg_reader *root,
                            struct tg_reader *memory, const char *folder)
{
        read_kafka(settings, root, folder);
        read_topics(settings, root);
        read_schemas(settings, root, folder);
        tg_settings_read(&tg_kafka_settings_memory_keys, memory, folder, settings);
}
