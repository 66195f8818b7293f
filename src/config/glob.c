/* SPDX-License-Identifier: Apache-2.0 */
#include "config/glob.h"

bool tg_glob_match(struct tg_span pattern, struct tg_span text)
{
        size_t p = 0, t = 0;
        size_t star = SIZE_MAX; /* where the pattern goes on after its last star */
        size_t taken = 0;       /* where the text goes on after what that star took */

        while (t < text.size) {
                if (p < pattern.size && pattern.data[p] == '*') {
                        star = ++p;
                        taken = t;
                } else if (p < pattern.size && pattern.data[p] == text.data[t]) {
                        p++;
                        t++;
                } else if (star != SIZE_MAX) {
                        p = star;
                        t = ++taken;
                } else {
                        return false;
                }
        }
        while (p < pattern.size && pattern.data[p] == '*')
                p++;
        return p == pattern.size;
}
