/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/hash.h"

/* What org.apache.kafka.common.utils.Utils.murmur2 gives, from Kafka's own tests. */
static const struct {
        const char *key;
        int32_t murmur2;
} vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
};

Test(hash, a_key_goes_to_the_partition_that_kafka_gives_it)
{
        const uint32_t partitions[] = {1, 2, 3, 16, 1000, INT32_MAX};

        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
                uint32_t positive = (uint32_t)vectors[i].murmur2 & 0x7fffffff;

                for (size_t j = 0; j < sizeof partitions / sizeof partitions[0]; j++)
                        cr_expect_eq(tg_partition_of(tg_span_text(vectors[i].key), partitions[j]),
                                     positive % partitions[j], "%s of %u", vectors[i].key,
                                     partitions[j]);
        }
}

Test(hash, bytes_above_127_are_not_negative)
{
        /* Utils.murmur2(new byte[] {-1, -2, -3}) and of the first two, the first one, none. */
        const uint8_t bytes[] = {0xff, 0xfe, 0xfd};

        cr_expect_eq(tg_partition_of(tg_span_of(bytes, 0), INT32_MAX), 275646681);
        cr_expect_eq(tg_partition_of(tg_span_of(bytes, 1), INT32_MAX), 1836015963);
        cr_expect_eq(tg_partition_of(tg_span_of(bytes, 2), INT32_MAX), 1717632651);
        cr_expect_eq(tg_partition_of(tg_span_of(bytes, 3), INT32_MAX), 998637092);
}

static const struct tg_hash_key key = {{1, 2, 3}};

static bool same(struct tg_identity a, struct tg_identity b)
{
        return a.low == b.low && a.high == b.high;
}

Test(hash, an_identity_depends_on_the_id_and_the_key)
{
        const struct tg_hash_key other = {{1, 2, 4}};
        struct tg_identity identity = tg_identity_of(&key, tg_span_text("anna"));

        cr_assert(same(identity, tg_identity_of(&key, tg_span_text("anna"))));
        cr_assert_not(same(identity, tg_identity_of(&key, tg_span_text("annb"))));
        cr_assert_not(same(identity, tg_identity_of(&other, tg_span_text("anna"))));
}

Test(hash, an_identity_of_a_pair_depends_on_who_on_the_scope_and_on_the_value)
{
        struct tg_identity anna = tg_identity_of(&key, tg_span_text("anna"));
        struct tg_identity bert = tg_identity_of(&key, tg_span_text("bert"));
        struct tg_identity pair = tg_identity_pair(anna, 1, tg_span_text("x"));

        cr_assert(same(pair, tg_identity_pair(anna, 1, tg_span_text("x"))));
        cr_assert_not(same(pair, anna));
        cr_assert_not(same(pair, tg_identity_pair(bert, 1, tg_span_text("x"))));
        cr_assert_not(same(pair, tg_identity_pair(anna, 2, tg_span_text("x"))));
        cr_assert_not(same(pair, tg_identity_pair(anna, 1, tg_span_text("y"))));
}

Test(hash, hash64_is_xxh3_with_seed_0)
{
        cr_assert_eq(tg_hash64(tg_span_text("")), UINT64_C(0x2d06800538d394c2));
        cr_assert_eq(tg_hash64(tg_span_text("abc")), UINT64_C(0x78af5f94892f3950));
        cr_assert_eq(tg_hash64_seeded(tg_span_text("abc"), 0), tg_hash64(tg_span_text("abc")));
        cr_assert_neq(tg_hash64_seeded(tg_span_text("abc"), 1), tg_hash64(tg_span_text("abc")));
}
