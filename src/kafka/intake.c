/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/intake.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "records/head.h"

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

static void fault_schema(struct tg_intake *intake, struct tg_record *record,
                         const struct tg_frame *frame, const char *problem)
{
        if (problem)
                fault(intake, record, "undecodable", "its schema does not fit this topic: %s",
                      problem);
        else if (frame->framing == TG_FRAMING_CONFLUENT)
                fault(intake, record, "unknown schema",
                      "schema id %" PRIu32 " is neither among `schemas.ids` nor in the folder of "
                      "writers' schemas",
                      frame->schema_id);
        else
                fault(intake, record, "unknown schema",
                      "no known schema has the fingerprint %016" PRIx64, frame->fingerprint);
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

/* The fields that every record begins with. */
static void read_head(struct tg_intake *intake, const struct tg_frame *frame,
                      struct tg_record *record)
{
        struct tg_head head;
        size_t consumed;
        int code = tg_plan_decode(record->reading->head, frame->value, &head, &consumed);

        if (code) {
                fault(intake, record, "undecodable", "its id, customer or time: %s",
                      tg_decode_error_text(code));
                return;
        }
        record->time_ms = head.time_ms;
        record->customer = head.customer;
        record->datum = frame->value;
        if (!tg_span_present(head.customer) || head.customer.size == 0)
                fault(intake, record, "no customer", "the field `customer` is empty");
}

void tg_intake_read(struct tg_intake *intake, const struct tg_arrival *arrival,
                    struct tg_record *ret_record)
{
        struct tg_record *record = ret_record;
        struct tg_frame frame;
        const char *problem;

        *record = (struct tg_record){
                .kind = TG_RECORD_DATA,
                .stream = arrival->stream,
                .partition = arrival->partition,
                .offset = arrival->offset,
                .time_ms = TG_NO_TIME,
                .value = arrival->value,
        };
        if (!tg_span_present(arrival->value) ||
            tg_frame_parse(arrival->value, &frame) == TG_FRAMING_NONE) {
                fault(intake, record, "unframed",
                      "it begins with neither a schema id (00 and 4 bytes) nor a fingerprint "
                      "(C3 01 and 8 bytes)");
                return;
        }
        record->reading = tg_readings_find(intake->readings, arrival->stream, &frame, &problem);
        if (!record->reading) {
                fault_schema(intake, record, &frame, problem);
                return;
        }
        read_head(intake, &frame, record);
        if (record->kind == TG_RECORD_DATA)
                count_deviations(intake, arrival, record->customer);
}
