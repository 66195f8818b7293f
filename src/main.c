/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touchgate: composes its commands, and nothing else.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/check.h"
#include "cli/generate.h"
#include "cli/import.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/record.h"
#include "cli/rejected.h"
#include "cli/replay.h"
#include "cli/run.h"
#include "cli/test.h"

static const struct command {
        const char *name;
        int (*run)(int argc, char **argv);
        char *full_name; /* what argp calls the program */
        const char *help;
} commands[] = {
        {"run", tg_cli_run, "touchgate run", "decide live: from Kafka to Kafka"},
        {"replay", tg_cli_replay, "touchgate replay",
         "a recording through a policy, with a virtual clock"},
        {"record", tg_cli_record, "touchgate record",
         "what the topics hold as a recording, to be replayed"},
        {"rejected", tg_cli_rejected, "touchgate rejected",
         "dead letters: what they are, and once more where they came from"},
        {"check", tg_cli_check, "touchgate check", "every mistake of a policy at once, offline"},
        {"test", tg_cli_test, "touchgate test", "scenarios: events, and what must be decided"},
        {"import", tg_cli_import, "touchgate import", "make a recording of a CSV table"},
        {"generate", tg_cli_generate, "touchgate generate",
         "make a recording of invented customers"},
        {"metrics", tg_cli_metrics, "touchgate metrics", "what a run tells Prometheus"},
        {"settings", tg_cli_settings, "touchgate settings", "the keys of a run's configuration"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *file)
{
        fprintf(file, "Usage: touchgate COMMAND [OPTION...]\n"
                      "Decide for every message whether it may be sent to this customer now: "
                      "permit, deny (why) or\ndefer (until when).\n\n");
        for (int i = 0; i < COMMANDS; i++)
                fprintf(file, "  %-8s  %s\n", commands[i].name, commands[i].help);
        fprintf(file, "\n`touchgate COMMAND --help` explains one. `touchgate --version` prints the "
                      "version.\n");
}

/* What was probably meant by a command that isn't there; NULL: nothing near. */
static const char *nearest_command(const char *written)
{
        const char *names[COMMANDS];

        for (int i = 0; i < COMMANDS; i++)
                names[i] = commands[i].name;
        return tg_option_meant(written, names, COMMANDS);
}

static int run(int argc, char **argv)
{
        const char *meant;

        if (argc < 2) {
                print_help(stderr);
                return EX_USAGE;
        }
        for (int i = 0; i < COMMANDS; i++) {
                if (strcmp(argv[1], commands[i].name) == 0) {
                        argv[1] = commands[i].full_name;
                        return commands[i].run(argc - 1, argv + 1);
                }
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
                print_help(stdout);
                return EX_OK;
        }
        if (strcmp(argv[1], "--version") == 0) {
                printf("touchgate %s\n", TG_VERSION);
                return EX_OK;
        }
        meant = nearest_command(argv[1]);
        fprintf(stderr, "touchgate: there is no command \"%s\"", argv[1]);
        if (meant)
                fprintf(stderr, "; did you mean \"%s\"?\n", meant);
        else
                fputs("; `touchgate --help` lists them\n", stderr);
        return EX_USAGE;
}

/* What a command has printed has arrived, or it did not do what it was asked to. */
int main(int argc, char **argv)
{
        int status = run(argc, argv);

        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fputs("touchgate: standard output could not be written\n", stderr);
        return status ? status : EX_IOERR;
}
