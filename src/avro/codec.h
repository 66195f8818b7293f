/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compressed forms of a container file's blocks. Private to this folder.
 *
 * Compressing can't fail but for memory; decompressing bounds what comes out, so that a small block
 * can't claim the machine's memory. Pure and thread-safe; zlib's state is made anew for each block.
 */
#pragma once

#include "avro/container.h"

/*
 * Replaces the content of RET_PLAIN by what DATA holds. Returns NULL, or a constant text that says
 * what is wrong with DATA. CODEC is not TG_CODEC_NULL.
 */
const char *tg_codec_decompress(enum tg_codec codec, struct tg_span data,
                                struct tg_buffer *ret_plain);

/* Appends DATA to BUFFER, compressed. */
void tg_codec_compress(enum tg_codec codec, struct tg_span data, struct tg_buffer *buffer);
