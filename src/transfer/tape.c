/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/tape.h"

void tg_tape_init(struct tg_tape *tape, const struct tg_recording *recording, enum tg_stream stream,
                  const struct tg_framing_ids *ids)
{
        *tape = (struct tg_tape){
                .ids = ids,
                .stream = stream,
                .reader = tg_stream_reader_new(recording, stream),
        };
}

static void release(struct tg_tape *tape)
{
        if (tape->holds)
                tg_stream_release(tape->record.owner);
        tape->holds = false;
}

void tg_tape_deinit(struct tg_tape *tape)
{
        release(tape);
        tg_stream_reader_free(tape->reader);
        *tape = (struct tg_tape){0};
}

int tg_tape_next(struct tg_tape *tape, struct tg_error *error)
{
        int answer;

        release(tape);
        answer = tg_stream_reader_next(tape->reader, &tape->record, error);
        if (answer)
                return answer;
        tape->holds = true;
        if (tape->record.fault)
                return tg_fail(error, EX_DATAERR,
                               "a record of the recording is %s (%s); `touchgate replay` keeps "
                               "such records as dead letters",
                               tape->record.fault, tape->record.detail);
        tape->schema_id = tg_framing_ids_get(tape->ids, tape->stream, tape->record.fingerprint);
        return 0;
}
