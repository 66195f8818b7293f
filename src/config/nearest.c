/* SPDX-License-Identifier: Apache-2.0 */
#include "config/nearest.h"

enum { WORD_SIZE_MAX = 64, LETTERS_A_SLIP = 3 };

static uint8_t lower(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
        return a < b ? a : b;
}

/*
 * Damerau-Levenshtein, optimal string alignment: each row says how far the first letters of A are
 * from every beginning of B. Swaps look two rows back, so three are kept.
 */
static unsigned distance(struct tg_span a, struct tg_span b)
{
        unsigned rows[3][WORD_SIZE_MAX + 1];

        for (size_t j = 0; j <= b.size; j++)
                rows[0][j] = (unsigned)j;
        for (size_t i = 1; i <= a.size; i++) {
                unsigned *row = rows[i % 3];
                const unsigned *above = rows[(i - 1) % 3];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= b.size; j++) {
                        uint8_t x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);

                        row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
                        if (i > 1 && j > 1 && x == lower(b.data[j - 2]) &&
                            y == lower(a.data[i - 2]))
                                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
                }
        }
        return rows[a.size % 3][b.size];
}

unsigned tg_nearest_distance(struct tg_span a, struct tg_span b, unsigned limit)
{
        size_t difference = a.size > b.size ? a.size - b.size : b.size - a.size;

        if (a.size > WORD_SIZE_MAX || b.size > WORD_SIZE_MAX || difference > limit)
                return limit + 1;
        return least(distance(a, b), limit + 1);
}

ptrdiff_t tg_nearest(struct tg_span written, const char *const *words, size_t count)
{
        unsigned allowed =
                written.size < LETTERS_A_SLIP
                        ? 1
                        : (unsigned)least((unsigned)(written.size / LETTERS_A_SLIP), WORD_SIZE_MAX);
        ptrdiff_t nearest = -1;

        for (size_t i = 0; i < count; i++) {
                unsigned slips = tg_nearest_distance(written, tg_span_text(words[i]), allowed);

                /* A word whose every letter is wrong was not meant. */
                if (slips > allowed || slips >= written.size)
                        continue;
                nearest = (ptrdiff_t)i;
                if (slips == 0)
                        break;
                allowed = slips - 1;
        }
        return nearest;
}
