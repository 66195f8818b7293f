/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/test.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/terminal.h"
#include "cli/test_options.h"
#include "scenario/run.h"

enum { CASE_FAILED = 1 };

/* All files together. */
struct testing {
        const struct tg_test_options *options;
        json_t *files; /* NULL: printed for a person */
        int passed;
        int failed;
        int exit_code; /* of the first file that could not be run */
        bool colours;
};

/* Prints TEXT, which may have several lines, behind LABEL and below it. */
static void print_lines(const char *label, const char *text)
{
        const char *end;

        for (; (end = strchr(text, '\n')); text = end + 1, label = "")
                printf("          %-10s%.*s\n", label, (int)(end - text), text);
        printf("          %-10s%s\n", label, text);
}

static void print_case(const struct testing *testing, const struct tg_scenario *scenario,
                       const struct tg_case *story, const struct tg_case_result *result)
{
        const char *colour = result->count ? "\033[31m" : "\033[32m";

        printf("  %s%s%s  %s\n", testing->colours ? colour : "", result->count ? "FAIL" : "ok  ",
               testing->colours ? "\033[0m" : "", story->name);
        for (size_t i = 0; i < result->count; i++) {
                const struct tg_difference *difference = &result->differences[i];

                printf("        %s:%u: %s\n", scenario->file, difference->line,
                       difference->message);
                print_lines("expected", difference->expected);
                print_lines("happened", difference->happened);
        }
}

static json_t *json_case(const struct tg_case *story, const struct tg_case_result *result)
{
        json_t *differences = json_array();

        for (size_t i = 0; i < result->count; i++) {
                const struct tg_difference *difference = &result->differences[i];

                json_array_append_new(differences, json_pack("{s:I, s:s, s:s, s:s}", "line",
                                                             (json_int_t)difference->line,
                                                             "message", difference->message,
                                                             "expected", difference->expected,
                                                             "happened", difference->happened));
        }
        return json_pack("{s:s, s:I, s:b, s:o}", "case", story->name, "line",
                         (json_int_t)story->line, "passed", result->count == 0, "differences",
                         differences);
}

static void test_case(struct testing *testing, const struct tg_scenario *scenario,
                      const struct tg_case *story, json_t *cases)
{
        struct tg_case_result result;
        struct tg_error error;

        if (tg_case_run(scenario, story, &result, &error) < 0) {
                fprintf(stderr, "%s:%u: %s\n", scenario->file, story->line, error.message);
                testing->exit_code = error.exit_code;
                return;
        }
        if (result.count)
                testing->failed++;
        else
                testing->passed++;
        if (cases)
                json_array_append_new(cases, json_case(story, &result));
        else
                print_case(testing, scenario, story, &result);
        tg_case_result_deinit(&result);
}

static void test_scenario(struct testing *testing, const struct tg_scenario *scenario)
{
        json_t *cases = testing->files ? json_array() : NULL;

        if (!cases)
                printf("%s\n", scenario->name);
        for (size_t i = 0; i < scenario->case_count; i++)
                test_case(testing, scenario, &scenario->cases[i], cases);
        if (cases)
                json_array_append_new(testing->files,
                                      json_pack("{s:s, s:s, s:o}", "file", scenario->file,
                                                "scenario", scenario->name, "cases", cases));
}

/* What can't be read is told at once: a mistake in one file is no reason not to run the others. */
static void test_file(struct testing *testing, const char *path)
{
        tg_cleanup(tg_diagnostics_deinit) struct tg_diagnostics diagnostics = {0};
        tg_cleanup(tg_scenario_free_pointer) struct tg_scenario *scenario = NULL;
        int result = tg_scenario_load(path, testing->options->policy, &diagnostics, &scenario);

        fflush(stdout);
        tg_diagnostics_print(&diagnostics, stderr, tg_terminal_colours(stderr));
        if (result == 0)
                test_scenario(testing, scenario);
        else if (testing->exit_code == 0)
                testing->exit_code = access(path, R_OK) < 0 ? EX_NOINPUT : EX_CONFIG;
        if (testing->files && result < 0)
                json_array_append_new(testing->files,
                                      json_pack("{s:s, s:o}", "file", path, "mistakes",
                                                tg_diagnostics_json(&diagnostics)));
}

static void print_end(const struct testing *testing)
{
        json_t *all;

        if (!testing->files) {
                printf("%d passed, %d failed\n", testing->passed, testing->failed);
                return;
        }
        all = json_pack("{s:O, s:i, s:i}", "files", testing->files, "passed", testing->passed,
                        "failed", testing->failed);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
}

int tg_cli_test(int argc, char **argv)
{
        struct tg_test_options options;
        struct testing testing = {.options = &options, .colours = tg_terminal_colours(stdout)};

        if (tg_test_options_parse(argc, argv, &options) != 0)
                return EX_USAGE;
        testing.files = options.json ? json_array() : NULL;
        for (int i = 0; i < options.file_count; i++)
                test_file(&testing, options.files[i]);
        print_end(&testing);
        json_decref(testing.files);
        if (testing.exit_code)
                return testing.exit_code;
        return testing.failed ? CASE_FAILED : 0;
}
