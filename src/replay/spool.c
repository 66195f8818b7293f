/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum { READ_SIZE = 1 << 18 };

struct header {
        int64_t time_ms;
        uint32_t output;
        uint32_t size;
};

void tg_spooled_put(struct tg_buffer *buffer, int64_t time_ms, uint32_t output,
                    struct tg_span datum)
{
        struct header header = {time_ms, output, (uint32_t)datum.size};
        uint8_t *room = tg_buffer_reserve(buffer, sizeof header + datum.size);

        memcpy(room, &header, sizeof header);
        if (datum.size > 0)
                memcpy(room + sizeof header, datum.data, datum.size);
        buffer->size += sizeof header + datum.size;
}

void tg_spool_init(struct tg_spool *spool, const char *directory)
{
        *spool = (struct tg_spool){.directory = directory, .file = -1};
}

void tg_spool_deinit(struct tg_spool *spool)
{
        tg_buffer_deinit(&spool->front);
        tg_buffer_deinit(&spool->back);
        if (spool->file >= 0)
                close(spool->file);
        spool->file = -1;
}

/* Not every file system can make a file without a name; then it loses its name at once. */
static int open_unnamed(const char *directory)
{
        int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        char *path;

        if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
                return file;
        if (asprintf(&path, "%s/spool-XXXXXX", directory) < 0)
                abort();
        file = mkostemp(path, O_CLOEXEC);
        if (file >= 0)
                unlink(path);
        free(path);
        return file;
}

/* Makes room in memory. */
static int spill(struct tg_spool *spool, struct tg_error *error)
{
        if (spool->file < 0)
                spool->file = open_unnamed(spool->directory);
        if (spool->file < 0)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot hold a temporary file",
                                     spool->directory);
        if (tg_file_write(spool->file, tg_buffer_span(&spool->back), spool->written) < 0)
                return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot write a temporary file",
                                     spool->directory);
        spool->written += spool->back.size;
        tg_buffer_reset(&spool->back);
        return 0;
}

static void swap(struct tg_buffer *a, struct tg_buffer *b)
{
        struct tg_buffer kept = *a;

        *a = *b;
        *b = kept;
}

int tg_spool_add(struct tg_spool *spool, struct tg_buffer *data, struct tg_error *error)
{
        if (spool->back.size > 0 && spool->back.size + data->size > TG_SPOOL_MEMORY &&
            spill(spool, error) < 0)
                return -1;
        if (spool->back.size == 0)
                swap(&spool->back, data);
        else
                tg_buffer_append(&spool->back, data->data, data->size);
        tg_buffer_reset(data);
        return 0;
}

static bool find_head(struct tg_spool *spool)
{
        size_t left = spool->front.size - spool->taken;
        struct header header;

        if (left < sizeof header)
                return false;
        memcpy(&header, spool->front.data + spool->taken, sizeof header);
        if (left - sizeof header < header.size)
                return false;
        spool->taken += sizeof header;
        spool->head = (struct tg_spooled){
                .time_ms = header.time_ms,
                .output = header.output,
                .datum = tg_span_of(spool->front.data + spool->taken, header.size),
        };
        spool->taken += header.size;
        return true;
}

/* What was taken makes room for more from the file. */
static int read_back(struct tg_spool *spool, struct tg_error *error)
{
        struct tg_buffer *front = &spool->front;
        size_t size = spool->written - spool->read;
        ssize_t n;

        if (size > READ_SIZE)
                size = READ_SIZE;
        front->size -= spool->taken;
        tg_buffer_reserve(front, size);
        memmove(front->data, front->data + spool->taken, front->size);
        spool->taken = 0;
        do
                n = pread(spool->file, front->data + front->size, size, (off_t)spool->read);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return tg_fail_errno(error, EX_IOERR, n < 0 ? errno : EIO,
                                     "%s: cannot read a temporary file", spool->directory);
        front->size += (size_t)n;
        spool->read += (size_t)n;
        if (spool->read == spool->written)
                spool->read = spool->written = 0;
        return 0;
}

int tg_spool_next(struct tg_spool *spool, struct tg_error *error)
{
        while (!(spool->has_head = find_head(spool))) {
                if (spool->written > 0) {
                        if (read_back(spool, error) < 0)
                                return -1;
                } else if (spool->back.size > 0) {
                        assert(spool->taken == spool->front.size);
                        swap(&spool->front, &spool->back);
                        tg_buffer_reset(&spool->back);
                        spool->taken = 0;
                } else {
                        break;
                }
        }
        return 0;
}
