/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process itself takes: time, memory, files. Named as Prometheus's own clients name them.
 *
 * A few system calls; any thread.
 */
#pragma once

#include "telemetry/metrics.h"

extern const struct tg_metrics tg_process_metrics;

void tg_process_write(struct tg_buffer *page);
