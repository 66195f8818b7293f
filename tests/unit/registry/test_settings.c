/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/settings.h"

#include <criterion/criterion.h>

#include "config/document.h"

static struct tg_document *document;
static struct tg_diagnostics diagnostics;
static struct tg_registry_settings settings;

static bool read(const char *text)
{
        struct tg_reader root;
        bool found;

        cr_assert_eq(tg_document_parse("run.yaml", tg_span_text(text), &diagnostics, &document), 0);
        tg_reader_init(&root, &diagnostics, tg_document_root(document), "the configuration");
        tg_registry_settings_init(&settings);
        found = tg_registry_settings_read(&settings, &root, "conf") != NULL;
        tg_reader_finish(&root);
        return found;
}

static void teardown(void)
{
        tg_registry_settings_deinit(&settings);
        tg_diagnostics_deinit(&diagnostics);
        tg_document_free(document);
        document = NULL;
}

TestSuite(registry_settings, .fini = teardown);

/* There is one mistake: at this line and column, with this in its message. */
static void expect_mistake(const char *text, uint32_t line, uint32_t column, const char *part)
{
        read(text);
        cr_assert_eq(diagnostics.errors, 1, "%zu mistakes in %s", diagnostics.errors, text);
        cr_expect_eq(diagnostics.items[0].line, line, "line %u", diagnostics.items[0].line);
        cr_expect_eq(diagnostics.items[0].column, column, "column %u: %s",
                     diagnostics.items[0].column, diagnostics.items[0].message);
        cr_expect(strstr(diagnostics.items[0].message, part), "%s", diagnostics.items[0].message);
        teardown();
}

Test(registry_settings, without_the_section_there_is_no_registry)
{
        cr_expect_not(read("{}"));
        cr_expect_eq(settings.url_count, 0);
        cr_expect_eq(diagnostics.errors, 0);
}

Test(registry_settings, everything_that_is_written_is_read)
{
        cr_expect(read("schema_registry:\n"
                       "  url: https://a:8081/, https://b/apis/ccompat/v7\n"
                       "  basic_auth: {user: ali, password_file: secret}\n"
                       "  ca_file: /etc/ca.pem\n"
                       "  client_certificate: {file: me.pem, key_file: me.key}\n"
                       "  connect_timeout: 1s\n"
                       "  timeout: 3s\n"
                       "  start_wait_max: 5m\n"
                       "  record_wait_max: 0s\n"
                       "  auto_register: false\n"));
        cr_assert_eq(diagnostics.errors + diagnostics.warnings, 0, "%s",
                     diagnostics.items[0].message);
        cr_assert_eq(settings.url_count, 2);
        cr_expect_str_eq(settings.urls[0], "https://a:8081");
        cr_expect_str_eq(settings.urls[1], "https://b/apis/ccompat/v7");
        cr_expect_str_eq(settings.user, "ali");
        cr_expect_str_eq(settings.password_file, "conf/secret");
        cr_expect_str_eq(settings.ca_file, "/etc/ca.pem");
        cr_expect_str_eq(settings.certificate_file, "conf/me.pem");
        cr_expect_str_eq(settings.key_file, "conf/me.key");
        cr_expect_eq(settings.connect_timeout_ms, 1000);
        cr_expect_eq(settings.timeout_ms, 3000);
        cr_expect_eq(settings.start_wait_ms, 300000);
        cr_expect_eq(settings.record_wait_ms, 0);
        cr_expect_not(settings.auto_register);
}

Test(registry_settings, urls_may_be_a_list)
{
        read("schema_registry: {url: [http://a, http://b]}");
        cr_assert_eq(diagnostics.errors, 0);
        cr_expect_eq(settings.url_count, 2);
        cr_expect(settings.auto_register);
}

Test(registry_settings, what_is_no_address_is_told_at_its_place)
{
        expect_mistake("schema_registry: {url: registry:8081}", 1, 24, "no address");
        expect_mistake("schema_registry: {url: \"http://a,\"}", 1, 24, "no address");
        expect_mistake("schema_registry: {url: ftp://a}", 1, 24, "no address");
        expect_mistake("schema_registry: {url: \"http://\"}", 1, 24, "no address");
        expect_mistake("schema_registry: {url: http://a b}", 1, 24, "character");
        expect_mistake("schema_registry: {url: http://a?b}", 1, 24, "more than");
        expect_mistake("schema_registry: {timeout: 1s}", 1, 18, "url");
}

Test(registry_settings, a_password_in_the_url_is_refused_and_not_shown)
{
        read("schema_registry: {url: http://ali:sesame@a}");
        cr_assert_eq(diagnostics.errors, 1);
        cr_expect(strstr(diagnostics.items[0].advice, "password_file"));
        cr_expect_not(strstr(diagnostics.items[0].message, "sesame"));
}

Test(registry_settings, half_of_a_pair_is_missing_the_other)
{
        expect_mistake("schema_registry: {url: https://a, basic_auth: {user: u}}", 1, 47,
                       "password_file");
        expect_mistake("schema_registry: {url: https://a, client_certificate: {file: f}}", 1, 55,
                       "key_file");
}

Test(registry_settings, a_password_that_everybody_can_read_is_warned_of)
{
        read("schema_registry: {url: http://a, basic_auth: {user: u, password_file: p}}");
        cr_expect_eq(diagnostics.errors, 0);
        cr_expect_eq(diagnostics.warnings, 1);
}

Test(registry_settings, a_key_that_nobody_knows_is_told_with_what_was_meant)
{
        expect_mistake("schema_registry: {url: http://a, auto_registr: true}", 1, 34,
                       "auto_registr");
}
