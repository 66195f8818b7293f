/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include <jansson.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/check_report.h"
#include "cli/options.h"

static const char description[] =
        "Check a policy without running it: every mistake at once, each with file, line, column, "
        "the excerpt, and what was probably meant. Of a policy without mistakes: the memory it "
        "takes, the counters it uses, and how long its topics must be kept.\v"
        "Examples:\n"
        "  touchgate check policy.yaml\n"
        "  touchgate check --running today.yaml tomorrow.yaml\n"
        "\n"
        "Exit status: 0 if there is no error (there may be warnings), 64 for wrong usage, 78 for a "
        "policy with mistakes.";

static const struct argp_option option_table[] = {
        {"json", 'j', 0, 0, "Print all as JSON", 0},
        {"running", 'r', "POLICY", 0,
         "Check also whether this one, which runs, can be changed to it without a new start", 0},
        {0},
};

struct arguments {
        const char *policy;
        const char *running; /* NULL: none */
        bool json;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
        struct arguments *arguments = state->input;

        switch (key) {
        case 'j':
                arguments->json = true;
                return 0;
        case 'r':
                arguments->running = value;
                return 0;
        case ARGP_KEY_ARG:
                if (arguments->policy)
                        argp_error(state, "one POLICY at a time");
                arguments->policy = value;
                return 0;
        case ARGP_KEY_END:
                if (!arguments->policy)
                        argp_error(state, "a POLICY is needed");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static void print_json(const struct tg_diagnostics *diagnostics, const struct tg_policy *policy)
{
        json_t *all = json_pack("{s:o, s:o}", "mistakes", tg_diagnostics_json(diagnostics),
                                "policy", policy ? tg_check_report_json(policy) : json_null());

        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
}

static void print(const struct arguments *arguments, const struct tg_diagnostics *diagnostics,
                  const struct tg_policy *policy)
{
        if (arguments->json) {
                print_json(diagnostics, policy);
                return;
        }
        tg_diagnostics_print(diagnostics, stdout, isatty(STDOUT_FILENO));
        if (!policy)
                return;
        printf("%s: policy %s is fine: %zu rules, %zu throttles, hash %s\n", arguments->policy,
               policy->name.name, policy->rule_count, policy->throttle_count, policy->name.hash);
        tg_check_report_print(policy, stdout);
}

/* The policy, as it would be taken up if another runs. */
static int load(const struct arguments *arguments, struct tg_diagnostics *diagnostics,
                struct tg_policy **ret_policy)
{
        struct tg_policy *running = NULL;
        int result;

        if (!arguments->running)
                return tg_policy_load(arguments->policy, 0, diagnostics, ret_policy);
        if (tg_policy_load(arguments->running, 0, diagnostics, &running) < 0)
                return -1;
        result = tg_policy_load_next(arguments->policy, 0, running, diagnostics, ret_policy);
        tg_policy_free(running);
        return result;
}

int tg_cli_check(int argc, char **argv)
{
        static const struct argp argp = {option_table, parse_option, "POLICY", description,
                                         NULL,         NULL,         NULL};
        struct arguments arguments = {0};
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        int result;

        if (tg_options_parse(&argp, argc, argv, &arguments) != 0)
                return EX_USAGE;
        result = load(&arguments, &diagnostics, &policy);
        print(&arguments, &diagnostics, policy);
        tg_policy_free(policy);
        tg_diagnostics_deinit(&diagnostics);
        return result < 0 ? EX_CONFIG : EX_OK;
}
