/* SPDX-License-Identifier: Apache-2.0 */
#include "support/process.h"

#include <fcntl.h>
#include <signal.h>
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

static pid_t start(const struct folder *folder, const char *const *arguments)
{
        pid_t child = fork();

        cr_assert_geq(child, 0);
        if (child == 0)
                become(folder, arguments);
        return child;
}

static struct outcome finish(const struct folder *folder, pid_t child)
{
        struct outcome outcome = {.code = -1};
        int status;

        cr_assert_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status))
                outcome.code = WEXITSTATUS(status);
        outcome.said = folder_read(folder, "standard-output", &(size_t){0});
        outcome.told = folder_read(folder, "standard-error", &(size_t){0});
        cr_assert_not_null(outcome.said);
        cr_assert_not_null(outcome.told);
        return outcome;
}

struct outcome process_run(const struct folder *folder, const char *const *arguments)
{
        return finish(folder, start(folder, arguments));
}

struct outcome process_interrupt(const struct folder *folder, const char *const *arguments,
                                 const char *sign, int signal)
{
        enum { LOOKS_MAX = 10000 };
        pid_t child = start(folder, arguments);

        for (int i = 0; i < LOOKS_MAX && access(folder_file(folder, sign), F_OK) < 0; i++)
                usleep(1000);
        kill(child, signal);
        return finish(folder, child);
}

void outcome_deinit(struct outcome *outcome)
{
        free(outcome->said);
        free(outcome->told);
}
