/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/spool.h"

#include <dirent.h>
#include <fcntl.h>

#include "support/folder.h"

enum { DATUM_SIZE = 1000 };

/* The I-th datum: its size differs, and so do its bytes. */
static struct tg_span datum_of(size_t i)
{
        static uint8_t bytes[DATUM_SIZE];

        for (size_t k = 0; k < DATUM_SIZE; k++)
                bytes[k] = (uint8_t)(i + k);
        return tg_span_of(bytes, i % DATUM_SIZE);
}

static void fill(struct tg_spool *spool, size_t count)
{
        struct tg_error error;

        for (size_t i = 0; i < count; i++)
                cr_assert_eq(
                        tg_spool_put(spool, (int64_t)i * 7, (uint32_t)(i % 5), datum_of(i), &error),
                        0);
}

static void expect_all(struct tg_spool *spool, size_t count)
{
        struct tg_spool_reader reader;
        struct tg_error error;

        cr_assert_eq(tg_spool_reader_init(&reader, spool, &error), 0);
        for (size_t i = 0; i < count; i++) {
                cr_assert(reader.has_head);
                cr_assert_eq(reader.head.time_ms, (int64_t)i * 7);
                cr_assert_eq(reader.head.output, i % 5);
                cr_assert_eq(reader.head.datum.size, i % DATUM_SIZE);
                cr_assert_arr_eq(reader.head.datum.data, datum_of(i).data, i % DATUM_SIZE);
                tg_spool_reader_advance(&reader);
        }
        cr_expect_not(reader.has_head);
        tg_spool_reader_advance(&reader);
        cr_expect_not(reader.has_head);
        tg_spool_reader_deinit(&reader);
}

static size_t count_files(const struct folder *folder)
{
        DIR *directory = opendir(folder->path);
        size_t count = 0;

        while (readdir(directory))
                count++;
        closedir(directory);
        return count - 2; /* itself and its parent */
}

Test(spool, what_fits_its_memory_comes_back_without_a_file)
{
        FOLDER(folder);
        struct tg_spool spool;

        tg_spool_init(&spool, folder.path);
        fill(&spool, 1000);
        cr_expect_lt(spool.file, 0);
        expect_all(&spool, 1000);
        tg_spool_deinit(&spool);
}

Test(spool, what_is_beyond_its_memory_goes_to_a_file_without_a_name_and_comes_back)
{
        enum { MANY = 12000 };
        FOLDER(folder);
        struct tg_spool spool;

        tg_spool_init(&spool, folder.path);
        fill(&spool, MANY);
        cr_expect_geq(spool.file, 0);
        cr_expect_gt(spool.file_bytes, 4 * TG_SPOOL_MEMORY);
        cr_expect_lt(spool.buffer.size, TG_SPOOL_MEMORY);
        cr_expect_eq(count_files(&folder), 0);
        expect_all(&spool, MANY);
        tg_spool_deinit(&spool);
        cr_expect_eq(count_files(&folder), 0);
}

Test(spool, a_datum_larger_than_its_memory_comes_back)
{
        FOLDER(folder);
        struct tg_buffer large = {0};
        struct tg_spool spool;
        struct tg_spool_reader reader;
        struct tg_error error;

        memset(tg_buffer_reserve(&large, 3 * TG_SPOOL_MEMORY), 'x', 3 * TG_SPOOL_MEMORY);
        large.size = 3 * TG_SPOOL_MEMORY;
        tg_spool_init(&spool, folder.path);
        cr_assert_eq(tg_spool_put(&spool, 5, 1, tg_buffer_span(&large), &error), 0);
        cr_assert_eq(tg_spool_put(&spool, 6, 2, tg_span_text(""), &error), 0);
        cr_assert_eq(tg_spool_reader_init(&reader, &spool, &error), 0);
        cr_expect(tg_span_equal(reader.head.datum, tg_buffer_span(&large)));
        tg_spool_reader_advance(&reader);
        cr_expect(reader.has_head);
        cr_expect_eq(reader.head.output, 2);
        cr_expect_eq(reader.head.datum.size, 0);
        tg_spool_reader_deinit(&reader);
        tg_spool_deinit(&spool);
        tg_buffer_deinit(&large);
}

Test(spool, one_that_nothing_was_put_into_has_nothing)
{
        struct tg_spool spool;

        tg_spool_init(&spool, "/nonexistent");
        expect_all(&spool, 0);
        tg_spool_deinit(&spool);
}

Test(spool, a_folder_that_cannot_hold_the_file_is_told)
{
        struct tg_spool spool;
        struct tg_error error = {0};
        int result = 0;

        tg_spool_init(&spool, "/nonexistent");
        for (size_t i = 0; i < 12000 && result == 0; i++)
                result = tg_spool_put(&spool, 0, 0, datum_of(DATUM_SIZE - 1), &error);
        cr_expect_eq(result, -1);
        cr_expect_eq(error.exit_code, EX_CANTCREAT);
        cr_expect_not_null(strstr(error.message, "/nonexistent: cannot hold a temporary file"));
        tg_spool_deinit(&spool);
}
