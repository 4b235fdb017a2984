/*
 * Memory: checked sizes and one workspace per call.
 *
 * A call plans its arrays (cvi_plan_take adds sizes with overflow checks), allocates the sum once, and then takes the
 * arrays in the same order; the steps below cannot fail.
 */
#ifndef CVI_BASE_MEMORY_H
#define CVI_BASE_MEMORY_H

#include "covey/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = a * b (or a + b); false on overflow, *out is then SIZE_MAX. */
bool cvi_mul_size(size_t a, size_t b, size_t *out);
bool cvi_add_size(size_t a, size_t b, size_t *out);

/* An arena: first a measuring round (base == NULL), then the real one. Blocks are aligned to 64 bytes. */
typedef struct cvi_arena {
    char *base;      /* NULL while measuring */
    size_t used;     /* bytes asked for so far; SIZE_MAX after an overflow */
    size_t capacity; /* bytes behind base */
    void *block;     /* what to hand back to the allocator */
    size_t block_bytes; /* that block has: a spare one may have more than was asked for */
    const covey_allocator *allocator;
} cvi_arena;

/* count elements of size bytes; NULL while measuring. */
void *cvi_arena_take(cvi_arena *arena, int64_t count, size_t size);
/* Allocate what the measuring round asked for and start the real one (used = 0). Large blocks ask for huge pages.
 * _LIMIT if the sum passes limit (0: none), _MEMORY if the allocator has none. */
covey_status cvi_arena_allocate(cvi_arena *arena, const covey_allocator *allocator, size_t limit, covey_error *err);
/* The same for a call that already holds `taken` bytes of its limit. */
covey_status cvi_arena_allocate_rest(cvi_arena *arena, const covey_allocator *allocator, size_t limit, size_t taken,
                                     covey_error *err);
void cvi_arena_release(cvi_arena *arena);

/* malloc and free by a covey_allocator that may be NULL. */
void *cvi_allocate(const covey_allocator *allocator, size_t bytes);
void cvi_release(const covey_allocator *allocator, void *block);

/* Fill err and return status, printf-like. Row and column are set to -1. */
covey_status cvi_fail(covey_error *err, covey_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#endif
