/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rejected_options.h"

#include <string.h>

#include "cli/options.h"

enum { KEY_PARTITION = 256, KEY_OFFSET, KEY_REASON, KEY_ALL, KEY_DRY_RUN, KEY_FORCE, KEY_SHOW };

static const char DOC[] =
        "Dead letters are records that a gate could not read: it keeps them in the topic "
        "`rejected`, as they came, with the reason. `list` shows them, `resubmit` sends them back "
        "to where they were read, once the cause is gone: a schema that was missing, say."
        "\v"
        "A letter that is submitted again goes to the topic and partition it came from, with its "
        "key, value and own headers as they were and the present time as timestamp; "
        "touchgate.resubmitted counts how often. Of several letters of one record one is taken. "
        "The letter stays in `rejected`: submitting it "
        "twice makes two records (a request with the same id is decided once all the same).\n"
        "\n"
        "Refused without --force are letters that were submitted again 3 times already, and those "
        "whose origin is neither the touchpoint nor the request topic of the configuration.\n"
        "\n"
        "Examples:\n"
        "  touchgate rejected list --config touchgate.yaml\n"
        "  What exactly was in that one?\n"
        "    touchgate rejected list --config touchgate.yaml \\\n"
        "        --partition 2 --offset 17 --show\n"
        "  The schemas are registered now:\n"
        "    touchgate rejected resubmit --config touchgate.yaml \\\n"
        "        --reason \"unknown schema\" --dry-run\n"
        "\n"
        "Exit status: 0, 64 for wrong usage, 65 if a letter was refused, 66 if one that was named "
        "is not there, 69 if Kafka can't be reached, 77 if it refuses us, 78 for the "
        "configuration; 130 and 143 after SIGINT and SIGTERM.";

static const struct argp_option OPTIONS[] = {
        {"config", 'c', "FILE", 0, "The configuration of the gate (YAML)", 0},
        {NULL, 0, NULL, 0, "Which:", 1},
        {"partition", KEY_PARTITION, "N", 0, "Those in this partition of `rejected`", 1},
        {"offset", KEY_OFFSET, "N", 0,
         "With --partition: the one at this offset; may be given many times", 1},
        {"reason", KEY_REASON, "TEXT", 0,
         "Those with this reason: undecodable, unframed, unknown schema, no customer, no time, "
         "future, ...",
         1},
        {"all", KEY_ALL, NULL, 0, "resubmit: all, if nothing else says which", 1},
        {NULL, 0, NULL, 0, "How:", 2},
        {"show", KEY_SHOW, NULL, 0, "list: the first bytes of key and value, too", 2},
        {"json", 'j', NULL, 0, "list: a JSON object a line; with --show, value and key in base16",
         2},
        {"dry-run", KEY_DRY_RUN, NULL, 0, "resubmit: only say what would be done", 2},
        {"force", KEY_FORCE, NULL, 0, "resubmit: those too that would be refused", 2},
        {0},
};

static void take_action(struct argp_state *state, const char *text,
                        struct tg_rejected_options *options)
{
        options->resubmit = strcmp(text, "resubmit") == 0;
        if (state->arg_num > 0 || (!options->resubmit && strcmp(text, "list") != 0))
                argp_error(state, "\"%s\" is not expected: say list or resubmit, once", text);
}

static void add_offset(struct argp_state *state, const char *text,
                       struct tg_rejected_options *options)
{
        struct tg_letters_choice *choice = &options->choice;
        int64_t offset = (int64_t)tg_option_number(state, "--offset", text, 0, INT64_MAX - 1);

        for (size_t i = 0; i < choice->offset_count; i++)
                if (options->offsets[i] == offset)
                        return;
        if (choice->offset_count == TG_REJECTED_OFFSETS_MAX)
                argp_error(state, "at most %d offsets at a time", TG_REJECTED_OFFSETS_MAX);
        else
                options->offsets[choice->offset_count++] = offset;
}

static void check_complete(struct argp_state *state, const struct tg_rejected_options *options)
{
        const struct tg_letters_choice *choice = &options->choice;
        bool chosen = choice->partition >= 0 || choice->reason;

        if (state->arg_num == 0)
                argp_error(state, "say what to do: list or resubmit");
        else if (!options->configuration)
                argp_error(state, "name the configuration with --config FILE");
        else if (choice->offset_count > 0 && choice->partition < 0)
                argp_error(state, "--offset needs --partition");
        else if (options->resubmit && chosen == options->all)
                argp_error(state, "resubmit: say which, with --partition, --offset and --reason, "
                                  "or --all");
        else if (!options->resubmit && (options->dry_run || options->force || options->all))
                argp_error(state, "--dry-run, --force and --all go with resubmit");
        else if (options->resubmit && (options->show || options->json))
                argp_error(state, "--show and --json go with list");
}

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_rejected_options *options = state->input;

        switch (key) {
        case 'c':
                options->configuration = text;
                return 0;
        case 'j':
                options->json = true;
                return 0;
        case KEY_PARTITION:
                options->choice.partition =
                        (int32_t)tg_option_number(state, "--partition", text, 0, INT32_MAX);
                return 0;
        case KEY_OFFSET:
                add_offset(state, text, options);
                return 0;
        case KEY_REASON:
                options->choice.reason = text;
                return 0;
        case KEY_ALL:
                options->all = true;
                return 0;
        case KEY_DRY_RUN:
                options->dry_run = true;
                return 0;
        case KEY_FORCE:
                options->force = true;
                return 0;
        case KEY_SHOW:
                options->show = true;
                return 0;
        case ARGP_KEY_ARG:
                take_action(state, text, options);
                return 0;
        case ARGP_KEY_END:
                check_complete(state, options);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int tg_rejected_options_parse(int argc, char **argv, struct tg_rejected_options *ret_options)
{
        static const struct argp argp = {
                .options = OPTIONS, .parser = take, .args_doc = "list|resubmit", .doc = DOC};

        *ret_options = (struct tg_rejected_options){.choice.partition = -1};
        ret_options->choice.offsets = ret_options->offsets;
        return tg_options_parse(&argp, argc, argv, ret_options) == 0 ? 0 : EX_USAGE;
}
