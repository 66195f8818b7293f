/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

/* One addition, which waits for the one before. */
static inline uint64_t add_one(uint64_t sum)
{
        sum++;
        __asm__ volatile("" : "+r"(sum));
        return sum;
}

/* How fast the processor runs, in GHz: additions, one a cycle, for some 15 ms. */
static double clock_ghz(void)
{
        const uint64_t additions = 40000000;
        double start_ns = measure_cpu_ns();
        uint64_t sum = 0;

        while (sum < additions) {
#pragma GCC unroll 16 /* so that the loop itself is no matter */
                for (int i = 0; i < 16; i++)
                        sum = add_one(sum);
        }
        return (double)additions / (measure_cpu_ns() - start_ns);
}

void measure_print_machine(void)
{
        char line[256], model[256] = "unknown processor\n";
        FILE *info = fopen("/proc/cpuinfo", "r");
        struct utsname system;

        while (info && fgets(line, sizeof line, info)) {
                if (strncmp(line, "model name", 10) == 0 && strchr(line, ':'))
                        snprintf(model, sizeof model, "%s", strchr(line, ':') + 2);
        }
        if (info)
                fclose(info);
        uname(&system);
        printf("machine  %s", model);
        printf("clock    %.1f GHz\n", clock_ghz());
        printf("system   %s %s\n", system.sysname, system.release);
        printf("versions touchgate %s, compiler %s\n", TG_VERSION, __VERSION__);
}

double measure_cpu_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

uint64_t measure_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

void measure_warm_memory(size_t bytes)
{
        void *memory =
                mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                return; /* then it is charged for */
        madvise(memory, bytes, MADV_HUGEPAGE);
        memset(memory, 1, bytes);
        munmap(memory, bytes);
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double measure_median(double *values, size_t count)
{
        qsort(values, count, sizeof values[0], by_value);
        return values[count / 2];
}
