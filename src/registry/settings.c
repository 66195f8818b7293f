/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"

static const char url_advice[] = "write http:// or https://, host, port and path: "
                                 "https://registry:8081, for Apicurio with /apis/ccompat/v7";

enum { URL };

static const struct tg_setting items[] = {
        [URL] = TG_SETTING_OWN("url", NULL, "addresses",
                               "one address, several with commas, or a list, up to 16"),
        TG_SETTING_PATH(struct tg_registry_settings, ca_file, "ca_file", "the system's",
                        "authorities (PEM) to be believed"),
        TG_SETTING_DURATION(struct tg_registry_settings, connect_timeout_ms, "connect_timeout",
                            "2s", 1, TG_MINUTE_MS, "of one address"),
        TG_SETTING_DURATION(struct tg_registry_settings, timeout_ms, "timeout", "10s", 1,
                            TG_MINUTE_MS, "of one request as a whole"),
        TG_SETTING_DURATION(struct tg_registry_settings, start_wait_ms, "start_wait_max", "1m", 0,
                            TG_DAY_MS,
                            "how long a registry that does not answer is waited for at the start"),
        TG_SETTING_DURATION(struct tg_registry_settings, record_wait_ms, "record_wait_max", "10s",
                            0, 5 * TG_MINUTE_MS,
                            "how long records wait for a schema that is not known yet"),
        TG_SETTING_BOOL(struct tg_registry_settings, auto_register, "auto_register", "true",
                        "register the schemas of the outputs"),
};
const struct tg_settings tg_registry_settings_keys = TG_SETTINGS("schema_registry", items);

enum { USER };

static const struct tg_setting basic_items[] = {
        [USER] = TG_SETTING_OWN("user", NULL, "a name", "of `basic_auth`, which may be left out"),
        TG_SETTING_PATH(struct tg_registry_settings, password_file, "password_file", NULL,
                        "likewise: the file that holds the password"),
};
const struct tg_settings tg_registry_settings_basic_keys =
        TG_SETTINGS("schema_registry.basic_auth", basic_items);

static const struct tg_setting certificate_items[] = {
        TG_SETTING_PATH(struct tg_registry_settings, certificate_file, "file", NULL,
                        "of `client_certificate`, which may be left out"),
        TG_SETTING_PATH(struct tg_registry_settings, key_file, "key_file", NULL,
                        "likewise: its key"),
};
const struct tg_settings tg_registry_settings_certificate_keys =
        TG_SETTINGS("schema_registry.client_certificate", certificate_items);

void tg_registry_settings_init(struct tg_registry_settings *settings)
{
        *settings = (struct tg_registry_settings){0};
        tg_settings_init(&tg_registry_settings_keys, settings);
}

void tg_registry_settings_deinit(struct tg_registry_settings *settings)
{
        for (unsigned i = 0; i < settings->url_count; i++)
                free(settings->urls[i]);
        free(settings->user);
        free(settings->password_file);
        free(settings->ca_file);
        free(settings->certificate_file);
        free(settings->key_file);
        *settings = (struct tg_registry_settings){0};
}

/* What is wrong with a URL, or NULL. */
static const char *url_fault(struct tg_span url)
{
        const char *text = (const char *)url.data;
        size_t scheme = 0;

        if (url.size > 7 && strncmp(text, "http://", 7) == 0)
                scheme = 7;
        else if (url.size > 8 && strncmp(text, "https://", 8) == 0)
                scheme = 8;
        if (scheme == 0 || text[scheme] == '/' || text[scheme] == ':')
                return "is no address of a registry";
        if (url.size > TG_REGISTRY_URL_SIZE_MAX)
                return "is too long";
        for (size_t i = 0; i < url.size; i++) {
                if (url.data[i] <= ' ' || url.data[i] >= 0x7f)
                        return "has a character that no address has";
                if (text[i] == '?' || text[i] == '#')
                        return "has more than scheme, host, port and path";
        }
        return NULL;
}

static void add_url(struct tg_registry_settings *settings, struct tg_diagnostics *diagnostics,
                    const struct tg_node *node, struct tg_span url)
{
        const char *fault;

        while (url.size > 0 && url.data[url.size - 1] == '/')
                url.size--;
        fault = url_fault(url);
        if (memchr(url.data, '@', url.size))
                tg_diagnose(diagnostics, node, TG_ERROR,
                            "write them as basic_auth: {user: NAME, password_file: PATH}",
                            "a user or password does not belong into the url");
        else if (fault)
                tg_diagnose(diagnostics, node, TG_ERROR, url_advice, "\"%.*s\" %s",
                            TG_SPAN_FORMAT(url), fault);
        else if (settings->url_count == TG_REGISTRY_URLS_MAX)
                tg_diagnose(diagnostics, node, TG_ERROR, NULL, "more than %d addresses",
                            TG_REGISTRY_URLS_MAX);
        else
                settings->urls[settings->url_count++] =
                        tg_duplicate((const char *)url.data, url.size);
}

/* "a, b" as clients of Confluent write it, each part without the spaces around it. */
static void add_urls(struct tg_registry_settings *settings, struct tg_diagnostics *diagnostics,
                     const struct tg_node *node)
{
        struct tg_span text;
        const char *part;

        if (!tg_value_text(diagnostics, node, &text))
                return;
        for (part = (const char *)text.data;; part++) {
                size_t size;

                part += strspn(part, " ");
                size = strcspn(part, ",");
                while (size > 0 && part[size - 1] == ' ')
                        size--;
                add_url(settings, diagnostics, node, tg_span_of(part, size));
                part += strcspn(part, ",");
                if (*part == '\0')
                        return;
        }
}

static void read_urls(struct tg_registry_settings *settings, struct tg_reader *reader)
{
        const struct tg_node *list = tg_read_texts(reader, items[URL].key, TG_REQUIRED);

        for (const struct tg_node *item = tg_list_first(list); item;
             item = tg_list_next(list, item))
                add_urls(settings, reader->diagnostics, item);
}

static bool any_is_plain(const struct tg_registry_settings *settings)
{
        for (unsigned i = 0; i < settings->url_count; i++)
                if (strncmp(settings->urls[i], "http:", 5) == 0)
                        return true;
        return false;
}

static void read_basic_auth(struct tg_registry_settings *settings, struct tg_reader *reader,
                            const char *folder)
{
        struct tg_reader basic;
        struct tg_span user;
        const struct tg_node *node = tg_read_mapping(reader, "basic_auth", TG_OPTIONAL, &basic);
        const struct tg_node *name =
                tg_read_text(&basic, basic_items[USER].key, TG_REQUIRED, &user);

        tg_settings_read(&tg_registry_settings_basic_keys, &basic, folder, settings);
        tg_reader_finish(&basic);
        if (!name)
                return;
        if (memchr(user.data, ':', user.size)) {
                tg_diagnose(reader->diagnostics, name, TG_ERROR, NULL,
                            "a user of basic auth can't have a colon in its name");
                return;
        }
        free(settings->user);
        settings->user = tg_duplicate((const char *)user.data, user.size);
        if (any_is_plain(settings))
                tg_diagnose(reader->diagnostics, node, TG_WARNING, "use an https:// url",
                            "the password is sent readable for everybody on the way");
}

static void read_certificate(struct tg_registry_settings *settings, struct tg_reader *reader,
                             const char *folder)
{
        struct tg_reader certificate;

        tg_read_mapping(reader, "client_certificate", TG_OPTIONAL, &certificate);
        tg_settings_read(&tg_registry_settings_certificate_keys, &certificate, folder, settings);
        tg_reader_finish(&certificate);
}

const struct tg_node *tg_registry_settings_read(struct tg_registry_settings *settings,
                                                struct tg_reader *root, const char *folder)
{
        struct tg_reader reader;
        const struct tg_node *node =
                tg_read_mapping(root, tg_registry_settings_keys.section, TG_OPTIONAL, &reader);

        read_urls(settings, &reader);
        read_basic_auth(settings, &reader, folder);
        read_certificate(settings, &reader, folder);
        tg_settings_read(&tg_registry_settings_keys, &reader, folder, settings);
        tg_reader_finish(&reader);
        return node;
}
