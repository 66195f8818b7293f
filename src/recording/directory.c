/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/directory.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static int refuse(const char *directory, const char *stem, struct tg_error *error)
{
        char pattern[PATH_MAX];
        glob_t found;

        snprintf(pattern, sizeof pattern, "%s/%s*.avro", directory, stem);
        if (glob(pattern, 0, NULL, &found) != 0)
                return 0;
        tg_fail(error, EX_CANTCREAT,
                "%s: is there already, and would be read along: choose another directory or remove "
                "it",
                found.gl_pathv[0]);
        globfree(&found);
        return -1;
}

int tg_recording_directory(const char *directory, struct tg_error *error)
{
        if (mkdir(directory, 0777) < 0 && errno != EEXIST)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be made", directory);
        if (refuse(directory, "touchpoints", error) < 0)
                return -1;
        return refuse(directory, "requests", error);
}
