/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sink is told, copied, in transactions that can be taken back.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "shard/twin.h"

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

struct tg_span tg_twin_keep_span(struct tg_twin *twin, struct tg_span span)
{
        if (!tg_span_present(span))
                return span;
        return tg_span_of(keep(twin, span.data, span.size), span.size);
}

void tg_twin_keep_customer(struct tg_twin *twin, int32_t partition, struct tg_span key,
                           struct tg_span datum)
{
        struct tg_twin_customers *customers = &twin->customers;

        if ((customers->count & (customers->count - 1)) == 0)
                customers->items = tg_reallocate(
                        customers->items, (2 * customers->count + 1) * sizeof customers->items[0]);
        customers->items[customers->count++] = (struct tg_twin_customer){
                partition, tg_twin_keep_span(twin, key), tg_twin_keep_span(twin, datum)};
}

/* What was told since the last commit. */
void tg_twin_take_back(struct tg_twin *twin)
{
        if (!twin->open)
                return;
        twin->decisions.count = twin->begun.decisions;
        twin->permitted.count = twin->begun.permitted;
        twin->rejected.count = twin->begun.rejected;
        twin->customers.count = twin->begun.customers;
        twin->open = false;
}

void tg_twin_forget_told(struct tg_twin *twin)
{
        while (twin->memory) {
                struct tg_twin_memory *next = twin->memory->next;

                free(twin->memory);
                twin->memory = next;
        }
        free(twin->decisions.items);
        free(twin->permitted.items);
        free(twin->rejected.items);
        free(twin->customers.items);
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
                                            twin->rejected.count, twin->customers.count};
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
                *spans[i] = tg_twin_keep_span(twin, *spans[i]);
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
        decision.message_id = tg_twin_keep_span(twin, from->message_id);
        output = (struct tg_twin_output){
                .partition = partition,
                .decision = decision,
                .datum = tg_twin_keep_span(twin, datum),
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

static int write_customer(void *context, int32_t partition, struct tg_span key,
                          struct tg_span datum, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        assert(twin->in_transaction);
        tg_twin_keep_customer(twin, partition, key, datum);
        return 0;
}

static int give_up(void *context, struct tg_error *error)
{
        struct tg_twin *twin = context;

        (void)error;
        assert(twin->in_transaction);
        twin->in_transaction = false;
        twin->aborts++;
        tg_twin_take_back(twin);
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

struct tg_sink tg_twin_sink(struct tg_twin *twin)
{
        return (struct tg_sink){
                .begin = begin,
                .decision = keep_decision,
                .permitted = keep_permitted,
                .rejected = keep_rejected,
                .customer = write_customer,
                .commit = commit,
                .abort = give_up,
                .context = twin,
        };
}
