/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The in-memory twin of a shard's port: a source that plays a list of records, a clock that the
 * list sets, and a sink that keeps everything it is told.
 *
 *         struct tg_twin twin;
 *
 *         tg_twin_init(&twin, partitions);
 *         tg_twin_touchpoint(&twin, &(struct tg_touchpoint){...});
 *         tg_twin_request(&twin, &(struct tg_request){...});
 *         port = tg_twin_port(&twin);
 *         tg_shard_run(&options, &port, &summary, &error);
 *         ... twin.decisions.items[i]->decision ...
 *         tg_twin_deinit(&twin);
 *
 * The list is played once, in its order, in batches of what the shard asks for; tg_twin_pause()
 * ends a batch early. All partitions are assigned first, and all streams end with the list; by the
 * wall clock all facts are known from the first end of touchpoints on, unless the list says when
 * they are (tg_twin_awaits()). For tests: nothing is bounded, a misused sink (an output outside of
 * a transaction, a record released twice) is an assertion. A rewind looks through the whole list.
 * One thread. Must not be moved once a port was made.
 */
#pragma once

#include "records/touchpoint.h"
#include "shard/port.h"

/* A decision or a permitted message, as the sink was told. */
struct tg_twin_output {
        int32_t partition;
        struct tg_decision decision; /* copied; names of rules and the policy's name are borrowed
                                      * from the policy */
        struct tg_span datum;        /* as it was encoded */
        size_t transaction;          /* the how-manieth, from 0 */
};

struct tg_twin_outputs {
        struct tg_twin_output **items;
        size_t count;
};

/* What is kept of a customer. */
struct tg_twin_customer {
        int32_t partition;
        struct tg_span key;
        struct tg_span datum; /* absent: nothing any more */
};

struct tg_twin_customers {
        struct tg_twin_customer *items;
        size_t count;
};

/* A dead letter. */
struct tg_twin_rejection {
        int32_t partition;
        enum tg_stream stream;
        int64_t offset;
        struct tg_span value; /* as it came */
        const char *reason;
        const char *detail;
};

struct tg_twin_rejections {
        struct tg_twin_rejection *items;
        size_t count;
};

struct tg_twin_entry;
struct tg_twin_memory;

struct tg_twin {
        /* What the sink was told. */
        struct tg_twin_outputs decisions;
        struct tg_twin_outputs permitted;
        struct tg_twin_rejections rejected;
        struct tg_twin_customers customers; /* what was there before included */
        size_t commits;
        size_t aborts;
        size_t put_off;               /* commits that were */
        size_t hurries;               /* how often the next poll was not to wait */
        struct tg_progress *progress; /* by partition, of the last commit that named it */

        /* The list, and how far it has been played. */
        size_t given;    /* records that the shard was given */
        size_t released; /* those that it gave back */
        int64_t now_ms;  /* the wall clock */
        bool has_clock;  /* the list sets it */
        struct tg_twin_entry *entries;
        size_t entry_count;
        size_t played;
        size_t again;      /* the next one to look at that may have to be given once more */
        size_t committed;  /* how far it had been played at the last commit */
        bool behind;       /* there is more that has to be given once more */
        bool aborts_now;   /* the commit is to be refused */
        bool puts_off_now; /* it is to be put off */
        size_t ends_after; /* so many commits; 0: with the list */
        struct tg_twin_mark {
                size_t decisions, permitted, rejected, customers;
        } begun;     /* the counts when the transaction began */
        bool awaits; /* the list says when facts are known */
        uint32_t partitions;
        bool *assigned;               /* by partition: ours, as the list stands */
        int64_t (*offsets)[TG_LANES]; /* by partition: of the next record */
        bool forgets;                 /* facts that need not be read again are left out */
        bool in_transaction;
        bool open;                   /* the last commit was put off */
        struct tg_progress *resumes; /* by partition; NULL: nothing was before */

        struct tg_reading readings[TG_LANES]; /* of the shipped schemas */
        struct tg_twin_memory *memory;        /* copies */
};

void tg_twin_init(struct tg_twin *ret_twin, uint32_t partitions);
void tg_twin_deinit(struct tg_twin *twin);

/* The port, once the list is complete. It has a clock if the list sets one: as a recording, none.
 */
struct tg_port tg_twin_port(struct tg_twin *twin);

/*
 * Append to the list. What is given is copied. A record goes to the partition of its customer, and
 * has the next offset there; one that can't be decoded belongs to no partition.
 */
void tg_twin_touchpoint(struct tg_twin *twin, const struct tg_touchpoint *touchpoint);
void tg_twin_request(struct tg_twin *twin, const struct tg_request *request);
void tg_twin_datum(struct tg_twin *twin, enum tg_stream stream, struct tg_span datum);

/* A record that the source itself found faulty; REASON and DETAIL are static texts. */
void tg_twin_faulty(struct tg_twin *twin, enum tg_stream stream, int32_t partition,
                    const char *reason, const char *detail);

/*
 * No more in this stream of this partition, as far as is known now. Nothing is told of it as long
 * as there is more that had been taken up before: a log does not end there.
 */
void tg_twin_end(struct tg_twin *twin, enum tg_stream stream, int32_t partition);

/*
 * From here on facts are known when the list says so: tg_twin_known() of all requests of a
 * partition so far; tg_twin_behind() says that they are not.
 */
void tg_twin_awaits(struct tg_twin *twin);
void tg_twin_known(struct tg_twin *twin, int32_t partition);
void tg_twin_behind(struct tg_twin *twin, int32_t partition);

void tg_twin_revoke(struct tg_twin *twin, int32_t partition);
void tg_twin_assign(struct tg_twin *twin, int32_t partition);

/* The batch ends here. */
void tg_twin_pause(struct tg_twin *twin);

/*
 * The commit of the batch in which this is played is refused: what the sink was told in it is
 * forgotten, and its records are given once more, in the batches that follow.
 */
void tg_twin_abort(struct tg_twin *twin);

/* The commit of the batch in which this is played is put off, unless it must be now. */
void tg_twin_put_off(struct tg_twin *twin);

/* The process is gone just after so many commits: the run fails, and what came later is lost. */
void tg_twin_crash(struct tg_twin *twin, size_t commits);

/*
 * The partitions had come as far as BEFORE, which has as many, committed, and what it told is read
 * back, and what it kept: the last record of each key. To be called before the list begins; then
 * the whole list of BEFORE is told again, of which requests that need not be read again are left
 * out.
 */
void tg_twin_resume(struct tg_twin *twin, const struct tg_twin *before);

/* The facts that had been taken up before are gone, if what lasts of them (LASTING) was kept. */
void tg_twin_forget(struct tg_twin *twin, uint64_t lasting);

/* The wall clock of the batches from here on; implies a pause. */
void tg_twin_clock(struct tg_twin *twin, int64_t now_ms);

enum { TG_TWIN_PROFILE = 8, TG_TWIN_ATTRIBUTES_MAX = 16 };

/* What a touchpoint of the schema may say beside what the gate reads of it. Spans are borrowed. */
struct tg_twin_details {
        struct tg_span category;                 /* absent: none, as with all spans here */
        struct tg_span preference_key;           /* absent: there is no preference */
        struct tg_span preference_value;         /* present if the key is */
        struct tg_span profile[TG_TWIN_PROFILE]; /* in the order of the schema */
        struct tg_span canonical;                /* absent: there is no identity */
        struct tg_span attributes[TG_TWIN_ATTRIBUTES_MAX][2]; /* names and values */
        size_t attribute_count;
        uint8_t source;         /* the schema's symbol */
        uint8_t identity_level; /* likewise */
        bool shared_device;
        bool gift;
        bool has_profile;
};

/* What the twin's sink is (twin_sink.c), and copies that live as long as TWIN. */
struct tg_sink tg_twin_sink(struct tg_twin *twin);
struct tg_span tg_twin_keep_span(struct tg_twin *twin, struct tg_span span);
void tg_twin_keep_customer(struct tg_twin *twin, int32_t partition, struct tg_span key,
                           struct tg_span datum);
void tg_twin_take_back(struct tg_twin *twin);   /* what was told since the last commit */
void tg_twin_forget_told(struct tg_twin *twin); /* all of it, and all copies */

/* Append a touchpoint or a request as the shipped schemas write it. */
void tg_twin_encode_touchpoint(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint);
void tg_twin_encode_detailed(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint,
                             const struct tg_twin_details *details);
void tg_twin_encode_request(struct tg_buffer *buffer, const struct tg_request *request);
