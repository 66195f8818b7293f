/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: each declared once, beside what it counts, and written from there for Prometheus (text
 * format 0.0.4) and for people (docs/metrics.md).
 *
 * A module that has metrics declares them in constants, lists those in a `struct tg_metrics`, and
 * writes their samples with the functions below when it is asked to. Who composes a program puts
 * the lists together. Writing appends to a buffer: no lock, no global; any thread.
 */
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "telemetry/histogram.h"

enum tg_metric_type { TG_METRIC_COUNTER, TG_METRIC_GAUGE, TG_METRIC_HISTOGRAM };

struct tg_metric {
        const char *name; /* ends in its unit if that is one of Prometheus's, then _total */
        enum tg_metric_type type;
        const char *unit;   /* "seconds", "bytes", or what is counted: "requests" */
        const char *labels; /* their names, "stream, partition"; NULL: none */
        const char *help;   /* one line, without a full stop */
        const char *about;  /* a paragraph: what it tells, and what to do about it */
};

/* Those of one module. */
struct tg_metrics {
        const char *title; /* a heading, for people */
        const struct tg_metric *const *items;
        size_t count;
};

/* A name and its value, which is escaped; a list of them ends with a name that is NULL. */
struct tg_label {
        const char *name;
        const char *value;
};

/* Begins METRIC: its HELP and TYPE. Its samples follow. */
void tg_metric_begin(struct tg_buffer *page, const struct tg_metric *metric);

/* One sample; LABELS may be NULL. */
void tg_metric_sample(struct tg_buffer *page, const struct tg_metric *metric,
                      const struct tg_label *labels, double value);

/* A metric of one sample, from its beginning. */
void tg_metric_single(struct tg_buffer *page, const struct tg_metric *metric, double value);

/* A histogram without labels, from its beginning; in seconds. */
void tg_metric_histogram(struct tg_buffer *page, const struct tg_metric *metric,
                         const struct tg_histogram *histogram, const struct tg_bounds *bounds);

/* The page for people: a chapter for each of COUNT modules. */
void tg_metrics_describe(struct tg_buffer *page, const struct tg_metrics *const *modules,
                         size_t count);
