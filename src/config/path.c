/* SPDX-License-Identifier: Apache-2.0 */
#include "config/path.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

const struct tg_node *tg_read_path(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *folder, char **path)
{
        struct tg_span text;
        const struct tg_node *node = tg_read_text(reader, key, need, &text);

        if (!node)
                return NULL;
        free(*path);
        if (text.data[0] == '/')
                *path = tg_duplicate((const char *)text.data, text.size);
        else if (asprintf(path, "%s/%.*s", folder, TG_SPAN_FORMAT(text)) < 0)
                abort();
        return node;
}
