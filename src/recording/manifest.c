/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int tg_manifest_write(const char *directory, const struct json_t *manifest, struct tg_error *error)
{
        char path[PATH_MAX], partial[PATH_MAX];

        snprintf(path, sizeof path, "%s/" TG_MANIFEST_NAME, directory);
        snprintf(partial, sizeof partial, "%s/" TG_MANIFEST_NAME ".partial", directory);
        if (json_dump_file(manifest, partial, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0 ||
            rename(partial, path) < 0) {
                tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be written", path);
                unlink(partial);
                return -1;
        }
        return 0;
}

int tg_manifest_partitions(const char *directory, uint32_t *ret_partitions, struct tg_error *error)
{
        char path[PATH_MAX];
        json_error_t mistake;
        json_int_t partitions;
        json_t *manifest;

        snprintf(path, sizeof path, "%s/" TG_MANIFEST_NAME, directory);
        if (access(path, F_OK) < 0) {
                *ret_partitions = 0;
                return 0;
        }
        manifest = json_load_file(path, 0, &mistake);
        if (!manifest)
                return tg_fail(error, EX_DATAERR, "%s:%d: %s", path, mistake.line, mistake.text);
        partitions = json_integer_value(json_object_get(manifest, "partitions"));
        json_decref(manifest);
        if (partitions < 1 || partitions > INT32_MAX)
                return tg_fail(error, EX_DATAERR, "%s: it has no sound `partitions`", path);
        *ret_partitions = (uint32_t)partitions;
        return 0;
}
