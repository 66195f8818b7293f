/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "scenario/read.h"

enum { PARTITIONS_MAX = 64 };

/* Texts are kept in a chain until the scenario goes. */
struct tg_scenario_text {
        struct tg_scenario_text *next;
        char text[];
};

const char *tg_scenario_text(struct tg_scenario *scenario, const char *format, ...)
{
        struct tg_scenario_text *text;
        va_list arguments;
        char *made = NULL;
        int size;

        va_start(arguments, format);
        size = vasprintf(&made, format, arguments);
        va_end(arguments);
        assert(size >= 0);
        text = tg_allocate(sizeof *text + (size_t)size + 1);
        memcpy(text->text, made, (size_t)size + 1);
        free(made);
        text->next = scenario->texts;
        scenario->texts = text;
        return text->text;
}

/* The scenario's own policy, or the one it is to be tried against. */
static void read_policy(struct tg_scenario_reading *reading, struct tg_reader *reader,
                        struct tg_span text, const char *policy)
{
        struct tg_scenario *scenario = reading->scenario;
        const struct tg_node *node = tg_read_node(
                reader, "policy", policy ? TG_OPTIONAL : TG_REQUIRED, "../policy.yaml");

        if (policy)
                tg_policy_load(policy, scenario->partitions, reading->diagnostics,
                               &scenario->policy);
        else
                tg_scenario_policy_read(reading, node, text, &scenario->policy);
}

static void read_cases(struct tg_scenario_reading *reading, struct tg_reader *reader)
{
        struct tg_scenario *scenario = reading->scenario;
        const struct tg_node *list = tg_read_sequence(reader, "cases", TG_REQUIRED);

        if (!list)
                return;
        scenario->cases = tg_allocate_zeroed(tg_node_count(list), sizeof scenario->cases[0]);
        for (const struct tg_node *node = tg_node_first(list); node; node = tg_node_next(node))
                tg_case_read(reading, node, &scenario->cases[scenario->case_count++]);
        if (scenario->case_count == 0)
                tg_diagnose(reading->diagnostics, list, TG_ERROR, NULL,
                            "a scenario has at least one case");
}

static void read_scenario(struct tg_scenario_reading *reading, struct tg_span text,
                          const char *policy)
{
        struct tg_scenario *scenario = reading->scenario;
        struct tg_span name = tg_span_text("");
        int64_t partitions = 1;
        struct tg_reader reader;

        tg_reader_init(&reader, reading->diagnostics, tg_document_root(scenario->document),
                       "scenario");
        tg_read_text(&reader, "scenario", TG_REQUIRED, &name);
        scenario->name = (const char *)name.data;
        tg_read_integer(&reader, "partitions", TG_OPTIONAL, 1, PARTITIONS_MAX, &partitions);
        scenario->partitions = (uint32_t)partitions;
        read_policy(reading, &reader, text, policy);
        tg_messages_read(reading, &reader);
        read_cases(reading, &reader);
        tg_reader_finish(&reader);
}

int tg_scenario_parse(const char *name, struct tg_span text, const char *policy,
                      struct tg_diagnostics *diagnostics, struct tg_scenario **ret_scenario)
{
        struct tg_scenario *scenario = tg_allocate_zeroed(1, sizeof *scenario);
        struct tg_scenario_reading reading = {.scenario = scenario, .diagnostics = diagnostics};
        size_t errors = diagnostics->errors;

        scenario->file = tg_scenario_text(scenario, "%s", name);
        if (tg_document_parse(scenario->file, text, diagnostics, &scenario->document) == 0)
                read_scenario(&reading, text, policy);
        else
                scenario->document = NULL;
        free(reading.messages);
        if (diagnostics->errors > errors || !scenario->policy) {
                tg_scenario_free(scenario);
                return -1;
        }
        *ret_scenario = scenario;
        return 0;
}

int tg_scenario_load(const char *path, const char *policy, struct tg_diagnostics *diagnostics,
                     struct tg_scenario **ret_scenario)
{
        struct tg_place place = {.file = path};
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};

        if (tg_file_read(path, TG_DOCUMENT_SIZE_MAX, &text) < 0) {
                tg_diagnose_place(diagnostics, &place, TG_ERROR, NULL, "can't be read: %s",
                                  strerror(errno));
                return -1;
        }
        return tg_scenario_parse(path, tg_buffer_span(&text), policy, diagnostics, ret_scenario);
}

void tg_scenario_free(struct tg_scenario *scenario)
{
        if (!scenario)
                return;
        for (size_t i = 0; i < scenario->case_count; i++)
                free(scenario->cases[i].steps);
        free(scenario->cases);
        tg_policy_free(scenario->policy);
        tg_document_free(scenario->document);
        while (scenario->texts) {
                struct tg_scenario_text *next = scenario->texts->next;

                free(scenario->texts);
                scenario->texts = next;
        }
        free(scenario);
}

void tg_scenario_free_pointer(struct tg_scenario **scenario)
{
        tg_scenario_free(*scenario);
}
