/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct tg_metric cpu = {
        .name = "process_cpu_seconds_total",
        .type = TG_METRIC_COUNTER,
        .unit = "seconds",
        .help = "CPU time used, of user and system",
        .about = "Its rate is the number of processors in use. A shard uses at most one; where the "
                 "rate comes near the number of shards and the lag grows, add shards or processes.",
};

static const struct tg_metric resident = {
        .name = "process_resident_memory_bytes",
        .type = TG_METRIC_GAUGE,
        .unit = "bytes",
        .help = "Memory that is resident",
        .about = "Customer tables are reserved as addresses at once and become resident as they "
                 "fill, so this grows for as long as new customers come, up to what the "
                 "configuration allows.",
};

static const struct tg_metric files = {
        .name = "process_open_fds",
        .type = TG_METRIC_GAUGE,
        .unit = "file descriptors",
        .help = "Files and sockets that are open",
        .about = "A few for each broker and shard, and one for each HTTP connection.",
};

static const struct tg_metric uptime = {
        .name = "touchgate_uptime_seconds",
        .type = TG_METRIC_GAUGE,
        .unit = "seconds",
        .help = "How long the process has run",
        .about = "A fall to zero is a restart: the state was rebuilt from the topics then.",
};

static const struct tg_metric *const items[] = {&cpu, &resident, &files, &uptime};

const struct tg_metrics tg_process_metrics = {"The process", items, sizeof items / sizeof items[0]};

static double cpu_seconds(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double resident_bytes(void)
{
        FILE *file = fopen("/proc/self/statm", "re");
        long total, pages = 0;

        if (!file)
                return 0;
        if (fscanf(file, "%ld %ld", &total, &pages) != 2)
                pages = 0;
        fclose(file);
        return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double open_files(void)
{
        DIR *folder = opendir("/proc/self/fd");
        int count = -3; /* two names of folders, and the one that reads them */

        if (!folder)
                return 0;
        while (readdir(folder))
                count++;
        closedir(folder);
        return count;
}

/* When the process started, of the clock since boot, in field 22 of its stat. */
static double uptime_seconds(void)
{
        FILE *file = fopen("/proc/self/stat", "re");
        struct timespec now;
        unsigned long long ticks;
        double started = 0;

        if (!file)
                return 0;
        if (fscanf(file,
                   "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                   "%*d %*d %*d %*d %llu",
                   &ticks) == 1)
                started = (double)ticks / (double)sysconf(_SC_CLK_TCK);
        fclose(file);
        clock_gettime(CLOCK_BOOTTIME, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - started;
}

void tg_process_write(struct tg_buffer *page)
{
        tg_metric_single(page, &cpu, cpu_seconds());
        tg_metric_single(page, &resident, resident_bytes());
        tg_metric_single(page, &files, open_files());
        tg_metric_single(page, &uptime, uptime_seconds());
}
