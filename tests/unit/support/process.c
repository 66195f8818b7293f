/* SPDX-License-Identifier: Apache-2.0 */
#include "support/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const struct folder *folder, const char *const *arguments)
{
        int flags = O_WRONLY | O_CREAT | O_TRUNC;

        if (chdir(folder->path) < 0 || dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0 ||
            dup2(open("standard-output", flags, 0600), STDOUT_FILENO) < 0 ||
            dup2(open("standard-error", flags, 0600), STDERR_FILENO) < 0)
                _exit(127);
        execv(TEST_TOUCHGATE, (char *const *)arguments);
        _exit(127);
}

struct outcome process_run(const struct folder *folder, const char *const *arguments)
{
        struct outcome outcome = {.code = -1};
        pid_t child = fork();
        int status;

        cr_assert_geq(child, 0);
        if (child == 0)
                become(folder, arguments);
        cr_assert_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status))
                outcome.code = WEXITSTATUS(status);
        outcome.said = folder_read(folder, "standard-output", &(size_t){0});
        outcome.told = folder_read(folder, "standard-error", &(size_t){0});
        cr_assert_not_null(outcome.said);
        cr_assert_not_null(outcome.told);
        return outcome;
}

void outcome_deinit(struct outcome *outcome)
{
        free(outcome->said);
        free(outcome->told);
}
