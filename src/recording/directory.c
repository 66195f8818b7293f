/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recording/reader.h"

static bool is_replaced(const char *name)
{
        return strcmp(name, "touchpoints.avro") == 0 || strcmp(name, "requests.avro") == 0;
}

int tg_recording_directory(const char *directory, bool replaces, struct tg_error *error)
{
        struct dirent **entries;
        int count, result = 0;

        if (mkdir(directory, 0777) < 0 && errno != EEXIST)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be made", directory);
        count = scandir(directory, &entries, NULL, alphasort);
        if (count < 0)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be read", directory);
        for (int i = 0; i < count; i++) {
                const char *name = entries[i]->d_name;

                if (result == 0 && tg_recording_reads(name) && !(replaces && is_replaced(name)))
                        result = tg_fail(error, EX_CANTCREAT,
                                         "%s/%s: is there already, and would be read along: choose "
                                         "another directory or remove it",
                                         directory, name);
                free(entries[i]);
        }
        free(entries);
        return result;
}
