/* SPDX-License-Identifier: Apache-2.0 */
#include "support/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

enum { PATHS = 4, PATH_SIZE = 384 };

void folder_make(struct folder *folder)
{
        snprintf(folder->path, sizeof folder->path, "/tmp/touchgate-test-XXXXXX");
        cr_assert_not_null(mkdtemp(folder->path));
}

static void remove_tree(const char *path)
{
        char inner[PATH_SIZE];
        DIR *directory = opendir(path);
        struct dirent *entry;

        while (directory && (entry = readdir(directory))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
                if (unlink(inner) < 0)
                        remove_tree(inner);
        }
        if (directory)
                closedir(directory);
        rmdir(path);
}

void folder_remove(struct folder *folder)
{
        remove_tree(folder->path);
}

const char *folder_file(const struct folder *folder, const char *name)
{
        static char paths[PATHS][PATH_SIZE];
        static unsigned next;
        char *path = paths[next++ % PATHS];

        snprintf(path, PATH_SIZE, "%s/%s", folder->path, name);
        return path;
}

const char *folder_put(const struct folder *folder, const char *name, const char *text)
{
        const char *path = folder_file(folder, name);
        FILE *file = fopen(path, "wb");

        cr_assert_not_null(file);
        fputs(text, file);
        fclose(file);
        return path;
}

const char *folder_put_gzip(const struct folder *folder, const char *name, const char *text)
{
        const char *path = folder_file(folder, name);
        gzFile file = gzopen(path, "wb");

        cr_assert_not_null(file);
        gzputs(file, text);
        gzclose(file);
        return path;
}

char *folder_read(const struct folder *folder, const char *name, size_t *ret_size)
{
        FILE *file = fopen(folder_file(folder, name), "rb");
        char *bytes = NULL;
        long size;

        if (!file)
                return NULL;
        fseek(file, 0, SEEK_END);
        size = ftell(file);
        rewind(file);
        bytes = tg_allocate_zeroed((size_t)size + 1, 1);
        cr_assert_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
        fclose(file);
        if (ret_size)
                *ret_size = (size_t)size;
        return bytes;
}
