/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct header {
        int64_t time_ms;
        uint32_t output;
        uint32_t size;
};

void tg_spool_init(struct tg_spool *spool, const char *directory)
{
        *spool = (struct tg_spool){.directory = directory, .file = -1};
}

void tg_spool_deinit(struct tg_spool *spool)
{
        tg_buffer_deinit(&spool->buffer);
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

static int flush(struct tg_spool *spool, struct tg_error *error)
{
        size_t written = 0;

        if (spool->file < 0)
                spool->file = open_unnamed(spool->directory);
        if (spool->file < 0)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot hold a temporary file",
                                     spool->directory);
        while (written < spool->buffer.size) {
                ssize_t n = write(spool->file, spool->buffer.data + written,
                                  spool->buffer.size - written);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return tg_fail_errno(error, EX_IOERR, errno,
                                             "%s: cannot write a temporary file", spool->directory);
                written += (size_t)n;
        }
        spool->file_bytes += written;
        tg_buffer_reset(&spool->buffer);
        return 0;
}

int tg_spool_put(struct tg_spool *spool, int64_t time_ms, uint32_t output, struct tg_span datum,
                 struct tg_error *error)
{
        struct header header = {time_ms, output, (uint32_t)datum.size};

        tg_buffer_append(&spool->buffer, &header, sizeof header);
        tg_buffer_append(&spool->buffer, datum.data, datum.size);
        return spool->buffer.size >= TG_SPOOL_MEMORY ? flush(spool, error) : 0;
}

int tg_spool_reader_init(struct tg_spool_reader *reader, struct tg_spool *spool,
                         struct tg_error *error)
{
        void *memory;

        *reader = (struct tg_spool_reader){.bytes = tg_buffer_span(&spool->buffer)};
        if (spool->file >= 0) {
                if (flush(spool, error) < 0)
                        return -1;
                memory = mmap(NULL, spool->file_bytes, PROT_READ, MAP_PRIVATE, spool->file, 0);
                if (memory == MAP_FAILED)
                        return tg_fail_errno(error, EX_OSERR, errno,
                                             "%s: a temporary file cannot be mapped",
                                             spool->directory);
                reader->bytes = tg_span_of(memory, spool->file_bytes);
                reader->mapped = true;
        }
        tg_spool_reader_advance(reader);
        return 0;
}

void tg_spool_reader_deinit(struct tg_spool_reader *reader)
{
        if (reader->mapped)
                munmap((void *)(uintptr_t)reader->bytes.data, reader->bytes.size);
        *reader = (struct tg_spool_reader){0};
}

void tg_spool_reader_advance(struct tg_spool_reader *reader)
{
        struct header header;

        reader->has_head = reader->offset < reader->bytes.size;
        if (!reader->has_head)
                return;
        memcpy(&header, reader->bytes.data + reader->offset, sizeof header);
        reader->offset += sizeof header;
        reader->head = (struct tg_spooled){
                .time_ms = header.time_ms,
                .output = header.output,
                .datum = tg_span_of(reader->bytes.data + reader->offset, header.size),
        };
        reader->offset += header.size;
}
