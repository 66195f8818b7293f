/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/letters.h"

#include <stdlib.h>

#include "base/memory.h"
#include "transfer/stretch.h"

enum { NUMBER_SIZE = 24 };

/* -1: there is none, or it is no number. */
static int64_t find_number(const rd_kafka_message_t *message, const char *name)
{
        struct tg_span span = tg_client_header(message, name);
        char text[NUMBER_SIZE], *end;
        long long number;

        if (!tg_span_present(span) || span.size == 0 || span.size >= sizeof text)
                return -1;
        memcpy(text, span.data, span.size);
        text[span.size] = '\0';
        number = strtoll(text, &end, 10);
        return *end == '\0' && number >= 0 ? number : -1;
}

/* Returns false if MESSAGE is no letter of ours. */
static bool read_letter(const rd_kafka_message_t *message, struct tg_letter *ret_letter)
{
        rd_kafka_timestamp_type_t type;
        int64_t resubmitted = find_number(message, TG_LETTER_RESUBMITTED);

        *ret_letter = (struct tg_letter){
                .partition = message->partition,
                .offset = message->offset,
                .time_ms = rd_kafka_message_timestamp(message, &type),
                .origin_topic = tg_client_header(message, TG_LETTER_HEADER "topic"),
                .origin_partition = find_number(message, TG_LETTER_HEADER "partition"),
                .origin_offset = find_number(message, TG_LETTER_HEADER "offset"),
                .reason = tg_client_header(message, TG_LETTER_HEADER "reason"),
                .detail = tg_client_header(message, TG_LETTER_HEADER "detail"),
                .resubmitted = resubmitted < 0 ? 0 : resubmitted,
                .key = tg_span_of(message->key, message->key_len),
                .value = tg_span_of(message->payload, message->len),
                .message = message,
        };
        return tg_span_present(ret_letter->origin_topic) && ret_letter->origin_partition >= 0 &&
               ret_letter->origin_partition <= INT32_MAX && tg_span_present(ret_letter->reason);
}

static bool is_chosen(const struct tg_letters_choice *choice, const struct tg_letter *letter)
{
        if (choice->reason && !tg_span_equal(letter->reason, tg_span_text(choice->reason)))
                return false;
        for (size_t i = 0; i < choice->offset_count; i++)
                if (choice->offsets[i] == letter->offset)
                        return true;
        return choice->offset_count == 0;
}

/* Leaves of PARTS what is chosen; the others are over before they begin. */
static void narrow(const struct tg_letters_choice *choice, struct tg_scan_part *parts,
                   int32_t partitions)
{
        int64_t first = INT64_MAX, last = -1;

        for (size_t i = 0; i < choice->offset_count; i++) {
                int64_t offset = choice->offsets[i];

                first = offset < first ? offset : first;
                last = offset > last ? offset : last;
        }
        for (int32_t i = 0; i < partitions; i++) {
                struct tg_scan_part *part = &parts[i];

                if (choice->partition >= 0 && choice->partition != i)
                        part->end = part->from;
                if (choice->offset_count > 0 && last + 1 < part->end)
                        part->end = last + 1 > part->from ? last + 1 : part->from;
                if (choice->offset_count > 0 && first > part->from)
                        part->from = first < part->end ? first : part->end;
        }
}

static int find_parts(const struct tg_letters_options *options, struct tg_scan_part **ret_parts,
                      int32_t *ret_count, struct tg_error *error)
{
        const struct tg_stretch stretch = {
                .topic = options->settings->topics[TG_TOPIC_REJECTED],
                .from = {.kind = TG_BOUND_BEGINNING},
                .until = {.kind = TG_BOUND_END},
        };
        struct tg_scan_part *parts = NULL;
        struct tg_client client;
        int result = tg_stretch_client(options->settings, options->notices, &client, error);
        int32_t count = 0;

        if (result == 0)
                result = tg_stretch_partitions(&client, stretch.topic, &count, error);
        if (result == 0) {
                parts = tg_allocate_zeroed((size_t)count, sizeof *parts);
                result = tg_stretch_find(&client, &stretch, count, parts, error);
        }
        tg_client_deinit(&client);
        if (result < 0) {
                free(parts);
                return -1;
        }
        narrow(options->choice, parts, count);
        *ret_parts = parts;
        *ret_count = count;
        return 0;
}

/* The part whose head is the oldest; COUNT: there is none. */
static size_t oldest(const struct tg_scan *scan, size_t count)
{
        rd_kafka_timestamp_type_t type;
        size_t best = count;
        int64_t best_ms = 0;

        for (size_t i = 0; i < count; i++) {
                const rd_kafka_message_t *message = tg_scan_head(scan, i);
                int64_t time_ms = message ? rd_kafka_message_timestamp(message, &type) : 0;

                if (!message || (best < count && time_ms >= best_ms))
                        continue;
                best = i;
                best_ms = time_ms;
        }
        return best;
}

static int see_ready(const struct tg_letters_options *options, struct tg_scan *scan, size_t count,
                     uint64_t *foreign, struct tg_error *error)
{
        size_t part;

        while ((part = oldest(scan, count)) < count) {
                struct tg_letter letter;

                if (!read_letter(tg_scan_head(scan, part), &letter))
                        ++*foreign;
                else if (is_chosen(options->choice, &letter) &&
                         options->see(options->context, &letter, error) < 0)
                        return -1;
                tg_scan_pop(scan, part);
                if (!tg_scan_head(scan, part))
                        return 0;
        }
        return 0;
}

int tg_letters_read(const struct tg_letters_options *options, uint64_t *ret_foreign,
                    struct tg_error *error)
{
        struct tg_scan_options scan_options = {
                .settings = options->settings,
                .notices = options->notices,
        };
        struct tg_scan_part *parts;
        struct tg_scan *scan = NULL;
        uint64_t foreign = 0;
        int32_t count;
        int result, filled = TG_SCAN_WAITING;

        if (find_parts(options, &parts, &count, error) < 0)
                return -1;
        scan_options.parts = parts;
        scan_options.count = (size_t)count;
        result = tg_scan_new(&scan_options, &scan, error);
        while (result == 0 && filled != TG_SCAN_OVER) {
                if (atomic_load_explicit(options->stop, memory_order_relaxed)) {
                        result = 1;
                        break;
                }
                filled = tg_scan_fill(scan, error);
                if (filled < 0)
                        result = -1;
                else if (filled == TG_SCAN_READY)
                        result = see_ready(options, scan, (size_t)count, &foreign, error);
        }
        tg_scan_free(scan);
        free(parts);
        *ret_foreign = foreign;
        return result;
}
