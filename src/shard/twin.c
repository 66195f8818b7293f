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

/* Everything copied, freed at once at the end. */
struct tg_twin_memory {
        struct tg_twin_memory *next;
        uint8_t bytes[];
};

static void *keep(struct tg_twin *twin, const void *data, size_t size)
{
        struct tg_twin_memory *memory = tg_allocate(sizeof *memory + size + 1);

        if (size)
                memcpy(memory->bytes, data, size);
        memory->bytes[size] = '\0'; /* texts can be printed */
        memory->next = twin->memory;
        twin->memory = memory;
        return memory->bytes;
}

static struct tg_span keep_span(struct tg_twin *twin, struct tg_span span)
{
        if (!tg_span_present(span))
                return span;
        return tg_span_of(keep(twin, span.data, span.size), span.size);
}

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
        for (uint32_t i = 0; i < partitions; i++) {
                twin->progress[i] = (struct tg_progress){(int32_t)i, {-1, -1, -1}, -1, TG_NO_TIME};
                tg_twin_assign(twin, (int32_t)i);
        }
}

void tg_twin_deinit(struct tg_twin *twin)
{
        for (int stream = 0; stream < TG_LANES; stream++)
                tg_plan_free((struct tg_plan *)twin->readings[stream].full);
        while (twin->memory) {
                struct tg_twin_memory *next = twin->memory->next;

                free(twin->memory);
                twin->memory = next;
        }
        free(twin->decisions.items);
        free(twin->permitted.items);
        free(twin->rejected.items);
        free(twin->progress);
        free(twin->entries);
        free(twin->assigned);
        free(twin->offsets);
        free(twin->resumes);
        *twin = (struct tg_twin){0};
}

/* Whether the next request of a partition need not be read again. */
static bool is_left_out(const struct tg_twin *twin, enum tg_stream stream, int32_t partition)
{
        return twin->resumes && stream == TG_STREAM_REQUESTS &&
               twin->offsets[partition][stream] < twin->resumes[partition].next[stream];
}

void tg_twin_datum(struct tg_twin *twin, enum tg_stream stream, struct tg_span datum)
{
        struct tg_span kept = keep_span(twin, datum);
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
        for (uint32_t i = 0; i < twin->partitions; i++)
                tg_twin_end(twin, TG_STREAM_DECISIONS, (int32_t)i);
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

/* What was told since the last commit. */
static void forget_uncommitted(struct tg_twin *twin)
{
        if (!twin->open)
                return;
        twin->decisions.count = twin->begun.decisions;
        twin->permitted.count = twin->begun.permitted;
        twin->rejected.count = twin->begun.rejected;
        twin->open = false;
}

static int poll(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                struct tg_error *error)
{
        struct tg_twin *twin = context;
        size_t again, count;

        if (twin->ends_after && twin->commits == twin->ends_after) {
                forget_uncommitted(twin);
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
        static const char *const names[TG_LANES] = {"touchpoints", "requests", "decisions"};

        (void)context;
        return names[stream];
}

static int64_t now_ms(void *context)
{
        return ((struct tg_twin *)context)->now_ms;
}

static int begin(void *context, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        assert(!twin->in_transaction);
        twin->in_transaction = true;
        if (twin->open)
                return 0;
        twin->open = true;
        twin->begun = (struct tg_twin_mark){twin->decisions.count, twin->permitted.count,
                                            twin->rejected.count};
        return 0;
}

static const struct tg_request *keep_request(struct tg_twin *twin, const struct tg_request *from)
{
        struct tg_request *request = keep(twin, from, sizeof *from);
        struct tg_span *spans[] = {
                &request->id,
                &request->customer,
                &request->campaign,
                &request->subject,
                &request->category,
                &request->topic,
                &request->segment,
                &request->purpose,
                &request->payload,
                &request->general.campaign,
                &request->general.topic,
                &request->general.payload,
        };

        for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
                *spans[i] = keep_span(twin, *spans[i]);
        return request;
}

static int keep_output(struct tg_twin *twin, struct tg_twin_outputs *outputs, int32_t partition,
                       const struct tg_decision *from, struct tg_span datum)
{
        struct tg_decision decision = *from;
        struct tg_twin_output output;

        assert(twin->in_transaction);
        decision.request = keep_request(twin, from->request);
        decision.reasons = keep(twin, from->reasons, from->reason_count * sizeof from->reasons[0]);
        decision.facts = keep(twin, from->facts, from->fact_count * sizeof from->facts[0]);
        decision.message_id = keep_span(twin, from->message_id);
        output = (struct tg_twin_output){
                .partition = partition,
                .decision = decision,
                .datum = keep_span(twin, datum),
                .transaction = twin->commits,
        };
        if ((outputs->count & (outputs->count - 1)) == 0)
                outputs->items = tg_reallocate(outputs->items,
                                               (2 * outputs->count + 1) * sizeof outputs->items[0]);
        outputs->items[outputs->count++] = keep(twin, &output, sizeof output);
        return 0;
}

static int keep_decision(void *context, int32_t partition, const struct tg_decision *decision,
                         struct tg_span datum, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        return keep_output(twin, &twin->decisions, partition, decision, datum);
}

static int keep_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        return keep_output(twin, &twin->permitted, partition, decision, datum);
}

static int keep_rejected(void *context, const struct tg_record *record, const char *reason,
                         const char *detail, struct tg_error *error)
{
        struct tg_twin *twin = context;
        struct tg_twin_rejections *rejected = &twin->rejected;

        (void)error;
        assert(twin->in_transaction);
        if ((rejected->count & (rejected->count - 1)) == 0)
                rejected->items = tg_reallocate(rejected->items, (2 * rejected->count + 1) *
                                                                         sizeof rejected->items[0]);
        rejected->items[rejected->count++] = (struct tg_twin_rejection){
                .partition = record->partition,
                .stream = record->stream,
                .offset = record->offset,
                .value = record->value,
                .reason = keep(twin, reason, strlen(reason)),
                .detail = keep(twin, detail, strlen(detail)),
        };
        return 0;
}

static int give_up(void *context, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        assert(twin->in_transaction);
        twin->in_transaction = false;
        twin->aborts++;
        forget_uncommitted(twin);
        return 0;
}

static int commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                  struct tg_error *error)
{
        struct tg_twin *twin = context;
        bool aborts = twin->aborts_now, puts_off = twin->puts_off_now && !now;

        assert(twin->in_transaction);
        twin->aborts_now = twin->puts_off_now = false;
        if (aborts)
                return give_up(twin, error) < 0 ? -1 : 1;
        twin->in_transaction = false;
        twin->put_off += puts_off;
        if (puts_off)
                return 2;
        twin->open = false;
        for (size_t i = 0; i < count; i++)
                twin->progress[progress[i].partition] = progress[i];
        twin->committed = twin->behind ? twin->again : twin->played;
        twin->commits++;
        return 0;
}

struct tg_port tg_twin_port(struct tg_twin *twin)
{
        append_ends(twin);
        return (struct tg_port){
                .source = {poll, hurry, release, rewind_list, stream_name, twin},
                .sink = {begin, keep_decision, keep_permitted, keep_rejected, commit, give_up,
                         twin},
                .clock = {twin->has_clock ? now_ms : NULL, twin},
        };
}
