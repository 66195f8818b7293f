/* SPDX-License-Identifier: Apache-2.0 */
#include "http/asking.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "http/json_datum.h"
#include "records/event.h"
#include "records/schemas.h"
#include "telemetry/datum_json.h"

enum { KEY_SIZE = 128 };

struct tg_asking {
        struct tg_http_shards shards;
        json_t *schema; /* of requests */
        struct tg_reading reading;
        struct tg_datum_kind decision;
        struct tg_datum_kind permitted;
};

static int compile_request(struct tg_asking *asking, struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct tg_span text = tg_shipped_text(TG_SCHEMA_REQUEST);
        struct tg_plan *plan;

        asking->schema = json_loadb((const char *)text.data, text.size, 0, NULL);
        if (!asking->schema)
                return tg_fail(error, EX_SOFTWARE, "the schema of requests is no JSON");
        if (tg_schema_parse(text, &schema, error) < 0 ||
            tg_plan_compile(schema, schema, &tg_request_layout, &plan, error) < 0)
                return -1;
        asking->reading.full = plan;
        return 0;
}

int tg_asking_new(const struct tg_http_shards *shards, struct tg_asking **ret_asking,
                  struct tg_error *error)
{
        struct tg_asking *asking = tg_allocate_zeroed(1, sizeof *asking);

        asking->shards = *shards;
        if (compile_request(asking, error) < 0 ||
            tg_datum_kind_init(&asking->decision, tg_shipped_text(TG_SCHEMA_DECISION), error) < 0 ||
            tg_datum_kind_init(&asking->permitted, tg_shipped_text(TG_SCHEMA_PERMITTED), error) <
                    0) {
                tg_asking_free(asking);
                return -1;
        }
        *ret_asking = asking;
        return 0;
}

void tg_asking_free(struct tg_asking *asking)
{
        if (!asking)
                return;
        tg_datum_kind_deinit(&asking->decision);
        tg_datum_kind_deinit(&asking->permitted);
        tg_plan_free((struct tg_plan *)asking->reading.full);
        json_decref(asking->schema);
        free(asking);
}

/* Who asks this way has no topic to be a dead letter in: what would be one is refused. */
static int check(const struct tg_request *request, struct tg_error *error)
{
        if (request->customer.size == 0)
                return tg_fail(error, EX_DATAERR, "`customer` is empty");
        if (request->id.size == 0)
                return tg_fail(error, EX_DATAERR, "`id` is empty");
        return 0;
}

/* As JSON takes it: UTF-8 without a NUL. */
static bool is_text(struct tg_span bytes)
{
        for (size_t i = 0, size; i < bytes.size; i += size) {
                size = tg_utf8_size(bytes.data + i, bytes.size - i);
                if (size == 0 || bytes.data[i] == '\0')
                        return false;
        }
        return true;
}

int tg_asking_add(const struct tg_asking *asking, json_t *request, struct tg_span name,
                  struct tg_span value, struct tg_reply *reply)
{
        char key[KEY_SIZE];

        snprintf(key, sizeof key, "%.*s", TG_SPAN_FORMAT(name));
        if (!is_text(name) || name.size >= sizeof key) {
                tg_reply_error(reply, 400, "an argument has a name that is no field's");
        } else if (!is_text(value)) {
                tg_reply_error(reply, 400, "`%s` is no UTF-8 without a NUL", key);
        } else if (json_object_get(request, key)) {
                tg_reply_error(reply, 400, "`%s` is given twice", key);
        } else {
                json_object_set_new(request, key, tg_json_argument(asking->schema, key, value));
                return 0;
        }
        return -1;
}

int tg_asking_read(const struct tg_asking *asking, json_t *request, int64_t now_ms,
                   struct tg_inquiry *inquiry, struct tg_reply *reply)
{
        union tg_event event;
        struct tg_error error;
        size_t consumed;

        if (json_is_object(request) && !json_object_get(request, "time"))
                json_object_set_new(request, "time", json_integer(now_ms));
        if (tg_json_datum(asking->schema, request, &inquiry->datum, &error) < 0) {
                tg_reply_error(reply, 400, "%s", error.message);
                return -1;
        }
        if (tg_plan_decode(asking->reading.full, tg_buffer_span(&inquiry->datum), &event,
                           &consumed) < 0) {
                tg_reply_error(reply, 400,
                               "the request is beyond what a decoder takes: too many "
                               "items in a list");
                return -1;
        }
        if (check(&event.request, &error) < 0) {
                tg_reply_error(reply, 400, "%s", error.message);
                return -1;
        }
        inquiry->reading = &asking->reading;
        inquiry->partition =
                (int32_t)tg_partition_of(event.head.customer, asking->shards.partitions);
        return 0;
}

static void reply_elsewhere(struct tg_reply *reply, int32_t partition)
{
        char text[200], number[16];

        snprintf(text, sizeof text,
                 "partition %d, which the customer belongs to, is another process's; ask there, or "
                 "write to the request topic",
                 (int)partition);
        snprintf(number, sizeof number, "%d", (int)partition);
        tg_reply_json(reply, 421,
                      json_pack("{s:i, s:s, s:i}", "status", 421, "error", text, "partition",
                                (int)partition));
        tg_reply_header(reply, "Touchgate-Partition", number);
}

static void reply_later(struct tg_reply *reply, const char *why)
{
        tg_reply_error(reply, 503, "%s", why);
        tg_reply_header(reply, "Retry-After", "1");
}

/* Which shard owns PARTITION, or -1; *ANY: some partition is owned here. */
static ptrdiff_t find_shard(const struct tg_asking *asking, int32_t partition, bool *any)
{
        *any = false;
        for (size_t i = 0; i < asking->shards.count; i++) {
                *any |= tg_board_tally(asking->shards.boards[i], TG_TALLY_PARTITIONS) > 0;
                if (tg_board_owns(asking->shards.boards[i], partition))
                        return (ptrdiff_t)i;
        }
        return -1;
}

int tg_asking_put(const struct tg_asking *asking, struct tg_inquiry *inquiry,
                  struct tg_reply *reply)
{
        bool any;
        ptrdiff_t shard = find_shard(asking, inquiry->partition, &any);
        int answer;

        if (shard < 0 && !any) {
                reply_later(reply, "the group has not given this process a partition yet");
                return -1;
        }
        if (shard < 0) {
                reply_elsewhere(reply, inquiry->partition);
                return -1;
        }
        answer = tg_inbox_put(asking->shards.inboxes[shard], inquiry);
        if (answer > 0)
                reply_later(reply, answer == 1 ? "too many questions wait for this shard already"
                                               : "the process is leaving");
        return answer ? -1 : 0;
}

/* A datum that we wrote ourselves, as JSON; NULL if libavro can't read it. */
static json_t *render(const struct tg_datum_kind *kind, const struct tg_buffer *datum)
{
        avro_reader_t reader = avro_reader_memory((const char *)datum->data, (int64_t)datum->size);
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);
        json_t *json = NULL;
        avro_value_t value;

        avro_generic_value_new(kind->class, &value);
        if (file && avro_value_read(reader, &value) == 0)
                tg_datum_json(file, &value);
        if (file)
                fclose(file);
        if (size)
                json = json_loadb(text, size, JSON_ALLOW_NUL, NULL);
        avro_value_decref(&value);
        avro_reader_free(reader);
        free(text);
        return json;
}

/* What the rules from FIRST up to END say of this moment, each with whether it says yes. */
static json_t *rules_of(const json_t *decision, size_t first, size_t end)
{
        const json_t *reasons = json_object_get(decision, "reasons");
        json_t *rules = json_array();

        for (size_t i = first; i < end; i++) {
                json_t *rule = json_array_get(reasons, i);
                bool permits = json_equal(json_object_get(rule, "until"),
                                          json_object_get(decision, "time"));

                json_object_set_new(rule, "permits", json_boolean(permits));
                json_array_append(rules, rule);
        }
        return rules;
}

/* Of an explanation: what of a decision it has, and the rules, by the variant that they look at. */
static json_t *explain(json_t *decision, size_t requested)
{
        static const char *const kept[] = {
                "customer", "time",     "outcome", "until", "variant", "channel", "kind",
                "class",    "campaign", "subject", "topic", "expires", "policy",  "policy_hash",
        };
        size_t count = json_array_size(json_object_get(decision, "reasons"));
        const char *variant = json_string_value(json_object_get(decision, "variant"));
        json_t *answer = json_object();

        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
                json_object_set(answer, kept[i], json_object_get(decision, kept[i]));
        json_object_set_new(answer, "rules", rules_of(decision, 0, requested));
        if (strcmp(variant, tg_word(&tg_variant_words, TG_VARIANT_GENERAL)) == 0)
                json_object_set_new(answer, "general_rules", rules_of(decision, requested, count));
        json_decref(decision);
        return answer;
}

static void reply_answered(const struct tg_asking *asking, const struct tg_inquiry *inquiry,
                           struct tg_reply *reply)
{
        json_t *json = render(&asking->decision, &inquiry->decision);
        bool whole = json != NULL;

        if (json && inquiry->kind == TG_INQUIRE_EXPLANATION)
                json = explain(json, inquiry->requested);
        else if (json && inquiry->permitted.size)
                whole = json_object_set_new(json, "message",
                                            render(&asking->permitted, &inquiry->permitted)) == 0;
        if (whole) {
                tg_reply_json(reply, 200, json);
                return;
        }
        json_decref(json);
        tg_reply_error(reply, 500, "the answer can't be shown");
}

void tg_asking_reply(const struct tg_asking *asking, const struct tg_inquiry *inquiry,
                     struct tg_reply *reply)
{
        switch (inquiry->answer) {
        case TG_INQUIRY_ANSWERED:
                reply_answered(asking, inquiry, reply);
                return;
        case TG_INQUIRY_ELSEWHERE:
                reply_elsewhere(reply, inquiry->partition);
                return;
        case TG_INQUIRY_BEHIND:
                reply_later(reply, "the touchpoints of the customer's partition are still being "
                                   "read");
                return;
        case TG_INQUIRY_FUTURE:
                tg_reply_error(reply, 400,
                               "`time` is later than now by more than "
                               "future_skew_max");
                return;
        case TG_INQUIRY_UNDONE:
                reply_later(reply, "what was decided could not be committed and was taken back: "
                                   "nothing is kept; ask again");
                return;
        case TG_INQUIRY_CLOSED:
                reply_later(reply, "the process is leaving");
        }
}
