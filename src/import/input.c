/* SPDX-License-Identifier: Apache-2.0 */
#include "import/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

enum {
        BUFFER_SIZE = 1 << 17,
        GZIP_WINDOW_BITS = 16 + MAX_WBITS, /* gzip alone, of any window */
        GZIP_FIRST = 0x1f,
        GZIP_SECOND = 0x8b,
};

enum form { UNKNOWN, PLAIN, GZIP };

struct tg_input {
        int file;
        const char *name; /* borrowed, for messages */
        enum form form;
        bool ended;      /* nothing behind the buffer */
        bool between;    /* a stream has ended, and none begun since */
        z_stream stream; /* its input is what the buffer still holds */
        uint8_t buffer[BUFFER_SIZE];
};

int tg_input_open(const char *path, struct tg_input **ret_input, struct tg_error *error)
{
        bool standard_input = strcmp(path, "-") == 0;
        int file = standard_input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

        if (file < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s: cannot be opened", path);
        *ret_input = tg_allocate_zeroed(1, sizeof **ret_input);
        (*ret_input)->file = file;
        (*ret_input)->name = standard_input ? "<stdin>" : path;
        return 0;
}

void tg_input_close(struct tg_input *input)
{
        if (!input)
                return;
        if (input->form == GZIP)
                inflateEnd(&input->stream);
        close(input->file);
        free(input);
}

const char *tg_input_name(const struct tg_input *input)
{
        return input->name;
}

/* Reads on behind what the buffer holds, which is moved to its front. Returns 0 or -1. */
static int fill(struct tg_input *input, struct tg_error *error)
{
        z_stream *stream = &input->stream;
        ssize_t size;

        if (stream->avail_in > 0)
                memmove(input->buffer, stream->next_in, stream->avail_in);
        stream->next_in = input->buffer;
        do
                size = read(input->file, input->buffer + stream->avail_in,
                            BUFFER_SIZE - stream->avail_in);
        while (size < 0 && errno == EINTR);
        if (size < 0)
                return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be read", input->name);
        input->ended = size == 0;
        stream->avail_in += (unsigned)size;
        return 0;
}

static bool begins_gzip(const z_stream *stream)
{
        return stream->avail_in > 1 && stream->next_in[0] == GZIP_FIRST &&
               stream->next_in[1] == GZIP_SECOND;
}

/* Looks at the first two bytes. */
static int find_form(struct tg_input *input, struct tg_error *error)
{
        while (input->stream.avail_in < 2 && !input->ended) {
                if (fill(input, error) < 0)
                        return -1;
        }
        input->form = PLAIN;
        if (!begins_gzip(&input->stream))
                return 0;
        if (inflateInit2(&input->stream, GZIP_WINDOW_BITS) != Z_OK)
                return tg_fail(error, EX_OSERR, "%s: zlib has no memory", input->name);
        input->form = GZIP;
        return 0;
}

static ssize_t read_plain(struct tg_input *input, void *into, size_t size, struct tg_error *error)
{
        z_stream *stream = &input->stream;

        if (stream->avail_in == 0 && !input->ended && fill(input, error) < 0)
                return -1;
        if (size > stream->avail_in)
                size = stream->avail_in;
        memcpy(into, stream->next_in, size);
        stream->next_in += size;
        stream->avail_in -= (unsigned)size;
        return (ssize_t)size;
}

/* Begins the stream behind the last one. Returns 1, 0 (there is none), or -1. */
static int begin_next(struct tg_input *input, struct tg_error *error)
{
        z_stream *stream = &input->stream;

        for (;;) {
                while (stream->avail_in > 0 && *stream->next_in == 0) {
                        stream->next_in++;
                        stream->avail_in--;
                }
                if (stream->avail_in > 1 || input->ended)
                        break;
                if (fill(input, error) < 0)
                        return -1;
        }
        if (stream->avail_in == 0)
                return 0;
        if (!begins_gzip(stream))
                return tg_fail(error, EX_DATAERR,
                               "%s: the gzip stream is followed by bytes that are none: what they "
                               "hold would be lost; unpack the file first, and look at its end",
                               input->name);
        inflateReset(stream);
        input->between = false;
        return 1;
}

/* What inflating came to, if that is no progress. */
static int check(struct tg_input *input, int answer, struct tg_error *error)
{
        switch (answer) {
        case Z_STREAM_END:
                input->between = true;
                return 0;
        case Z_OK:
                return 0;
        case Z_BUF_ERROR:
                if (!input->ended)
                        return 0;
                return tg_fail(error, EX_DATAERR,
                               "%s: the gzip stream ends in the middle: copy the file again",
                               input->name);
        default:
                return tg_fail(error, EX_DATAERR, "%s: the gzip stream is broken (%s)", input->name,
                               input->stream.msg ? input->stream.msg : zError(answer));
        }
}

static ssize_t read_gzip(struct tg_input *input, void *into, size_t size, struct tg_error *error)
{
        z_stream *stream = &input->stream;
        unsigned wanted = size < UINT32_MAX ? (unsigned)size : UINT32_MAX;

        stream->next_out = into;
        stream->avail_out = wanted;
        while (stream->avail_out == wanted) {
                int begun = input->between ? begin_next(input, error) : 1;

                if (begun <= 0)
                        return begun;
                if (stream->avail_in == 0 && !input->ended && fill(input, error) < 0)
                        return -1;
                if (check(input, inflate(stream, Z_NO_FLUSH), error) < 0)
                        return -1;
        }
        return wanted - stream->avail_out;
}

ssize_t tg_input_read(struct tg_input *input, void *into, size_t size, struct tg_error *error)
{
        if (input->form == UNKNOWN && find_form(input, error) < 0)
                return -1;
        return input->form == GZIP ? read_gzip(input, into, size, error)
                                   : read_plain(input, into, size, error);
}
