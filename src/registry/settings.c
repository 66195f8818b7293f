/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "config/path.h"

static const char url_advice[] = "write http:// or https://, host, port and path: "
                                 "https://registry:8081, for Apicurio with /apis/ccompat/v7";

void tg_registry_settings_init(struct tg_registry_settings *settings)
{
        *settings = (struct tg_registry_settings){
                .connect_timeout_ms = 2 * TG_SECOND_MS,
                .timeout_ms = 10 * TG_SECOND_MS,
                .start_wait_ms = TG_MINUTE_MS,
                .record_wait_ms = 10 * TG_SECOND_MS,
                .auto_register = true,
        };
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
        const struct tg_node *list = tg_read_texts(reader, "url", TG_REQUIRED);

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
        const struct tg_node *name = tg_read_text(&basic, "user", TG_REQUIRED, &user);

        tg_read_path(&basic, "password_file", TG_REQUIRED, folder, &settings->password_file);
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

static void read_tls(struct tg_registry_settings *settings, struct tg_reader *reader,
                     const char *folder)
{
        struct tg_reader certificate;

        tg_read_path(reader, "ca_file", TG_OPTIONAL, folder, &settings->ca_file);
        tg_read_mapping(reader, "client_certificate", TG_OPTIONAL, &certificate);
        tg_read_path(&certificate, "file", TG_REQUIRED, folder, &settings->certificate_file);
        tg_read_path(&certificate, "key_file", TG_REQUIRED, folder, &settings->key_file);
        tg_reader_finish(&certificate);
}

const struct tg_node *tg_registry_settings_read(struct tg_registry_settings *settings,
                                                struct tg_reader *root, const char *folder)
{
        struct tg_reader reader;
        const struct tg_node *node = tg_read_mapping(root, "schema_registry", TG_OPTIONAL, &reader);

        read_urls(settings, &reader);
        read_basic_auth(settings, &reader, folder);
        read_tls(settings, &reader, folder);
        tg_read_duration(&reader, "connect_timeout", TG_OPTIONAL, 1, TG_MINUTE_MS,
                         &settings->connect_timeout_ms);
        tg_read_duration(&reader, "timeout", TG_OPTIONAL, 1, TG_MINUTE_MS, &settings->timeout_ms);
        tg_read_duration(&reader, "start_wait_max", TG_OPTIONAL, 0, TG_DAY_MS,
                         &settings->start_wait_ms);
        tg_read_duration(&reader, "record_wait_max", TG_OPTIONAL, 0, 5 * TG_MINUTE_MS,
                         &settings->record_wait_ms);
        tg_read_bool(&reader, "auto_register", TG_OPTIONAL, &settings->auto_register);
        tg_reader_finish(&reader);
        return node;
}
