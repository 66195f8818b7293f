/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include <argp.h>
#include <jansson.h>
#include <sysexits.h>
#include <unistd.h>

#include "rules/policy.h"

static const char description[] =
        "Check a policy without running it: every mistake at once, each with file, line, column, "
        "the excerpt, and what was probably meant.\v"
        "Example:\n"
        "  touchgate check policy.yaml\n"
        "\n"
        "Exit status: 0 if there is no error (there may be warnings), 64 for wrong usage, 78 for a "
        "policy with mistakes.";

static const struct argp_option option_table[] = {
        {"json", 'j', 0, 0, "Print the mistakes as JSON", 0},
        {0},
};

struct arguments {
        const char *policy;
        bool json;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
        struct arguments *arguments = state->input;

        switch (key) {
        case 'j':
                arguments->json = true;
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

static void print(const struct arguments *arguments, const struct tg_diagnostics *diagnostics,
                  const struct tg_policy *policy)
{
        if (arguments->json) {
                json_t *mistakes = tg_diagnostics_json(diagnostics);

                json_dumpf(mistakes, stdout, JSON_INDENT(2));
                putchar('\n');
                json_decref(mistakes);
                return;
        }
        tg_diagnostics_print(diagnostics, stdout, isatty(STDOUT_FILENO));
        if (policy)
                printf("%s: policy %s is fine: %zu rules, %zu throttles, hash %s\n",
                       arguments->policy, policy->name.name, policy->rule_count,
                       policy->throttle_count, policy->name.hash);
}

int tg_cli_check(int argc, char **argv)
{
        static const struct argp argp = {option_table, parse_option, "POLICY", description,
                                         NULL,         NULL,         NULL};
        struct arguments arguments = {0};
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        int result;

        argp_err_exit_status = EX_USAGE;
        argp_parse(&argp, argc, argv, 0, NULL, &arguments);
        result = tg_policy_load(arguments.policy, 0, &diagnostics, &policy);
        print(&arguments, &diagnostics, policy);
        tg_policy_free(policy);
        tg_diagnostics_deinit(&diagnostics);
        return result < 0 ? EX_CONFIG : EX_OK;
}
