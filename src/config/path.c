/* SPDX-License-Identifier: Apache-2.0 */
#include "config/path.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

char *tg_path_beside(const char *folder, struct tg_span text)
{
        char *path;

        if (text.size > 0 && text.data[0] == '/')
                return tg_duplicate((const char *)text.data, text.size);
        if (asprintf(&path, "%s/%.*s", folder, TG_SPAN_FORMAT(text)) < 0)
                abort();
        return path;
}

const struct tg_node *tg_read_path(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *folder, char **path)
{
        struct tg_span text;
        const struct tg_node *node = tg_read_text(reader, key, need, &text);

        if (!node)
                return NULL;
        free(*path);
        *path = tg_path_beside(folder, text);
        return node;
}
