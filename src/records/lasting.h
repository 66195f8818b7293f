/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lasts of a touchpoint that has no window (a consent, an erasure), as it is kept for good.
 *
 * Its key says what it settles, so that the last record of a key is all there is to know of it:
 *
 *     c-42/consent/news/email      what c-42 said of news by e-mail
 *     c-42/consent/news/all        the same of every channel
 *     c-42/implied/news/all        what follows from a purchase or an inquiry
 *     c-42/erasure
 *
 * Customer and purpose are escaped as in a URL, where they have '/', '%' or control characters: two
 * keys are alike only if they settle the same. Its value is a touchpoint as the shipped schema
 * writes it, with no more in it than is needed: it can be read as long as there is that schema,
 * whatever became of its writer's, and nothing else about the customer is kept.
 */
#pragma once

#include "base/buffer.h"
#include "records/touchpoint.h"

/* Appends the key of TOUCHPOINT, an erasure or a consent with its body. */
void tg_lasting_put_key(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint);

/* Appends the value, without framing. */
void tg_lasting_put_datum(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint);
