/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sodium/crypto_shorthash_siphash24.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(TG_HASH_KEY_SIZE == crypto_shorthash_siphashx24_KEYBYTES, "one SipHash key");

static uint32_t read_le32(const uint8_t *bytes)
{
        return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
               (uint32_t)bytes[3] << 24;
}

/* MurmurHash2, 32 bits, with the seed of org.apache.kafka.common.utils.Utils.murmur2. */
static uint32_t murmur2(struct tg_span key)
{
        const uint32_t m = 0x5bd1e995;
        uint32_t h = 0x9747b28c ^ (uint32_t)key.size;
        size_t tail = key.size & ~(size_t)3;

        for (size_t i = 0; i < tail; i += 4) {
                uint32_t k = read_le32(key.data + i) * m;

                k ^= k >> 24;
                h = h * m ^ k * m;
        }
        switch (key.size & 3) {
        case 3:
                h ^= (uint32_t)key.data[tail + 2] << 16;
                __attribute__((fallthrough));
        case 2:
                h ^= (uint32_t)key.data[tail + 1] << 8;
                __attribute__((fallthrough));
        case 1:
                h ^= key.data[tail];
                h *= m;
                break;
        default:
                break;
        }
        h ^= h >> 13;
        h *= m;
        return h ^ h >> 15;
}

uint32_t tg_partition_of(struct tg_span key, uint32_t partitions)
{
        return (murmur2(key) & 0x7fffffffU) % partitions;
}

struct tg_identity tg_identity_of(const struct tg_hash_key *key, struct tg_span id)
{
        uint8_t out[crypto_shorthash_siphashx24_BYTES];
        struct tg_identity identity;

        crypto_shorthash_siphashx24(out, id.data, id.size, key->bytes);
        memcpy(&identity.low, out, sizeof identity.low);
        memcpy(&identity.high, out + sizeof identity.low, sizeof identity.high);
        return identity;
}

struct tg_identity tg_identity_pair(struct tg_identity who, uint8_t scope, struct tg_span value)
{
        const uint64_t apart = UINT64_C(0x9e3779b97f4a7c15); /* odd: scopes never share a seed */
        XXH128_hash_t hash =
                XXH3_128bits_withSeed(value.data, value.size, who.low + (scope + 1) * apart);

        return (struct tg_identity){hash.low64, (uint32_t)hash.high64 ^ who.high};
}

uint64_t tg_hash64(struct tg_span bytes)
{
        return XXH3_64bits(bytes.data, bytes.size);
}

uint64_t tg_hash64_seeded(struct tg_span bytes, uint64_t seed)
{
        return XXH3_64bits_withSeed(bytes.data, bytes.size, seed);
}
