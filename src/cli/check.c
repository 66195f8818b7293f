/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include <jansson.h>
#include <sysexits.h>

#include "cli/check_report.h"
#include "cli/options.h"
#include "cli/run_configuration.h"
#include "cli/terminal.h"

static const char description[] =
        "Check a policy, or the configuration of a run with the policy that it names, without "
        "running it: every mistake at once, each with file, line, column, the excerpt, and what "
        "was probably meant. Of a policy without mistakes: the memory it takes, the counters it "
        "uses, and how long its topics must be kept. Of a configuration: the environment variables "
        "that a run needs. Nothing is opened but these files: no broker, no secret.\v"
        "Examples:\n"
        "  touchgate check policy.yaml\n"
        "  touchgate check --running today.yaml tomorrow.yaml\n"
        "  touchgate check --config touchgate.yaml\n"
        "\n"
        "Exit status: 0 if there is no error (there may be warnings), 64 for wrong usage, 78 for a "
        "file with mistakes.";

static const struct argp_option option_table[] = {
        {"config", 'c', "FILE", 0, "Check the configuration of a run, and the policy it names", 0},
        {"json", 'j', 0, 0, "Print all as JSON", 0},
        {"running", 'r', "POLICY", 0,
         "Check also whether this one, which runs, can be changed to it without a new start", 0},
        {0},
};

struct check {
        const char *policy_path;        /* NULL: none was named, or only a variable names it */
        const char *configuration_path; /* NULL: the policy alone */
        const char *running;            /* NULL: none */
        bool json;
        struct tg_run_configuration configuration;
        struct tg_variables variables;
        struct tg_diagnostics configuration_mistakes;
        struct tg_diagnostics mistakes; /* of the policy */
        struct tg_policy *policy;       /* NULL: there is none without mistakes */
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
        struct check *check = state->input;

        switch (key) {
        case 'c':
                check->configuration_path = value;
                return 0;
        case 'j':
                check->json = true;
                return 0;
        case 'r':
                check->running = value;
                return 0;
        case ARGP_KEY_ARG:
                if (check->policy_path)
                        argp_error(state, "one POLICY at a time");
                check->policy_path = value;
                return 0;
        case ARGP_KEY_END:
                if (!check->policy_path == !check->configuration_path)
                        argp_error(state, "either a POLICY is needed, or --config FILE");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static json_t *variables_json(const struct tg_variables *variables)
{
        json_t *array = json_array();

        for (size_t i = 0; i < variables->count; i++)
                json_array_append_new(array,
                                      json_pack("{s:s, s:b}", "name", variables->items[i].name,
                                                "optional", variables->items[i].optional));
        return array;
}

static void print_json(const struct check *check)
{
        json_t *mistakes = tg_diagnostics_json(&check->configuration_mistakes);
        json_t *others = tg_diagnostics_json(&check->mistakes);
        json_t *all;

        json_array_extend(mistakes, others);
        json_decref(others);
        all = json_pack("{s:o, s:o}", "mistakes", mistakes, "policy",
                        check->policy ? tg_check_report_json(check->policy) : json_null());
        if (check->configuration_path)
                json_object_set_new(all, "environment", variables_json(&check->variables));
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
}

/* "SENTENCE A, B", of those that are optional or of those that are not. */
static void print_variables(const struct check *check, bool optional, const char *sentence)
{
        const char *separator = NULL;

        for (size_t i = 0; i < check->variables.count; i++) {
                if (check->variables.items[i].optional != optional)
                        continue;
                if (!separator)
                        printf("%s: %s", check->configuration_path, sentence);
                printf("%s%s", separator ? separator : " ", check->variables.items[i].name);
                separator = ", ";
        }
        if (separator)
                putchar('\n');
}

static void print_configuration(const struct check *check)
{
        tg_diagnostics_print(&check->configuration_mistakes, stdout, tg_terminal_colours(stdout));
        if (check->configuration_mistakes.errors == 0)
                printf("%s: the configuration is fine\n", check->configuration_path);
        print_variables(check, false, "a run needs these environment variables:");
        print_variables(check, true, "a run takes these, if they are set:");
        if (!check->policy_path && check->configuration_mistakes.errors == 0)
                printf("%s: which policy it is, the environment says: check that too\n",
                       check->configuration_path);
}

static void print(const struct check *check)
{
        const struct tg_policy *policy = check->policy;

        if (check->json) {
                print_json(check);
                return;
        }
        if (check->configuration_path)
                print_configuration(check);
        tg_diagnostics_print(&check->mistakes, stdout, tg_terminal_colours(stdout));
        if (!policy)
                return;
        printf("%s: policy %s is fine: %zu rules, %zu throttles, hash %s\n", check->policy_path,
               policy->name.name, policy->rule_count, policy->throttle_count, policy->name.hash);
        tg_check_report_print(policy, stdout);
}

/* The policy, as it would be taken up if another runs. */
static int load_policy(struct check *check)
{
        struct tg_diagnostics *mistakes = &check->mistakes;
        struct tg_policy *running = NULL;
        int result;

        if (!check->running)
                return tg_policy_load(check->policy_path, 0, mistakes, &check->policy);
        if (tg_policy_load(check->running, 0, mistakes, &running) < 0)
                return -1;
        result = tg_policy_load_next(check->policy_path, 0, running, mistakes, &check->policy);
        tg_policy_free(running);
        return result;
}

static int load_configuration(struct check *check)
{
        int result = tg_run_configuration_check(check->configuration_path,
                                                &check->configuration_mistakes, &check->variables,
                                                &check->configuration);

        check->policy_path = check->configuration.policy;
        return result;
}

int tg_cli_check(int argc, char **argv)
{
        static const struct argp argp = {
                option_table, parse_option, "POLICY\n--config FILE", description, NULL, NULL, NULL};
        struct check check = {0};
        int result = 0;

        if (tg_options_parse(&argp, argc, argv, &check) != 0)
                return EX_USAGE;
        if (check.configuration_path)
                result = load_configuration(&check);
        if (check.policy_path && load_policy(&check) < 0)
                result = -1;
        print(&check);
        tg_policy_free(check.policy);
        tg_diagnostics_deinit(&check.mistakes);
        tg_diagnostics_deinit(&check.configuration_mistakes);
        tg_variables_deinit(&check.variables);
        tg_run_configuration_deinit(&check.configuration);
        return result < 0 ? EX_CONFIG : EX_OK;
}
