/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other folders tell, and mistakes in files that people write, as lines of a log.
 */
#pragma once

#include "config/diagnostics.h"
#include "kafka/notice.h"
#include "telemetry/log.h"

/* Notices that go to LOG, which outlives them. */
struct tg_notices tg_log_notices(struct tg_log *log);

/* With excerpts for people, a line each in a JSON log. */
void tg_log_mistakes(struct tg_log *log, const struct tg_diagnostics *diagnostics);
