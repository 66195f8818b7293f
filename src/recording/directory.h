/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory for a new recording.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Makes DIRECTORY if it is not there. Returns 0, or -1 (EX_CANTCREAT): it can't be made, or files
 * of another recording are in it, which would be read along. REPLACES: touchpoints.avro and
 * requests.avro may be in it, since files of these names are what will be written.
 */
int tg_recording_directory(const char *directory, bool replaces, struct tg_error *error);
