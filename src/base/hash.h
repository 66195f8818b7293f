/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three hashes: which partition (murmur2, as Kafka's Java clients), who (SipHash, keyed, so
 * that chosen ids can't collide and a memory dump names nobody), and everything else (XXH3).
 *
 * Pure and thread-safe; a few nanoseconds each for ids of usual length.
 */
#pragma once

#include "base/span.h"

enum { TG_HASH_KEY_SIZE = 16 };

/* The secret of the keyed hash, from the configuration. */
struct tg_hash_key {
        uint8_t bytes[TG_HASH_KEY_SIZE];
};

/* 96 bits that a customer, or a customer with a scope, is stored under. */
struct tg_identity {
        uint64_t low;
        uint32_t high;
};

/* Kafka's DefaultPartitioner: (murmur2(key) & 0x7fffffff) % partitions. */
uint32_t tg_partition_of(struct tg_span key, uint32_t partitions);

/* SipHash-2-4-128. */
struct tg_identity tg_identity_of(const struct tg_hash_key *key, struct tg_span id);

/*
 * The identity of a pair: who, in which scope (an enum of the caller, so that a campaign and a
 * subject of one name stay apart), which value. XXH3-128, seeded by the identity of the customer:
 * that is as secret as the key it was made with, and values that met all the same would be values
 * of one customer.
 */
struct tg_identity tg_identity_pair(struct tg_identity who, uint8_t scope, struct tg_span value);

uint64_t tg_hash64(struct tg_span bytes); /* XXH3-64, seed 0 */
uint64_t tg_hash64_seeded(struct tg_span bytes, uint64_t seed);
