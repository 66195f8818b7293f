/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
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

static int add(struct tg_spool *spool, size_t i, struct tg_error *error)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer data = {0};

        tg_spooled_put(&data, (int64_t)i * 7, (uint32_t)(i % 5), datum_of(i));
        return tg_spool_add(spool, &data, error);
}

/* Adds the data from FIRST to END, one at a time. */
static void fill(struct tg_spool *spool, size_t first, size_t end)
{
        struct tg_error error;

        for (size_t i = first; i < end; i++)
                cr_assert_eq(add(spool, i, &error), 0);
}

static void next(struct tg_spool *spool)
{
        struct tg_error error;

        cr_assert_eq(tg_spool_next(spool, &error), 0);
}

/* Takes them out, and leaves no head. */
static void expect(struct tg_spool *spool, size_t first, size_t end)
{
        for (size_t i = first; i < end; i++) {
                next(spool);
                cr_assert(spool->has_head);
                cr_assert_eq(spool->head.time_ms, (int64_t)i * 7);
                cr_assert_eq(spool->head.output, i % 5);
                cr_assert_eq(spool->head.datum.size, i % DATUM_SIZE);
                cr_assert_arr_eq(spool->head.datum.data, datum_of(i).data, i % DATUM_SIZE);
        }
}

static void expect_no_more(struct tg_spool *spool)
{
        next(spool);
        cr_expect_not(spool->has_head);
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
        fill(&spool, 0, 1000);
        cr_expect_lt(spool.file, 0);
        expect(&spool, 0, 1000);
        expect_no_more(&spool);
        expect_no_more(&spool);
        tg_spool_deinit(&spool);
}

Test(spool, what_is_beyond_its_memory_goes_to_a_file_without_a_name_and_comes_back)
{
        enum { MANY = 12000 };
        FOLDER(folder);
        struct tg_spool spool;

        tg_spool_init(&spool, folder.path);
        fill(&spool, 0, MANY);
        cr_expect_geq(spool.file, 0);
        cr_expect_gt(spool.written, 4 * TG_SPOOL_MEMORY);
        cr_expect_leq(spool.back.size, TG_SPOOL_MEMORY);
        cr_expect_eq(count_files(&folder), 0);
        expect(&spool, 0, MANY);
        expect_no_more(&spool);
        tg_spool_deinit(&spool);
        cr_expect_eq(count_files(&folder), 0);
}

Test(spool, who_takes_out_as_fast_as_another_puts_in_has_no_file)
{
        FOLDER(folder);
        struct tg_spool spool;

        tg_spool_init(&spool, folder.path);
        for (size_t i = 0; i < 12000; i += 600) {
                fill(&spool, i, i + 600);
                expect(&spool, i, i + 600);
                expect_no_more(&spool);
        }
        cr_expect_lt(spool.file, 0);
        cr_expect_leq(spool.front.capacity, TG_SPOOL_MEMORY);
        tg_spool_deinit(&spool);
}

Test(spool, taking_and_adding_take_turns_at_any_step)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        FOLDER(folder);
        struct tg_spool spool;
        size_t added = 0, taken = 0;

        tg_spool_init(&spool, folder.path);
        while (added < 40000) {
                size_t more = (size_t)rand_r(&seed) % 6000;
                size_t less = (size_t)rand_r(&seed) % (added + more - taken + 1);

                fill(&spool, added, added + more);
                added += more;
                expect(&spool, taken, taken + less);
                taken += less;
        }
        expect(&spool, taken, added);
        expect_no_more(&spool);
        cr_expect_geq(spool.file, 0, "seed %u", first);
        tg_spool_deinit(&spool);
}

Test(spool, a_datum_larger_than_its_memory_comes_back)
{
        FOLDER(folder);
        struct tg_buffer large = {0}, data = {0};
        struct tg_spool spool;
        struct tg_error error;

        memset(tg_buffer_reserve(&large, 3 * TG_SPOOL_MEMORY), 'x', 3 * TG_SPOOL_MEMORY);
        large.size = 3 * TG_SPOOL_MEMORY;
        tg_spool_init(&spool, folder.path);
        for (uint32_t i = 0; i < 2; i++) {
                tg_spooled_put(&data, 5, i, tg_buffer_span(&large));
                cr_assert_eq(tg_spool_add(&spool, &data, &error), 0);
                cr_expect_eq(data.size, 0);
        }
        tg_spooled_put(&data, 6, 2, tg_span_text(""));
        cr_assert_eq(tg_spool_add(&spool, &data, &error), 0);
        for (uint32_t i = 0; i < 2; i++) {
                next(&spool);
                cr_assert(spool.has_head);
                cr_expect_eq(spool.head.output, i);
                cr_expect(tg_span_equal(spool.head.datum, tg_buffer_span(&large)));
        }
        next(&spool);
        cr_expect(spool.has_head);
        cr_expect_eq(spool.head.output, 2);
        cr_expect_eq(spool.head.datum.size, 0);
        tg_spool_deinit(&spool);
        tg_buffer_deinit(&large);
        tg_buffer_deinit(&data);
}

Test(spool, one_that_nothing_was_put_into_has_nothing)
{
        struct tg_spool spool;

        tg_spool_init(&spool, "/nonexistent");
        expect_no_more(&spool);
        tg_spool_deinit(&spool);
}

Test(spool, a_folder_that_cannot_hold_the_file_is_told)
{
        struct tg_spool spool;
        struct tg_error error = {0};
        int result = 0;

        tg_spool_init(&spool, "/nonexistent");
        for (size_t i = 0; i < 12000 && result == 0; i++)
                result = add(&spool, i, &error);
        cr_expect_eq(result, -1);
        cr_expect_eq(error.exit_code, EX_CANTCREAT);
        cr_expect_not_null(strstr(error.message, "/nonexistent: cannot hold a temporary file"));
        tg_spool_deinit(&spool);
}
