/* SPDX-License-Identifier: Apache-2.0 */
/* Of the pieces only the newest has room; one that is empty is freed at once. */
#include "shard/waits.h"

#include <stdlib.h>

#include "base/memory.h"

struct tg_waits_piece {
        struct tg_waits_piece *older; /* full */
        size_t count;
        struct tg_waits_change changes[TG_WAITS_PIECE];
};

static void drop_newest(struct tg_waits *waits)
{
        struct tg_waits_piece *older = waits->newest->older;

        free(waits->newest);
        waits->newest = older;
        waits->bytes -= sizeof *waits->newest;
}

void tg_waits_note(struct tg_waits *waits, const struct tg_waits_change *change)
{
        struct tg_waits_piece *piece = waits->newest;

        if (!piece || piece->count == TG_WAITS_PIECE) {
                piece = tg_allocate(sizeof *piece);
                piece->older = waits->newest;
                piece->count = 0;
                waits->newest = piece;
                waits->bytes += sizeof *piece;
        }
        piece->changes[piece->count++] = *change;
}

bool tg_waits_take(struct tg_waits *waits, struct tg_waits_change *ret_change)
{
        struct tg_waits_piece *piece = waits->newest;

        if (!piece)
                return false;
        *ret_change = piece->changes[--piece->count];
        if (piece->count == 0)
                drop_newest(waits);
        return true;
}

void tg_waits_clear(struct tg_waits *waits)
{
        while (waits->newest)
                drop_newest(waits);
}
