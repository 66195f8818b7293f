/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/manifest.h"

#include <jansson.h>
#include <unistd.h>

#include "recording/directory.h"
#include "support/folder.h"

Test(manifest, the_number_of_partitions_is_read_back)
{
        FOLDER(folder);
        json_t *manifest = json_pack("{s:i, s:i}", "format", 1, "partitions", 12);
        struct tg_error error;
        uint32_t partitions = 0;

        cr_assert_eq(tg_manifest_write(folder.path, manifest, &error), 0);
        json_decref(manifest);
        cr_assert_eq(tg_manifest_partitions(folder.path, &partitions, &error), 0);
        cr_expect_eq(partitions, 12);
        cr_expect_neq(access(folder_file(&folder, "recording.json.partial"), F_OK), 0);
}

Test(manifest, a_recording_without_one_says_nothing_of_partitions)
{
        FOLDER(folder);
        struct tg_error error;
        uint32_t partitions = 7;

        cr_assert_eq(tg_manifest_partitions(folder.path, &partitions, &error), 0);
        cr_expect_eq(partitions, 0);
}

Test(manifest, a_damaged_one_is_told_with_its_line)
{
        static const char *const damaged[] = {"{\n\"partitions\": 4,", "{\"partitions\": 0}",
                                              "{\"partitions\": \"4\"}", "[]"};

        for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
                FOLDER(folder);
                struct tg_error error;
                uint32_t partitions;

                folder_put(&folder, "recording.json", damaged[i]);
                cr_expect_eq(tg_manifest_partitions(folder.path, &partitions, &error), -1, "%s",
                             damaged[i]);
                cr_expect_eq(error.exit_code, EX_DATAERR);
        }
}

Test(manifest, a_directory_with_a_recording_takes_no_other)
{
        FOLDER(folder);
        struct tg_error error;

        cr_expect_eq(tg_recording_directory(folder.path, false, &error), 0);
        cr_expect_eq(tg_recording_directory(folder_file(&folder, "new[1]"), false, &error), 0);
        cr_expect_eq(tg_recording_directory(folder_file(&folder, "no/where"), false, &error), -1);
        folder_put(&folder, "requests-00009.avro", "");
        cr_expect_eq(tg_recording_directory(folder.path, false, &error), -1);
        cr_expect_eq(error.exit_code, EX_CANTCREAT);
        folder_put(&folder, "new[1]/touchpoints.avro", "");
        cr_expect_eq(tg_recording_directory(folder_file(&folder, "new[1]"), false, &error), -1);
        cr_expect_eq(tg_recording_directory(folder_file(&folder, "new[1]"), true, &error), 0);
}
