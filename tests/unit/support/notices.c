/* SPDX-License-Identifier: Apache-2.0 */
#include "support/notices.h"

#include <stdio.h>

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        (void)context;
        (void)key;
        if (level == TG_NOTICE_ERROR)
                fprintf(stderr, "%s\n", text);
}

const struct tg_notices notices = {.tell = tell};
