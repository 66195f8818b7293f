/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code under test tells people, for tests that are not about it: errors are printed, the
 * rest is dropped.
 */
#pragma once

#include "kafka/notice.h"

extern const struct tg_notices notices;
