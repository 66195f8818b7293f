/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/intake.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

enum { DETAIL_SIZE = 512 };

void tg_intake_init(struct tg_intake *intake, const struct tg_readings *readings,
                    int32_t partitions)
{
        *intake = (struct tg_intake){.readings = readings, .partitions = partitions};
}

void tg_intake_deinit(struct tg_intake *intake)
{
        for (size_t i = 0; i < intake->detail_count; i++)
                free(intake->details[i]);
        *intake = (struct tg_intake){0};
}

/* Keeps every text once, so that a flood of faulty records takes no memory. */
static const char *keep(struct tg_intake *intake, const char *text)
{
        for (size_t i = 0; i < intake->detail_count; i++)
                if (strcmp(intake->details[i], text) == 0)
                        return intake->details[i];
        if (intake->detail_count == TG_INTAKE_DETAILS_MAX)
                return "too many different faults to tell them apart";
        intake->details[intake->detail_count] = tg_duplicate(text, strlen(text));
        return intake->details[intake->detail_count++];
}

static void fault(struct tg_intake *intake, struct tg_record *record, const char *name,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void fault(struct tg_intake *intake, struct tg_record *record, const char *name,
                  const char *format, ...)
{
        char text[DETAIL_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        record->kind = TG_RECORD_FAULTY;
        record->fault = name;
        record->detail = keep(intake, text);
}

static void count_deviations(struct tg_intake *intake, const struct tg_arrival *arrival,
                             struct tg_span customer)
{
        uint32_t partition = tg_partition_of(customer, (uint32_t)intake->partitions);

        if (tg_span_present(arrival->key) && !tg_span_equal(arrival->key, customer))
                intake->other_keys++;
        if (partition != (uint32_t)arrival->partition)
                intake->other_partitions++;
}

static void decode(struct tg_intake *intake, const struct tg_frame *frame, struct tg_record *record)
{
        size_t consumed;
        int code = tg_plan_decode(record->reading->full, frame->value, &record->event, &consumed);

        if (code) {
                fault(intake, record, "undecodable", "%s", tg_decode_error_text(code));
                return;
        }
        if (consumed < frame->value.size) {
                fault(intake, record, "undecodable",
                      "bytes behind the record: is it another schema?");
                return;
        }
        record->time_ms = record->event.head.time_ms;
        record->datum = frame->value;
        if (record->event.head.customer.size == 0)
                fault(intake, record, "no customer", "the field `customer` is empty");
}

/* Finds how it is read, or a fault. Returns false while that is not known yet. */
static bool find_reading(struct tg_intake *intake, const struct tg_frame *frame,
                         struct tg_record *record)
{
        struct tg_error why;

        switch (tg_readings_find(intake->readings, record->stream, frame, &record->reading, &why)) {
        case TG_READINGS_FOUND:
                break;
        case TG_READINGS_UNFIT:
                fault(intake, record, "undecodable", "its schema does not fit this topic: %s",
                      why.message);
                break;
        case TG_READINGS_UNKNOWN:
                fault(intake, record, "unknown schema", "%s", why.message);
                break;
        case TG_READINGS_AWAITED:
                return false;
        }
        return true;
}

bool tg_intake_read(struct tg_intake *intake, const struct tg_arrival *arrival,
                    struct tg_record *ret_record)
{
        struct tg_record *record = ret_record;
        struct tg_frame frame;

        record->kind = TG_RECORD_DATA;
        record->stream = arrival->stream;
        record->partition = arrival->partition;
        record->offset = arrival->offset;
        record->time_ms = TG_NO_TIME;
        record->value = arrival->value;
        if (!tg_span_present(arrival->value) ||
            tg_frame_parse(arrival->value, &frame) == TG_FRAMING_NONE) {
                fault(intake, record, "unframed",
                      "it begins with neither a schema id (00 and 4 bytes) nor a fingerprint "
                      "(C3 01 and 8 bytes)");
                return true;
        }
        if (!find_reading(intake, &frame, record))
                return false;
        if (record->kind == TG_RECORD_DATA)
                decode(intake, &frame, record);
        if (record->kind == TG_RECORD_DATA && record->stream < TG_STREAMS)
                count_deviations(intake, arrival, record->event.head.customer);
        return true;
}

void tg_intake_announce(const struct tg_intake *intake, enum tg_stream stream, struct tg_span value)
{
        const struct tg_reading *reading;
        struct tg_error why;
        struct tg_frame frame;

        if (tg_span_present(value) && tg_frame_parse(value, &frame) == TG_FRAMING_CONFLUENT)
                tg_readings_find(intake->readings, stream, &frame, &reading, &why);
}
