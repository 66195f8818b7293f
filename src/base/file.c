/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 16 };

int tg_file_write(int file, struct tg_span bytes, size_t offset)
{
        size_t written = 0;

        while (written < bytes.size) {
                ssize_t n = pwrite(file, bytes.data + written, bytes.size - written,
                                   (off_t)(offset + written));

                if (n < 0 && errno != EINTR)
                        return -1;
                if (n > 0)
                        written += (size_t)n;
        }
        return 0;
}

static int read_on(int file, size_t most, struct tg_buffer *buffer)
{
        size_t wanted = most + 1;
        ssize_t n = 1;

        while (wanted > 0 && n != 0) {
                size_t size = wanted < READ_SIZE ? wanted : READ_SIZE;

                n = read(file, tg_buffer_reserve(buffer, size), size);
                if (n < 0 && errno != EINTR)
                        return -1;
                if (n > 0) {
                        buffer->size += (size_t)n;
                        wanted -= (size_t)n;
                }
        }
        return 0;
}

int tg_file_read(const char *path, size_t most, struct tg_buffer *buffer)
{
        int file = open(path, O_RDONLY | O_CLOEXEC);
        int result, code;

        if (file < 0)
                return -1;
        result = read_on(file, most, buffer);
        code = errno;
        close(file);
        errno = code;
        return result;
}
