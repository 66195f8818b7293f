/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/log.h"

static struct tg_log log_;
static FILE *file;
static char *text;
static size_t size;
static int64_t now_ms = 1488369600000; /* 2017-03-01T12:00:00Z */

static int64_t fake_now_ms(void *context)
{
        (void)context;
        return now_ms;
}

static void setup(enum tg_log_format format)
{
        file = open_memstream(&text, &size);
        tg_log_init(&log_, file, format, TG_LOG_INFO);
        log_.now_ms = fake_now_ms;
}

static void teardown(void)
{
        tg_log_deinit(&log_);
        fclose(file);
        free(text);
}

static size_t lines(void)
{
        size_t count = 0;

        for (const char *c = text; *c; c++)
                count += *c == '\n';
        return count;
}

Test(log, a_file_gets_one_json_object_a_line, .fini = teardown)
{
        setup(TG_LOG_AUTO);
        tg_log(&log_, TG_LOG_WARNING, "two\nlines and \"%s\"", "quotes\\");
        cr_expect_str_eq(text, "{\"time\":\"2017-03-01T12:00:00.000Z\",\"level\":\"warning\","
                               "\"message\":\"two\\nlines and \\\"quotes\\\\\\\"\"}\n");
}

Test(log, text_begins_with_the_time_and_the_level, .fini = teardown)
{
        setup(TG_LOG_TEXT);
        tg_log(&log_, TG_LOG_ERROR, "no broker");
        cr_expect_str_eq(text, "12:00:00 error    no broker\n");
}

Test(log, text_cannot_steer_a_terminal, .fini = teardown)
{
        setup(TG_LOG_TEXT);
        tg_log(&log_, TG_LOG_INFO, "\033[2Jgone");
        cr_expect_null(strchr(text, '\033'));
}

Test(log, lines_beyond_the_level_are_left_out, .fini = teardown)
{
        setup(TG_LOG_TEXT);
        tg_log(&log_, TG_LOG_DEBUG, "noise");
        cr_expect_eq(size, 0);
}

Test(log, what_repeats_is_thinned_and_counted, .fini = teardown)
{
        setup(TG_LOG_JSON);
        for (int i = 0; i < 100; i++)
                tg_log(&log_, TG_LOG_INFO, "again %d", i);
        cr_expect_eq(lines(), TG_LOG_BURST);
        tg_log(&log_, TG_LOG_INFO, "something else");
        cr_expect_eq(lines(), TG_LOG_BURST + 1);
        now_ms += TG_LOG_WINDOW_MS;
        tg_log(&log_, TG_LOG_INFO, "again %d", 100);
        cr_expect_eq(lines(), TG_LOG_BURST + 2);
        cr_expect(strstr(text, "\"thinned\":95"), "%s", text);
}

Test(log, what_was_thinned_is_told_at_the_end_even_if_many_other_lines_came_in_between)
{
        setup(TG_LOG_JSON);
        for (int i = 0; i < 100; i++)
                tg_log_line(&log_, TG_LOG_INFO, "again", "again");
        for (int i = 0; i < 2 * TG_LOG_KEYS; i++) {
                char key[16];

                snprintf(key, sizeof key, "key %d", i);
                now_ms++;
                tg_log_line(&log_, TG_LOG_INFO, key, key);
        }
        cr_expect_eq(lines(), TG_LOG_BURST + 2 * TG_LOG_KEYS);
        tg_log_deinit(&log_);
        cr_expect(strstr(text, "\"thinned\":95"), "%s", text);
        fclose(file);
        free(text);
}

Test(log, a_line_that_is_cut_within_a_character_is_still_json, .fini = teardown)
{
        json_t *json;

        setup(TG_LOG_JSON);
        tg_log(&log_, TG_LOG_INFO, "cut here: \xc3");
        json = json_loads(text, 0, NULL);
        cr_expect_not_null(json, "%s", text);
        json_decref(json);
}

Test(log, a_log_that_is_no_terminal_has_no_status, .fini = teardown)
{
        setup(TG_LOG_TEXT);
        tg_log_status(&log_, "100 events/s");
        cr_expect_eq(size, 0);
}

Test(log, on_a_terminal_a_line_takes_the_place_of_the_status, .fini = teardown)
{
        setup(TG_LOG_TEXT);
        log_.terminal = true;
        tg_log_status(&log_, "100 events/s\033[2J");
        tg_log(&log_, TG_LOG_INFO, "news");
        tg_log_status(&log_, NULL);
        cr_expect(strncmp(text, "\r\033[K100 events/s?[2J\r\033[K", 24) == 0, "%s", text);
        cr_expect(strstr(text, "news\n\r\033[K"), "%s", text);
}
