/* SPDX-License-Identifier: Apache-2.0 */
#include "records/lasting.h"

#include "avro/encode.h"

static void put_text(struct tg_buffer *buffer, const char *text)
{
        tg_buffer_append(buffer, text, strlen(text));
}

static bool is_plain(uint8_t c)
{
        return c > ' ' && c != 0x7f && c != '/' && c != '%';
}

static void put_escaped(struct tg_buffer *buffer, struct tg_span text)
{
        static const char digits[] = "0123456789ABCDEF";

        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                const char escaped[] = {'%', digits[c >> 4], digits[c & 15]};

                if (is_plain(c))
                        tg_buffer_append(buffer, &c, 1);
                else
                        tg_buffer_append(buffer, escaped, sizeof escaped);
        }
}

void tg_lasting_put_key(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint)
{
        const struct tg_consent *consent = &touchpoint->consent;

        put_escaped(buffer, touchpoint->customer);
        if (touchpoint->type == TG_TYPE_ERASURE) {
                put_text(buffer, "/erasure");
                return;
        }
        assert(touchpoint->type == TG_TYPE_CONSENT && consent->present);
        put_text(buffer, consent->implied ? "/implied/" : "/consent/");
        put_escaped(buffer, consent->purpose);
        put_text(buffer, "/");
        put_text(buffer, consent->channel == TG_CHANNEL_ABSENT
                                 ? "all"
                                 : tg_word(&tg_channel_words, consent->channel));
}

void tg_lasting_put_datum(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint)
{
        tg_put_span(buffer, touchpoint->id);
        tg_put_span(buffer, touchpoint->customer);
        tg_put_long(buffer, touchpoint->time_ms);
        tg_put_enum(buffer, touchpoint->type);
        for (int i = 0; i < 7; i++) /* channel to receipt */
                tg_put_null(buffer);
        tg_put_enum(buffer, 0);     /* source */
        tg_put_enum(buffer, 0);     /* identity_level */
        tg_put_bool(buffer, false); /* shared_device */
        tg_put_bool(buffer, false); /* bot */
        tg_put_bool(buffer, false); /* gift */
        tg_consent_put(buffer, &touchpoint->consent);
        tg_put_null(buffer); /* preference */
        tg_put_null(buffer); /* profile */
        tg_put_null(buffer); /* identity */
        tg_put_items_end(buffer);
}
