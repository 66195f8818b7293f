/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { NUMBER_SIZE = 64 };

static const char *const type_names[] = {
        [TG_METRIC_COUNTER] = "counter",
        [TG_METRIC_GAUGE] = "gauge",
        [TG_METRIC_HISTOGRAM] = "histogram",
};

static void put(struct tg_buffer *page, const char *text)
{
        tg_buffer_append(page, text, strlen(text));
}

static void put_all(struct tg_buffer *page, ...)
{
        const char *text;
        va_list texts;

        va_start(texts, page);
        while ((text = va_arg(texts, const char *)))
                put(page, text);
        va_end(texts);
}

/* Whole numbers as such: a reader may look at them, too. */
static void put_number(struct tg_buffer *page, double value)
{
        char text[NUMBER_SIZE];

        if (value == floor(value) && fabs(value) < 1e15)
                snprintf(text, sizeof text, "%.0f", value);
        else
                snprintf(text, sizeof text, "%.9g", value);
        put(page, text);
}

static void put_escaped(struct tg_buffer *page, const char *text)
{
        for (const char *c = text; *c; c++) {
                if (*c == '\\' || *c == '"')
                        put_all(page, "\\", NULL);
                if (*c == '\n')
                        put(page, "\\n");
                else
                        tg_buffer_append(page, c, 1);
        }
}

void tg_metric_begin(struct tg_buffer *page, const struct tg_metric *metric)
{
        put_all(page, "# HELP ", metric->name, " ", metric->help, ".\n", NULL);
        put_all(page, "# TYPE ", metric->name, " ", type_names[metric->type], "\n", NULL);
}

void tg_metric_sample(struct tg_buffer *page, const struct tg_metric *metric,
                      const struct tg_label *labels, double value)
{
        put(page, metric->name);
        for (const struct tg_label *label = labels; label && label->name; label++) {
                put_all(page, label == labels ? "{" : ",", label->name, "=\"", NULL);
                put_escaped(page, label->value);
                put(page, "\"");
        }
        put(page, labels && labels->name ? "} " : " ");
        put_number(page, value);
        put(page, "\n");
}

void tg_metric_single(struct tg_buffer *page, const struct tg_metric *metric, double value)
{
        tg_metric_begin(page, metric);
        tg_metric_sample(page, metric, NULL, value);
}

static double seconds(int64_t us)
{
        return (double)us / 1e6;
}

void tg_metric_histogram(struct tg_buffer *page, const struct tg_metric *metric,
                         const struct tg_histogram *histogram, const struct tg_bounds *bounds)
{
        uint64_t count = 0;

        tg_metric_begin(page, metric);
        for (int i = 0; i <= TG_HISTOGRAM_BOUNDS; i++) {
                count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
                put_all(page, metric->name, "_bucket{le=\"", NULL);
                if (i < TG_HISTOGRAM_BOUNDS)
                        put_number(page, seconds(bounds->us[i]));
                else
                        put(page, "+Inf");
                put(page, "\"} ");
                put_number(page, (double)count);
                put(page, "\n");
        }
        put_all(page, metric->name, "_sum ", NULL);
        put_number(page, seconds((int64_t)atomic_load_explicit(&histogram->sum_us,
                                                               memory_order_relaxed)));
        put_all(page, "\n", metric->name, "_count ", NULL);
        put_number(page, (double)count);
        put(page, "\n");
}

static void describe(struct tg_buffer *page, const struct tg_metric *metric)
{
        put_all(page, "\n### ", metric->name, "\n\n", NULL);
        put_all(page, "**", metric->help, ".** ", NULL);
        put_all(page, "A ", type_names[metric->type], " of ", metric->unit, NULL);
        if (metric->labels)
                put_all(page, ", by ", metric->labels, NULL);
        put_all(page, ".\n\n", metric->about, "\n", NULL);
}

void tg_metrics_describe(struct tg_buffer *page, const struct tg_metrics *const *modules,
                         size_t count)
{
        for (size_t i = 0; i < count; i++) {
                put_all(page, i ? "\n" : "", "## ", modules[i]->title, "\n", NULL);
                for (size_t j = 0; j < modules[i]->count; j++)
                        describe(page, modules[i]->items[j]);
        }
}
