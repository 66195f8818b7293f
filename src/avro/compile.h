/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling a plan: the state of one compilation and its three parts. Private to this folder.
 *
 * emit.c appends operations and owns the tables; resolve.c matches the writer's types to the
 * reader's; presets.c turns a reader's defaults into the bytes that a struct holds before it is
 * decoded. Work is bounded whatever the writer's schema: by operations and by steps.
 *
 * Answers: 0; TG_MISMATCH, with the reason in the error, where another branch of a union may still
 * fit; -1 where nothing can help.
 */
#pragma once

#include "avro/program.h"
#include "avro/tree.h"

enum {
        TG_MISMATCH = 1,
        TG_COMPILE_STEPS_MAX = 1 << 20, /* types visited, those that need no operation included */
        TG_COMPILE_DEPTH_MAX = 256,     /* types inside one another, through names as well */
};

struct tg_compiler {
        struct tg_plan *plan;
        struct tg_error *error;
        const struct tg_node **called; /* owned: the recursive type behind each of plan->calls */
        const uint8_t *image;          /* defaults of the struct that is being filled */
        uint32_t label;                /* no operation before it may be merged with a later one */
        uint32_t steps;
        uint32_t depth;
};

/* A place to come back to when a branch turns out not to fit. */
struct tg_compile_mark {
        uint32_t ops, targets, symbols, items, images, label;
};

/* emit.c */

/* Appends an operation and returns its index; the compilation fails later if there are too many. */
uint32_t tg_emit(struct tg_compiler *compiler, struct tg_op op);
uint32_t tg_emit_here(struct tg_compiler *compiler); /* the index of the next; a label */
void tg_emit_skip_long(struct tg_compiler *compiler);
void tg_emit_skip_bytes(struct tg_compiler *compiler, uint32_t size);
uint32_t tg_emit_optional(struct tg_compiler *compiler, bool null_last);
/* Makes one of the OPTIONAL and the value behind it, if a null needs nothing else to be done. */
void tg_emit_fused(struct tg_compiler *compiler, uint32_t optional);
uint32_t tg_emit_targets(struct tg_compiler *compiler, size_t count);
uint32_t tg_emit_symbols(struct tg_compiler *compiler, size_t count);
uint32_t tg_emit_item(struct tg_compiler *compiler, const struct tg_node *writer);
uint32_t tg_emit_image(struct tg_compiler *compiler, const uint8_t *image);
uint32_t tg_emit_call(struct tg_compiler *compiler, const struct tg_node *node);
struct tg_compile_mark tg_compile_mark(const struct tg_compiler *compiler);
void tg_compile_rewind(struct tg_compiler *compiler, struct tg_compile_mark mark);

/* Counts one type visited, one level deeper; tg_compile_leave() undoes the level. */
int tg_compile_enter(struct tg_compiler *compiler);
void tg_compile_leave(struct tg_compiler *compiler);

/* Zeroed memory that lives as long as the plan. */
uint8_t *tg_plan_constant(struct tg_plan *plan, size_t size);

/* resolve.c */

/* Fills SLOT, at OFFSET of the struct, from what WRITER wrote, as READER sees it. */
int tg_resolve(struct tg_compiler *compiler, const struct tg_node *writer,
               const struct tg_node *reader, const struct tg_slot *slot, size_t offset);

/* skip.c */

int tg_skip(struct tg_compiler *compiler, const struct tg_node *writer);

/* The programs that calls go to; they may call further ones. */
int tg_skip_called(struct tg_compiler *compiler);

/* presets.c */

/* The slot that stands for a whole value: the record with all its slots, or the one without a name.
 */
struct tg_slot tg_slot_whole(const struct tg_layout *layout);

bool tg_slot_holds(const struct tg_slot *slot, enum tg_type type);

/*
 * Writes into IMAGE (of LAYOUT's size, zeroed) what each slot holds if the writer has no such
 * field: the reader's default, otherwise null.
 */
int tg_preset_fill(struct tg_compiler *compiler, const struct tg_node *reader,
                   const struct tg_layout *layout, uint8_t *image);

/* The same for a record; VALUES, an object or NULL, goes before its fields' own defaults. */
int tg_preset_record(struct tg_compiler *compiler, const struct tg_node *reader,
                     const json_t *values, const struct tg_layout *layout, uint8_t *image);

/* Whether a struct that begins as IMAGE says null at OFFSET, where SLOT is. */
bool tg_preset_is_null(const struct tg_slot *slot, const uint8_t *image, size_t offset);

/* The operation that stores null into a slot; for a record it clears the bool at `present`. */
struct tg_op tg_preset_null_op(const struct tg_slot *slot, size_t offset);

/* zeros.c */

/* Puts shortcuts into a finished program. */
void tg_zeros_insert(struct tg_plan *plan);
