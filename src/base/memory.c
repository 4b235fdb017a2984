#define _DEFAULT_SOURCE /* madvise */

#include "base/memory.h"

#include "base/spare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64 };

bool cvi_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a * b;
    return true;
}

bool cvi_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a + b;
    return true;
}

/* The end of a block of count elements that starts at used, rounded up so that the next one is aligned. */
static size_t end_of_block(size_t used, int64_t count, size_t size)
{
    size_t bytes, end;
    if (count < 0 || (uint64_t)count > SIZE_MAX || !cvi_mul_size((size_t)count, size, &bytes))
        return SIZE_MAX;
    if (!cvi_add_size(used, bytes, &end) || !cvi_add_size(end, ALIGNMENT - 1, &end))
        return SIZE_MAX;
    return end & ~(size_t)(ALIGNMENT - 1);
}

void *cvi_arena_take(cvi_arena *arena, int64_t count, size_t size)
{
    const size_t start = arena->used;
    arena->used = end_of_block(start, count, size);
    if (arena->base == NULL || arena->used > arena->capacity)
        return NULL;
    return arena->base + start;
}

/* Fresh pages cost more than the arithmetic on them (up to 0.17 s for 47 MB), so large blocks ask for huge
 * ones. */
static void advise_huge_pages(void *block, size_t bytes)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const size_t huge = (size_t)2 << 20;
    const uintptr_t first = ((uintptr_t)block + huge - 1) & ~(uintptr_t)(huge - 1);
    const uintptr_t end = ((uintptr_t)block + bytes) & ~(uintptr_t)(huge - 1);
    if (bytes >= 2 * huge && first < end)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE); /* a wish: refusal changes nothing */
#else
    (void)block;
    (void)bytes;
#endif
}

covey_status cvi_arena_allocate(cvi_arena *arena, const covey_allocator *allocator, size_t limit,
                                covey_error *err)
{
    size_t bytes;
    if (!cvi_add_size(arena->used, ALIGNMENT, &bytes))
        return cvi_fail(err, COVEY_ERR_MEMORY, "the memory needed is more than a size can count");
    if (limit != 0 && bytes > limit)
        return cvi_fail(err, COVEY_ERR_LIMIT, "%zu bytes are needed but memory_limit is %zu", bytes, limit);
    void *block = allocator == NULL ? cvi_spare_take(bytes, &arena->block_bytes) : NULL;
    if (block == NULL) {
        block = cvi_allocate(allocator, bytes);
        if (block == NULL)
            return cvi_fail(err, COVEY_ERR_MEMORY, "%zu bytes could not be allocated", bytes);
        if (allocator == NULL)
            advise_huge_pages(block, bytes);
        arena->block_bytes = bytes;
    }
    arena->block = block;
    arena->allocator = allocator;
    arena->base = (char *)(((uintptr_t)block + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    arena->capacity = arena->used;
    arena->used = 0;
    return COVEY_OK;
}

covey_status cvi_arena_allocate_rest(cvi_arena *arena, const covey_allocator *allocator, size_t limit, size_t taken,
                                     covey_error *err)
{
    size_t all;
    if (limit > 0 && (!cvi_add_size(arena->used, taken, &all) || all > limit))
        return cvi_fail(err, COVEY_ERR_LIMIT, "%zu bytes are needed but memory_limit is %zu", all, limit);
    return cvi_arena_allocate(arena, allocator, 0, err);
}

void cvi_arena_release(cvi_arena *arena)
{
    if (arena->allocator == NULL)
        cvi_spare_give(arena->block, arena->block_bytes);
    else
        cvi_release(arena->allocator, arena->block);
    memset(arena, 0, sizeof *arena);
}

void *cvi_allocate(const covey_allocator *allocator, size_t bytes)
{
    if (bytes == 0)
        bytes = 1; /* so that NULL always means failure */
    return allocator != NULL ? allocator->allocate(allocator->user, bytes) : malloc(bytes);
}

void cvi_release(const covey_allocator *allocator, void *block)
{
    if (block == NULL)
        return;
    if (allocator != NULL)
        allocator->release(allocator->user, block);
    else
        free(block);
}

covey_status cvi_fail(covey_error *err, covey_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->row = err->column = err->count = -1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}
