/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading Avro's values from bytes that may be anything. Private to this folder.
 *
 * Each function returns the byte behind the number, or NULL (and the number is 0), and never reads
 * at or behind END. One byte takes a compare; up to eight are gathered without a loop, as
 * timestamps' lengths would otherwise cost a mispredicted branch.
 *
 * Every operation of a plan is in this code several times an event: it is written for few
 * instructions on the common way, which comes first in each function.
 */
#pragma once

#include <assert.h>

#include "avro/plan.h"

#define TG_LIKELY(condition) __builtin_expect(!!(condition), 1)

enum { TG_VARINT_BYTES = 10 };

/* The high bits of eight bytes; a number ends with the first byte without. */
#define TG_HIGH_BITS UINT64_C(0x8080808080808080)

/* Compared as numbers, as no pointer may point further than END. */
static inline bool tg_room(const uint8_t *p, const uint8_t *end, size_t size)
{
        return (uintptr_t)p + size <= (uintptr_t)end;
}

static inline int64_t tg_unzigzag(uint64_t value)
{
        return (int64_t)(value >> 1 ^ -(value & 1));
}

/* Byte by byte: near the end of the data, and for numbers of nine and ten bytes. */
static inline const uint8_t *tg_read_long_bytewise(const uint8_t *p, const uint8_t *end,
                                                   int64_t *ret_value)
{
        uint64_t value = 0;

        for (unsigned shift = 0; p < end && shift < 7 * TG_VARINT_BYTES; shift += 7) {
                uint64_t byte = *p++;

                if (shift == 63 && byte > 1)
                        break;
                value |= (byte & 0x7f) << shift;
                if (byte < 0x80) {
                        *ret_value = tg_unzigzag(value);
                        return p;
                }
        }
        *ret_value = 0;
        return NULL;
}

static inline uint64_t tg_load_le64(const uint8_t *p)
{
        uint64_t word;

        memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        return word;
}

static inline uint32_t tg_load_le32(const uint8_t *p)
{
        uint32_t word;

        memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap32(word);
#endif
        return word;
}

static inline uint32_t tg_load_be32(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Squeezes the eighth bit out of each byte of WORD: 8 × 7 bits to 56 bits, in three halvings. */
static inline uint64_t tg_gather_sevens(uint64_t word)
{
        word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
        word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
        return (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

static inline const uint8_t *tg_read_long(const uint8_t *p, const uint8_t *end, int64_t *ret_value)
{
        uint64_t word, stops;

        if (TG_LIKELY(tg_room(p, end, 8))) {
                if (*p < 0x80) {
                        *ret_value = tg_unzigzag(*p);
                        return p + 1;
                }
                word = tg_load_le64(p);
                stops = ~word & TG_HIGH_BITS;
                if (TG_LIKELY(stops)) {
                        /* Everything up to the first byte without its high bit. */
                        word &= stops ^ (stops - 1);
                        *ret_value = tg_unzigzag(tg_gather_sevens(word));
                        return p + (__builtin_ctzll(stops) >> 3) + 1;
                }
        }
        return tg_read_long_bytewise(p, end, ret_value);
}

/*
 * The readers of one value: each returns the byte behind it, or NULL for bytes that are no such
 * value, and then stores something harmless. explain() finds out afterwards what was wrong.
 */
static inline const uint8_t *tg_read_int(const uint8_t *p, const uint8_t *end, int64_t *ret_value)
{
        p = tg_read_long(p, end, ret_value);
        return *ret_value == (int32_t)*ret_value ? p : NULL;
}

static inline const uint8_t *tg_read_bytes(const uint8_t *p, const uint8_t *end, int64_t size)
{
        return size >= 0 && size <= end - p ? p + size : NULL;
}

static inline const uint8_t *tg_read_span(const uint8_t *p, const uint8_t *end,
                                          struct tg_span *ret_span)
{
        int64_t size;

        if (TG_LIKELY(tg_room(p, end, 1) && !(*p & 0x81))) {
                size = *p++ >> 1;
                *ret_span = tg_span_of(p, (size_t)size);
                return TG_LIKELY(tg_room(p, end, (size_t)size)) ? p + size : NULL;
        }
        if (TG_LIKELY(tg_room(p, end, 2) && !(p[0] & 1) && p[1] < 0x80)) {
                size = (p[0] & 0x7f) >> 1 | p[1] << 6;
                p += 2;
        } else {
                p = tg_read_long(p, end, &size);
        }
        *ret_span = tg_span_of(p, (size_t)size);
        return p ? tg_read_bytes(p, end, size) : NULL;
}

static inline const uint8_t *tg_read_bool(const uint8_t *p, const uint8_t *end, uint8_t *slot)
{
        if (p == end || *p > 1)
                return NULL;
        *slot = *p;
        return p + 1;
}

static inline const uint8_t *tg_read_double(const uint8_t *p, const uint8_t *end, double *ret_value)
{
        uint64_t bits;

        if (end - p < (ptrdiff_t)sizeof bits)
                return NULL;
        bits = tg_load_le64(p);
        memcpy(ret_value, &bits, sizeof bits);
        return p + sizeof bits;
}

static inline const uint8_t *tg_read_float(const uint8_t *p, const uint8_t *end, double *ret_value)
{
        uint32_t bits;
        float value;

        if (end - p < (ptrdiff_t)sizeof bits)
                return NULL;
        bits = tg_load_le32(p);
        memcpy(&value, &bits, sizeof bits);
        *ret_value = (double)value;
        return p + sizeof bits;
}

/* COUNT numbers, whatever they are: the high bits of eight bytes tell where each of them ends. */
static inline const uint8_t *tg_skip_longs(const uint8_t *p, const uint8_t *end, uint32_t count)
{
        int64_t number;

        if (TG_LIKELY(tg_room(p, end, 8))) {
                uint64_t stops = ~tg_load_le64(p) & TG_HIGH_BITS;

                for (uint32_t i = 1; i < count; i++)
                        stops &= stops - 1;
                if (TG_LIKELY(stops))
                        return p + (__builtin_ctzll(stops) >> 3) + 1;
        }
        for (; p && count > 0; count--)
                p = tg_read_long(p, end, &number);
        return p;
}

/* Why tg_read_long() gave NULL at P. */
static inline int tg_varint_error(const uint8_t *p, const uint8_t *end)
{
        for (int i = 0; i < TG_VARINT_BYTES; i++) {
                if (p + i >= end)
                        return TG_DECODE_TRUNCATED;
                if (p[i] < 0x80)
                        break;
        }
        return TG_DECODE_BAD_VARINT;
}
