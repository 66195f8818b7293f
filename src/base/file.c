/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <unistd.h>

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
