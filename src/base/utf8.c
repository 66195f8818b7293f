/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

static uint32_t decode(const uint8_t *text, size_t size)
{
        static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        uint32_t code = text[0] & first_bits[size];

        for (size_t i = 1; i < size; i++)
                code = code << 6 | (text[i] & 0x3f);
        return code;
}

size_t tg_utf8_size(const uint8_t *text, size_t size)
{
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t length;
        uint32_t code;

        if (size == 0)
                return 0;
        if (text[0] < 0x80)
                return 1;
        length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
        if (text[0] < 0xc0 || text[0] > 0xf7 || length > size)
                return 0;
        for (size_t i = 1; i < length; i++) {
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
        }
        code = decode(text, length);
        if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                return 0;
        return length;
}

size_t tg_utf8_next(const uint8_t *text, size_t size, uint32_t *ret_code)
{
        size_t length = tg_utf8_size(text, size);

        *ret_code = length ? decode(text, length) : TG_UTF8_NONE;
        return length ? length : 1;
}

bool tg_utf8_steers(uint32_t code)
{
        return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
               code == TG_UTF8_NONE;
}

void tg_utf8_tame(char *text)
{
        uint8_t *from = (uint8_t *)text, *to = from;
        uint32_t code;

        for (size_t left = strlen(text), size; left > 0; left -= size, from += size) {
                size = tg_utf8_next(from, left, &code);
                if (tg_utf8_steers(code)) {
                        *to++ = '?';
                        continue;
                }
                memmove(to, from, size);
                to += size;
        }
        *to = '\0';
}

size_t tg_utf8_count(const uint8_t *text, size_t size)
{
        size_t count = 0;

        for (size_t i = 0; i < size; i++)
                count += (text[i] & 0xc0) != 0x80;
        return count;
}
