/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What benchmarks have in common: the machine, time, chance, and the middle of several rounds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Prints the processor and its clock, the system and the versions, a line each. */
void measure_print_machine(void);

/* CPU time of this thread. */
double measure_cpu_ns(void);

/* The next of a sequence that is the same everywhere (splitmix64). */
uint64_t measure_random(uint64_t *state);

/*
 * Touches so many bytes and gives them back, so that what takes memory next is not charged for what
 * lies below the system: the host of a virtual machine may have taken back what was free, and then
 * the first touch costs ten times as much. (The system's own clearing of pages remains.)
 */
void measure_warm_memory(size_t bytes);

/* Sorts VALUES, at least one. */
double measure_median(double *values, size_t count);
