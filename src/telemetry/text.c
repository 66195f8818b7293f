/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/text.h"

#include "base/utf8.h"

void tg_text_json(FILE *file, struct tg_span text)
{
        uint32_t code;

        fputc('"', file);
        for (size_t i = 0, size; i < text.size; i += size) {
                size = tg_utf8_next(text.data + i, text.size - i, &code);
                if (code == TG_UTF8_NONE)
                        fputs("\\ufffd", file);
                else if (code == '"' || code == '\\')
                        fprintf(file, "\\%c", (char)code);
                else if (code == '\n')
                        fputs("\\n", file);
                else if (tg_utf8_steers(code))
                        fprintf(file, "\\u%04x", code);
                else
                        fwrite(text.data + i, 1, size, file);
        }
        fputc('"', file);
}

void tg_text_plain(FILE *file, struct tg_span text, char keep)
{
        uint32_t code;

        for (size_t i = 0, size; i < text.size; i += size) {
                size = tg_utf8_next(text.data + i, text.size - i, &code);
                if (tg_utf8_steers(code) && (!keep || code != (uint8_t)keep))
                        fputc('?', file);
                else
                        fwrite(text.data + i, 1, size, file);
        }
}
