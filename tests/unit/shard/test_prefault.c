/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "shard/prefault.h"

enum { TABLE_SIZE = 64 << 20, TABLES = 3, CELLS = 20000, PATIENCE = 1000 };

static struct tg_table *new_table(void)
{
        const struct tg_hash_key key = {{1, 2, 3}};
        struct tg_table *table = NULL;
        struct tg_error error;

        cr_assert_eq(tg_table_new(TABLE_SIZE, &key, &table, &error), 0, "%s", error.message);
        return table;
}

static long resident_pages(void)
{
        long size = 0, resident = 0;
        FILE *file = fopen("/proc/self/statm", "re");

        cr_assert_not_null(file);
        cr_assert_eq(fscanf(file, "%ld %ld", &size, &resident), 2);
        fclose(file);
        return resident;
}

static void fill(struct tg_table *table)
{
        for (uint64_t i = 1; i <= CELLS; i++) {
                struct tg_identity who = {i * UINT64_C(0x9e3779b97f4a7c15), (uint32_t)i};

                cr_assert(tg_table_obtain(table, who, 0));
                tg_table_maintain(table, (int64_t)i);
        }
}

/* Nobody else touches the memory meanwhile: what becomes resident was faulted in ahead. */
Test(prefault, memory_is_there_before_the_table_grows_into_it)
{
        struct tg_prefault *prefault = tg_prefault_new(1);
        struct tg_table *table = new_table();
        long before, wanted;

        fill(table);
        before = resident_pages();
        wanted = before + (long)tg_table_memory_bytes(table) / 8 / sysconf(_SC_PAGESIZE);
        tg_prefault_add(prefault, table);
        for (int i = 0; i < PATIENCE && resident_pages() < wanted; i++)
                usleep(10000);
        cr_expect_geq(resident_pages(), wanted);
        tg_prefault_remove(prefault, table);
        tg_prefault_free(prefault);
        tg_table_free(table);
}

Test(prefault, tables_come_and_go_while_they_are_filled)
{
        struct tg_prefault *prefault = tg_prefault_new(TABLES);

        for (int round = 0; round < 3; round++) {
                struct tg_table *tables[TABLES];

                for (int i = 0; i < TABLES; i++) {
                        tables[i] = new_table();
                        tg_prefault_add(prefault, tables[i]);
                }
                for (int i = 0; i < TABLES; i++) {
                        fill(tables[i]);
                        tg_prefault_remove(prefault, tables[i]);
                        tg_table_free(tables[i]);
                }
        }
        tg_prefault_free(prefault);
}

Test(prefault, without_it_nothing_is_served_and_nothing_breaks)
{
        struct tg_table *table = new_table();

        tg_prefault_add(NULL, table);
        tg_prefault_remove(NULL, table);
        tg_prefault_free(NULL);
        tg_table_free(table);
}
