/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/twin.h"

#include <assert.h>
#include <stdlib.h>

#include "avro/schemas.h"
#include "base/hash.h"
#include "base/memory.h"

/* One line of the list. */
struct tg_twin_entry {
        struct tg_record record;
        bool is_record;
        bool pauses;    /* the batch ends before what follows */
        bool aborts;    /* the batch's commit is refused */
        bool puts_off;  /* it is put off */
        bool again;     /* it was given and is to be given once more */
        int64_t now_ms; /* TG_NO_TIME: the clock is left as it is */
        bool released;
};

/* The shipped schemas can't fail to compile: what reads them was built with them. */
static struct tg_reading compile_reading(enum tg_shipped shipped, const struct tg_layout *layout)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct tg_plan *full;
        struct tg_error error;
        int result = tg_schema_parse(tg_shipped_text(shipped), &schema, &error);

        assert(result == 0);
        result = tg_plan_compile(schema, schema, layout, &full, &error);
        assert(result == 0);
        (void)result;
        return (struct tg_reading){full};
}

static struct tg_twin_entry *append(struct tg_twin *twin)
{
        struct tg_twin_entry *entry;

        assert(twin->played == 0);
        if ((twin->entry_count & (twin->entry_count - 1)) == 0)
                twin->entries = tg_reallocate(twin->entries, (2 * twin->entry_count + 1) *
                                                                     sizeof twin->entries[0]);
        entry = &twin->entries[twin->entry_count++];
        *entry = (struct tg_twin_entry){.now_ms = TG_NO_TIME};
        return entry;
}

static struct tg_record *append_record(struct tg_twin *twin, enum tg_record_kind kind,
                                       enum tg_stream stream, int32_t partition)
{
        struct tg_twin_entry *entry = append(twin);

        assert(partition < (int32_t)twin->partitions);
        entry->is_record = true;
        entry->record = (struct tg_record){
                .kind = kind,
                .stream = stream,
                .partition = partition,
                .time_ms = TG_NO_TIME,
        };
        return &entry->record;
}

void tg_twin_init(struct tg_twin *ret_twin, uint32_t partitions)
{
        struct tg_twin *twin = ret_twin;

        *twin = (struct tg_twin){.partitions = partitions};
        twin->progress = tg_allocate(partitions * sizeof twin->progress[0]);
        twin->assigned = tg_allocate_zeroed(partitions, sizeof twin->assigned[0]);
        twin->offsets = tg_allocate_zeroed(partitions, sizeof twin->offsets[0]);
        twin->readings[TG_STREAM_TOUCHPOINTS] =
                compile_reading(TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout);
        twin->readings[TG_STREAM_REQUESTS] = compile_reading(TG_SCHEMA_REQUEST, &tg_request_layout);
        twin->readings[TG_STREAM_DECISIONS] = compile_reading(TG_SCHEMA_DECISION, &tg_told_layout);
        twin->readings[TG_STREAM_CUSTOMERS] =
                compile_reading(TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout);
        for (uint32_t i = 0; i < partitions; i++) {
                twin->progress[i] =
                        (struct tg_progress){(int32_t)i, {-1, -1, -1, -1}, -1, TG_NO_TIME, 0};
                tg_twin_assign(twin, (int32_t)i);
        }
}

void tg_twin_deinit(struct tg_twin *twin)
{
        for (int stream = 0; stream < TG_LANES; stream++)
                tg_plan_free((struct tg_plan *)twin->readings[stream].full);
        tg_twin_forget_told(twin);
        free(twin->progress);
        free(twin->entries);
        free(twin->assigned);
        free(twin->offsets);
        free(twin->resumes);
        *twin = (struct tg_twin){0};
}

/* Whether the next record of a partition is one that had been taken up before. */
static bool is_of_before(const struct tg_twin *twin, enum tg_stream stream, int32_t partition)
{
        return twin->resumes && stream < TG_STREAMS &&
               twin->offsets[partition][stream] < twin->resumes[partition].next[stream];
}

/* Whether it need not be read again. */
static bool is_left_out(const struct tg_twin *twin, enum tg_stream stream, int32_t partition)
{
        return (stream == TG_STREAM_REQUESTS || twin->forgets) &&
               is_of_before(twin, stream, partition);
}

void tg_twin_datum(struct tg_twin *twin, enum tg_stream stream, struct tg_span datum)
{
        struct tg_span kept = tg_twin_keep_span(twin, datum);
        union tg_event event;
        size_t consumed;
        int fault = tg_plan_decode(twin->readings[stream].full, kept, &event, &consumed);
        struct tg_record *record;
        int32_t partition;

        if (fault < 0) {
                tg_twin_faulty(twin, stream, -1, "undecodable", tg_decode_error_text(fault));
                twin->entries[twin->entry_count - 1].record.value = kept;
                return;
        }
        partition = (int32_t)tg_partition_of(event.head.customer, twin->partitions);
        if (is_left_out(twin, stream, partition)) {
                twin->offsets[partition][stream]++;
                return;
        }
        record = append_record(twin, TG_RECORD_DATA, stream, partition);
        record->offset = twin->offsets[partition][stream]++;
        record->time_ms = event.head.time_ms;
        record->event = event;
        record->datum = kept;
        record->value = kept;
        record->reading = &twin->readings[stream];
}

void tg_twin_touchpoint(struct tg_twin *twin, const struct tg_touchpoint *touchpoint)
{
        struct tg_buffer buffer = {0};

        tg_twin_encode_touchpoint(&buffer, touchpoint);
        tg_twin_datum(twin, TG_STREAM_TOUCHPOINTS, tg_buffer_span(&buffer));
        tg_buffer_deinit(&buffer);
}

void tg_twin_request(struct tg_twin *twin, const struct tg_request *request)
{
        struct tg_buffer buffer = {0};

        tg_twin_encode_request(&buffer, request);
        tg_twin_datum(twin, TG_STREAM_REQUESTS, tg_buffer_span(&buffer));
        tg_buffer_deinit(&buffer);
}

void tg_twin_faulty(struct tg_twin *twin, enum tg_stream stream, int32_t partition,
                    const char *reason, const char *detail)
{
        struct tg_record *record = append_record(twin, TG_RECORD_FAULTY, stream, partition);

        record->fault = reason;
        record->detail = detail;
        record->value = tg_span_text("");
        record->offset = partition < 0 ? 0 : twin->offsets[partition][stream]++;
}

void tg_twin_end(struct tg_twin *twin, enum tg_stream stream, int32_t partition)
{
        if (!is_of_before(twin, stream, partition))
                append_record(twin, TG_RECORD_END, stream, partition);
        if (stream == TG_STREAM_TOUCHPOINTS && !twin->awaits)
                append_record(twin, TG_RECORD_KNOWN, stream, partition)->offset = INT64_MAX;
}

void tg_twin_awaits(struct tg_twin *twin)
{
        twin->awaits = true;
}

void tg_twin_known(struct tg_twin *twin, int32_t partition)
{
        append_record(twin, TG_RECORD_KNOWN, TG_STREAM_TOUCHPOINTS, partition)->offset =
                twin->offsets[partition][TG_STREAM_REQUESTS];
}

void tg_twin_behind(struct tg_twin *twin, int32_t partition)
{
        append_record(twin, TG_RECORD_BEHIND, TG_STREAM_TOUCHPOINTS, partition);
}

void tg_twin_assign(struct tg_twin *twin, int32_t partition)
{
        assert(!twin->assigned[partition]);
        twin->assigned[partition] = true;
        append_record(twin, TG_RECORD_ASSIGNED, TG_STREAM_TOUCHPOINTS, partition);
}

void tg_twin_revoke(struct tg_twin *twin, int32_t partition)
{
        assert(twin->assigned[partition]);
        twin->assigned[partition] = false;
        append_record(twin, TG_RECORD_REVOKED, TG_STREAM_TOUCHPOINTS, partition);
}

void tg_twin_pause(struct tg_twin *twin)
{
        append(twin)->pauses = true;
}

void tg_twin_abort(struct tg_twin *twin)
{
        append(twin)->aborts = true;
}

void tg_twin_put_off(struct tg_twin *twin)
{
        append(twin)->puts_off = true;
}

void tg_twin_crash(struct tg_twin *twin, size_t commits)
{
        twin->ends_after = commits;
}

/* Whether there is a later record of this key, so that compaction may have dropped it. */
static bool is_outdated(const struct tg_twin *twin, size_t i)
{
        const struct tg_twin_customer *items = twin->customers.items;

        for (size_t j = i + 1; j < twin->customers.count; j++) {
                if (items[j].partition == items[i].partition &&
                    tg_span_equal(items[j].key, items[i].key))
                        return true;
        }
        return false;
}

static void tell_customers(struct tg_twin *twin, const struct tg_twin *before)
{
        for (size_t i = 0; i < before->customers.count; i++) {
                const struct tg_twin_customer *customer = &before->customers.items[i];

                if (is_outdated(before, i) || !tg_span_present(customer->datum))
                        continue;
                tg_twin_keep_customer(twin, customer->partition, customer->key, customer->datum);
                tg_twin_datum(twin, TG_STREAM_CUSTOMERS, customer->datum);
        }
}

void tg_twin_forget(struct tg_twin *twin, uint64_t lasting)
{
        twin->forgets = true;
        for (uint32_t i = 0; i < twin->partitions; i++)
                twin->forgets &= (lasting & ~twin->resumes[i].kept) == 0;
}

void tg_twin_resume(struct tg_twin *twin, const struct tg_twin *before)
{
        size_t size = twin->partitions * sizeof twin->resumes[0];

        assert(twin->entry_count == twin->partitions && before->partitions == twin->partitions);
        twin->resumes = tg_allocate(size);
        memcpy(twin->resumes, before->progress, size);
        memcpy(twin->progress, before->progress, size);
        for (uint32_t i = 0; i < twin->partitions; i++)
                twin->entries[i].record.resume = &twin->resumes[i];
        for (size_t i = 0; i < before->decisions.count; i++)
                tg_twin_datum(twin, TG_STREAM_DECISIONS, before->decisions.items[i]->datum);
        tell_customers(twin, before);
        for (uint32_t i = 0; i < twin->partitions; i++) {
                tg_twin_end(twin, TG_STREAM_DECISIONS, (int32_t)i);
                tg_twin_end(twin, TG_STREAM_CUSTOMERS, (int32_t)i);
        }
}

void tg_twin_clock(struct tg_twin *twin, int64_t now_ms)
{
        tg_twin_pause(twin);
        append(twin)->now_ms = now_ms;
        twin->has_clock = true;
}

/* With the list, every stream that is still ours ends. */
static void append_ends(struct tg_twin *twin)
{
        for (uint32_t partition = 0; partition < twin->partitions; partition++) {
                for (int stream = 0; twin->assigned[partition] && stream < TG_STREAMS; stream++)
                        tg_twin_end(twin, (enum tg_stream)stream, (int32_t)partition);
        }
}

static struct tg_record *give(struct tg_twin *twin, struct tg_twin_entry *entry)
{
        twin->given++;
        entry->released = false;
        entry->record.owner = entry;
        return &entry->record;
}

/* What comes again, before the list goes on. */
static size_t give_again(struct tg_twin *twin, struct tg_record **records, size_t capacity)
{
        size_t count = 0;

        for (; twin->again < twin->played && count < capacity; twin->again++) {
                struct tg_twin_entry *entry = &twin->entries[twin->again];

                if (entry->again)
                        records[count++] = give(twin, entry);
                entry->again = false;
        }
        return count;
}

static int poll(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                struct tg_error *error)
{
        struct tg_twin *twin = context;
        size_t again, count;

        if (twin->ends_after && twin->commits == twin->ends_after) {
                tg_twin_take_back(twin);
                return tg_fail(error, EX_SOFTWARE, "the process is gone");
        }
        count = again = give_again(twin, records, capacity);
        twin->behind = twin->again < twin->played;
        while (twin->played < twin->entry_count && count < capacity) {
                struct tg_twin_entry *entry = &twin->entries[twin->played++];

                if (entry->now_ms != TG_NO_TIME)
                        twin->now_ms = entry->now_ms;
                twin->aborts_now |= entry->aborts;
                twin->puts_off_now |= entry->puts_off;
                if (entry->pauses && count > again)
                        break;
                if (entry->is_record)
                        records[count++] = give(twin, entry);
        }
        *ret_count = count;
        return twin->played == twin->entry_count && !twin->behind ? 1 : 0;
}

/* Whether a record that was given lies behind where its partition goes back to. */
static bool comes_again(const struct tg_twin *twin, const struct tg_twin_entry *entry,
                        const int64_t (*next)[TG_LANES])
{
        const struct tg_record *record = &entry->record;

        if (record->kind == TG_RECORD_ASSIGNED || record->kind == TG_RECORD_REVOKED)
                return false;
        if (record->partition < 0)
                return (size_t)(entry - twin->entries) >= twin->committed;
        if (record->kind != TG_RECORD_DATA && record->kind != TG_RECORD_FAULTY)
                return next[record->partition][record->stream] < INT64_MAX;
        return record->offset >= next[record->partition][record->stream];
}

static int rewind_list(void *context, const struct tg_progress *progress, size_t count,
                       struct tg_error *error)
{
        struct tg_twin *twin = context;
        int64_t(*next)[TG_LANES] = tg_allocate(twin->partitions * sizeof next[0]);

        (void)error;
        for (uint32_t i = 0; i < twin->partitions; i++) {
                for (int lane = 0; lane < TG_LANES; lane++)
                        next[i][lane] = INT64_MAX;
        }
        for (size_t i = 0; i < count; i++)
                memcpy(next[progress[i].partition], progress[i].next, sizeof next[0]);
        for (size_t i = 0; i < twin->played; i++) {
                struct tg_twin_entry *entry = &twin->entries[i];

                entry->again = entry->is_record && comes_again(twin, entry, next);
                /* Once revoked, what came before is somebody else's. */
                for (size_t j = 0; j < i && entry->record.kind == TG_RECORD_REVOKED; j++) {
                        if (twin->entries[j].record.partition == entry->record.partition)
                                twin->entries[j].again = false;
                }
        }
        twin->again = 0;
        free(next);
        return 0;
}

static void hurry(void *context)
{
        ((struct tg_twin *)context)->hurries++;
}

static void release(void *context, struct tg_record *record)
{
        struct tg_twin *twin = context;
        struct tg_twin_entry *entry = record->owner;

        assert(!entry->released);
        entry->released = true;
        twin->released++;
}

static const char *stream_name(void *context, enum tg_stream stream)
{
        static const char *const names[TG_LANES] = {"touchpoints", "requests", "decisions",
                                                    "customers"};

        (void)context;
        return names[stream];
}

static int64_t now_ms(void *context)
{
        return ((struct tg_twin *)context)->now_ms;
}

struct tg_port tg_twin_port(struct tg_twin *twin)
{
        append_ends(twin);
        return (struct tg_port){
                .source = {.poll = poll,
                           .hurry = hurry,
                           .release = release,
                           .rewind = rewind_list,
                           .stream_name = stream_name,
                           .context = twin},
                .sink = tg_twin_sink(twin),
                .clock = {twin->has_clock ? now_ms : NULL, twin},
        };
}
