/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/folder.h"
#include "support/said.h"

static const char MAPPING[] = "mapping: shop\n"
                              "id: '{row}'\n"
                              "customer: '{who}'\n"
                              "time: {column: ms, format: epoch_ms}\n"
                              "rows:\n"
                              "  - row: sale\n"
                              "    when: {what: sale}\n"
                              "    touchpoint: {type: purchase, subject: '{ref}'}\n"
                              "  - row: mail\n"
                              "    when: {what: mail}\n"
                              "    request: {channel: email, kind: offer, expires: {after: 1s}}\n";
static const char TABLE[] = "ms,who,what,ref,row\n"
                            "1000,ann,sale,oats,1\n"
                            "2000,bob,mail,,2\n"
                            "2000,ann,other,,3\n"
                            "3000,\"bob \"\"B\"\"\",sale,\"a,b\",4\n";
static const char TOUCHPOINTS[] =
        "{\"id\":\"1\",\"customer\":\"ann\",\"time\":1000,\"type\":\"purchase\","
        "\"subject\":\"oats\"}\n"
        "{\"id\":\"4\",\"customer\":\"bob \\\"B\\\"\",\"time\":3000,\"type\":\"purchase\","
        "\"subject\":\"a,b\"}\n";
static const char REQUESTS[] = "{\"id\":\"2\",\"customer\":\"bob\",\"time\":2000,\"expires\":3000,"
                               "\"channel\":\"email\",\"kind\":\"offer\"}\n";

struct outcome {
        int code;   /* what the command returned */
        char *told; /* standard error; owned */
};

static void outcome_deinit(struct outcome *outcome)
{
        free(outcome->told);
}

/* Runs the command on FOLDER/TABLE with FOLDER/m.yaml; MORE is one more option or NULL. */
static struct outcome import(const struct folder *folder, const char *table, const char *more)
{
        tg_cleanup(tg_free_pointer) char *mapping = strdup(folder_file(folder, "m.yaml"));
        tg_cleanup(tg_free_pointer) char *output = strdup(folder_file(folder, "out"));
        tg_cleanup(tg_free_pointer) char *input = strdup(folder_file(folder, table));
        char name[] = "touchgate import", mapping_option[] = "-m", output_option[] = "-o";
        char *argv[] = {name,   mapping_option, mapping,      output_option,
                        output, input,          (char *)more, NULL};
        struct outcome outcome;
        int saved = dup(STDERR_FILENO);

        cr_assert_not_null(freopen(folder_file(folder, "told"), "w", stderr));
        outcome.code = tg_cli_import(more ? 7 : 6, argv);
        fflush(stderr);
        dup2(saved, STDERR_FILENO);
        close(saved);
        outcome.told = folder_read(folder, "told", NULL);
        return outcome;
}

#define IMPORT(name, ...) tg_cleanup(outcome_deinit) struct outcome name = import(__VA_ARGS__)

static void expect_file(const struct folder *folder, enum tg_shipped schema, const char *name,
                        const char *records)
{
        tg_cleanup(tg_free_pointer) char *said = said_by_file(schema, folder_file(folder, name));

        cr_expect_str_eq(said, records);
}

static void expect_no_output(const struct folder *folder)
{
        cr_expect_neq(access(folder_file(folder, "out/touchpoints.avro"), F_OK), 0);
        cr_expect_neq(access(folder_file(folder, "out/touchpoints.avro.partial"), F_OK), 0);
        cr_expect_neq(access(folder_file(folder, "out/requests.avro"), F_OK), 0);
        cr_expect_neq(access(folder_file(folder, "out/requests.avro.partial"), F_OK), 0);
}

static void expect_told(const struct outcome *outcome, const char *text)
{
        cr_expect(strstr(outcome->told, text), "\"%s\" is not in: %s", text, outcome->told);
}

Test(import, a_table_becomes_what_libavro_reads_under_the_shipped_schemas)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", TABLE);
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_OK, "%s", outcome.told);
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro", TOUCHPOINTS);
        expect_file(&folder, TG_SCHEMA_REQUEST, "out/requests.avro", REQUESTS);
        expect_told(&outcome, "t.csv: 4 rows\n");
        expect_told(&outcome, "  1  rows skipped");
}

static void expect_same_bytes(const struct folder *folder, const char *name, char **previous)
{
        size_t size;
        char *bytes = folder_read(folder, name, &size);

        cr_assert_not_null(bytes);
        if (*previous)
                cr_expect_eq(memcmp(*previous, bytes, size), 0);
        free(*previous);
        *previous = bytes;
}

Test(import, the_same_table_gives_the_same_bytes_gzipped_or_not)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *touchpoints = NULL;
        tg_cleanup(tg_free_pointer) char *requests = NULL;
        const char *const tables[] = {"t.csv", "t.csv.gz", "t.csv"};

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", TABLE);
        folder_put_gzip(&folder, "t.csv.gz", TABLE);
        for (int i = 0; i < 3; i++) {
                IMPORT(outcome, &folder, tables[i], NULL);
                cr_expect_eq(outcome.code, EX_OK, "%s", outcome.told);
                expect_same_bytes(&folder, "out/touchpoints.avro", &touchpoints);
                expect_same_bytes(&folder, "out/requests.avro", &requests);
        }
}

Test(import, every_codec_says_the_same)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", TABLE);
        IMPORT(deflate, &folder, "t.csv", "--codec=deflate");
        cr_expect_eq(deflate.code, EX_OK);
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro", TOUCHPOINTS);
        IMPORT(snappy, &folder, "t.csv", "--codec=snappy");
        cr_expect_eq(snappy.code, EX_OK);
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro", TOUCHPOINTS);
        expect_file(&folder, TG_SCHEMA_REQUEST, "out/requests.avro", REQUESTS);
}

Test(import, many_blocks_keep_every_record_in_order)
{
        enum { ROWS = 20000 };
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *table = tg_allocate(ROWS * 40 + 64);
        tg_cleanup(tg_free_pointer) char *said = NULL;
        char *at = stpcpy(table, "ms,who,what,ref,row\n");
        char *line;

        for (int i = 0; i < ROWS; i++)
                at += sprintf(at, "%d,ann,sale,oats,%d\n", 1000 + i, i);
        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", table);
        IMPORT(outcome, &folder, "t.csv", "--codec=snappy");
        cr_expect_eq(outcome.code, EX_OK);
        said = said_by_file(TG_SCHEMA_TOUCHPOINT, folder_file(&folder, "out/touchpoints.avro"));
        line = said;
        for (int i = 0; i < ROWS; i++, line = strchr(line, '\n') + 1) {
                char begin[24];

                cr_assert(*line, "%d records only", i);
                snprintf(begin, sizeof begin, "{\"id\":\"%d\",", i);
                cr_assert_eq(strncmp(line, begin, strlen(begin)), 0);
        }
        cr_expect_eq(*line, '\0');
}

Test(import, bad_lines_are_told_with_their_numbers_and_left_out)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv",
                   "ms,who,what,ref,row\n1000,ann,sale,oats,1\n12x,ann,sale,oats,5\n"
                   "2000,bob,mail,,2\n2000,bob,mail,2\n\"x\"y\n3000,\"bob "
                   "\"\"B\"\"\",sale,\"a,b\",4\n");
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_OK);
        expect_told(&outcome, "t.csv:3:1: error: ms \"12x\" is no number of milliseconds since "
                              "1970\n    3 | 12x,ann,sale,oats,5\n        ^~~\n");
        expect_told(&outcome, "t.csv:5:1: error: 4 fields, but the header has 5\n");
        cr_expect_null(strstr(outcome.told, "lack its quotes"));
        expect_told(&outcome, "t.csv:6:4: error: text behind the closing quote\n");
        expect_told(&outcome, "  3  bad lines left out\n");
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro", TOUCHPOINTS);
        expect_file(&folder, TG_SCHEMA_REQUEST, "out/requests.avro", REQUESTS);
}

Test(import, strict_stops_at_the_first_bad_line_and_leaves_nothing)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv",
                   "ms,who,what,ref,row\n1000,ann,sale,oats,1\n12x,ann,sale,,5\n13x,ann,sale,,6\n");
        IMPORT(outcome, &folder, "t.csv", "--strict");
        cr_expect_eq(outcome.code, EX_DATAERR);
        expect_told(&outcome, "t.csv:3:1: error: ms \"12x\"");
        expect_told(&outcome, "stopped at the first bad line (--strict)");
        cr_expect_null(strstr(outcome.told, "13x"));
        expect_no_output(&folder);
}

Test(import, a_row_of_which_one_record_is_bad_makes_none)
{
        FOLDER(folder);
        char mapping[1024];

        snprintf(mapping, sizeof mapping,
                 "%s  - row: again\n    when: {what: sale}\n"
                 "    touchpoint: {id: '{row}-again', type: '{ref}'}\n",
                 MAPPING);
        folder_put(&folder, "m.yaml", mapping);
        folder_put(&folder, "t.csv", "ms,who,what,ref,row\n1,a,sale,oats,1\n2,a,sale,click,2\n");
        IMPORT(outcome, &folder, "t.csv", NULL);
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro",
                    "{\"id\":\"2\",\"customer\":\"a\",\"time\":2,\"type\":\"purchase\","
                    "\"subject\":\"click\"}\n"
                    "{\"id\":\"2-again\",\"customer\":\"a\",\"time\":2,\"type\":\"click\"}\n");
        expect_told(&outcome, "ref \"oats\" is no type");
}

Test(import, files_of_an_earlier_import_are_replaced_and_those_of_another_recording_refused)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", "ms,who,what,ref,row\n1,a,sale,,1\n");
        IMPORT(first, &folder, "t.csv", NULL);
        cr_expect_eq(first.code, EX_OK);
        IMPORT(again, &folder, "t.csv", NULL);
        cr_expect_eq(again.code, EX_OK, "%s", again.told);
        folder_put(&folder, "out/requests-00001.avro", "of somebody else");
        IMPORT(mixed, &folder, "t.csv", NULL);
        cr_expect_eq(mixed.code, EX_CANTCREAT);
        expect_told(&mixed, "out/requests-00001.avro: is there already, and would be read along");
}

Test(import, a_table_of_bad_lines_alone_is_no_recording)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", "ms,who,what,ref,row\nx,ann,sale,oats,1\n");
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_DATAERR);
        expect_no_output(&folder);
}

Test(import, a_mapping_of_another_table_is_told_at_its_place)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", "ms,whom,what,ref,row\n1000,ann,sale,oats,1\n");
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_told(&outcome, "m.yaml:3:11: error: the table has no column \"who\"\n");
        expect_told(&outcome, "did you mean \"whom\"?");
        expect_no_output(&folder);
}

Test(import, a_table_with_other_separators_or_line_ends_is_guessed_at)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", "ms;who;what;ref;row\n1000;ann;sale;oats;1\n");
        IMPORT(semicolons, &folder, "t.csv", NULL);
        cr_expect_eq(semicolons.code, EX_CONFIG);
        expect_told(&semicolons, "does the mapping lack csv: {separator: \";\"}?");
        folder_put(&folder, "t.csv", "ms\twho\twhat\tref\trow\n1000\tann\tsale\toats\t1\n");
        IMPORT(tabs, &folder, "t.csv", NULL);
        expect_told(&tabs, "does the mapping lack csv: {separator: \"\\t\"}?");
        folder_put(&folder, "t.csv", "ms,who,what,ref,row\r1000,ann,sale,oats,1\r");
        IMPORT(returns, &folder, "t.csv", NULL);
        expect_told(&returns, "lines that end in CR alone?");
        expect_no_output(&folder);
}

Test(import, many_bad_lines_are_counted_and_the_first_ones_told)
{
        char table[400];
        char *at = stpcpy(table, "ms,who,what,ref,row\n1000,ann,sale,oats,1\n");
        FOLDER(folder);

        for (int i = 0; i < 11; i++)
                at = stpcpy(at, "12x,ann,sale,oats,5\n");
        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", table);
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_OK);
        expect_told(&outcome, "t.csv:12:1: error: ");
        cr_expect_null(strstr(outcome.told, "t.csv:13:1: "));
        expect_told(&outcome, "  11  bad lines left out\n");
        expect_told(&outcome, "(the first 10 are told above)\n");
}

Test(import, from_is_included_and_to_is_not)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv",
                   "ms,who,what,ref,row\n999,a,sale,,1\n1000,a,sale,,2\n2000,a,sale,,3\n");
        IMPORT(from, &folder, "t.csv", "--from=1970-01-01T00:00:01Z");
        expect_told(&from, "  1  records outside of --from and --to\n");
        IMPORT(to, &folder, "t.csv", "--to=1970-01-01T00:00:01Z");
        cr_expect_eq(to.code, EX_OK);
        expect_file(&folder, TG_SCHEMA_TOUCHPOINT, "out/touchpoints.avro",
                    "{\"id\":\"1\",\"customer\":\"a\",\"time\":999,\"type\":\"purchase\"}\n");
}

Test(import, rows_that_go_back_in_time_are_counted_and_kept)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv",
                   "ms,who,what,ref,row\n2,a,sale,,1\n1,a,sale,,2\n1,a,mail,,3\n2,a,sale,,4\n");
        IMPORT(outcome, &folder, "t.csv", NULL);
        cr_expect_eq(outcome.code, EX_OK);
        expect_told(&outcome, "warning: 1 touchpoints are earlier than one before them");
        expect_told(&outcome, "all touchpoints lie before 1980");
        cr_expect_null(strstr(outcome.told, "requests are earlier"));
}

Test(import, the_summary_is_json_on_standard_output_if_asked_for)
{
        FOLDER(folder);
        json_t *summary;
        int saved = dup(STDOUT_FILENO);

        folder_put(&folder, "m.yaml", MAPPING);
        folder_put(&folder, "t.csv", TABLE);
        cr_assert_not_null(freopen(folder_file(&folder, "json"), "w", stdout));
        IMPORT(outcome, &folder, "t.csv", "--json");
        cr_expect_eq(outcome.code, EX_OK);
        fflush(stdout);
        dup2(saved, STDOUT_FILENO);
        close(saved);
        summary = json_load_file(folder_file(&folder, "json"), 0, NULL);
        cr_assert_not_null(summary);
        cr_expect_eq(json_integer_value(json_object_get(summary, "rows")), 4);
        cr_expect_eq(json_integer_value(json_object_get(summary, "skipped")), 1);
        cr_expect_eq(json_integer_value(
                             json_object_get(json_object_get(summary, "touchpoints"), "records")),
                     2);
        json_decref(summary);
}

Test(import, what_is_not_there_has_its_own_exit_code)
{
        FOLDER(folder);

        folder_put(&folder, "m.yaml", MAPPING);
        IMPORT(no_table, &folder, "t.csv", NULL);
        cr_expect_eq(no_table.code, EX_NOINPUT);
        folder_put(&folder, "t.csv", "");
        IMPORT(empty, &folder, "t.csv", NULL);
        cr_expect_eq(empty.code, EX_DATAERR);
        expect_told(&empty, "no header: the table is empty");
        folder_put(&folder, "t.csv", TABLE);
        folder_put(&folder, "out", "a file in the place of the folder");
        IMPORT(no_folder, &folder, "t.csv", NULL);
        cr_expect_eq(no_folder.code, EX_CANTCREAT);
        cr_assert_eq(unlink(folder_file(&folder, "m.yaml")), 0);
        IMPORT(no_mapping, &folder, "t.csv", NULL);
        cr_expect_eq(no_mapping.code, EX_CONFIG);
}
