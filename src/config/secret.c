/* SPDX-License-Identifier: Apache-2.0 */
#include "config/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

void tg_secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

/* Without a copy in a buffer of stdio. */
static int read_text(FILE *file, const char *path, char *text, size_t *ret_size,
                     struct tg_error *error)
{
        setvbuf(file, NULL, _IONBF, 0);
        errno = 0;
        *ret_size = fread(text, 1, TG_SECRET_SIZE_MAX + 1, file);
        if (ferror(file))
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s can't be read", path);
        if (*ret_size > TG_SECRET_SIZE_MAX)
                return tg_fail(error, EX_NOINPUT, "%s is too large for a secret: over %d KiB", path,
                               TG_SECRET_SIZE_MAX >> 10);
        return 0;
}

static int check_text(char *text, size_t size, const char *path, struct tg_error *error)
{
        if (size > 0 && text[size - 1] == '\n')
                size--;
        if (size > 0 && text[size - 1] == '\r')
                size--;
        text[size] = '\0';
        if (size == 0)
                return tg_fail(error, EX_NOINPUT, "%s is empty: there is no secret in it", path);
        if (strlen(text) != size)
                return tg_fail(error, EX_NOINPUT, "%s holds a NUL byte: it is no text", path);
        return 0;
}

int tg_secret_read(const char *path, char **ret_secret, struct tg_error *error)
{
        FILE *file = fopen(path, "re");
        char *text;
        size_t size;
        int result;

        if (!file)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s can't be read", path);
        text = tg_allocate(TG_SECRET_SIZE_MAX + 2);
        result = read_text(file, path, text, &size, error);
        fclose(file);
        if (result == 0)
                result = check_text(text, size, path, error);
        if (result == 0)
                *ret_secret = tg_duplicate(text, strlen(text));
        explicit_bzero(text, TG_SECRET_SIZE_MAX + 2);
        free(text);
        return result;
}

void tg_secret_warn(const char *path, const struct tg_node *node,
                    struct tg_diagnostics *diagnostics)
{
        struct stat status;

        if (stat(path, &status) == 0 && status.st_mode & S_IROTH)
                tg_diagnose(diagnostics, node, TG_WARNING,
                            "take that right away: chmod o-r, or mount it with mode 0400",
                            "everybody on this machine may read the secret in %s", path);
}
