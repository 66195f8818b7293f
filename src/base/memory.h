/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that cannot fail quietly: out of memory says so and ends the process.
 *
 * Used at start and where something grows to a configured bound, never per event. The size of what
 * is held is bounded by configuration, so running out means that the configuration promises more
 * memory than the machine has; state is rebuilt from the log after a restart.
 */
#pragma once

#include <stddef.h>

void *tg_allocate(size_t size);                      /* uninitialised */
void *tg_allocate_zeroed(size_t count, size_t size); /* zeroed; overflow is out of memory */
void *tg_reallocate(void *memory, size_t size);      /* as realloc */
char *tg_duplicate(const char *text, size_t size);   /* a NUL-terminated copy of SIZE bytes */

/* Frees *pointer at the end of its scope: `tg_cleanup(tg_free_pointer) char *text = NULL;` */
void tg_free_pointer(void *pointer_address);
#define tg_cleanup(function) __attribute__((cleanup(function)))
