/* Memory between two pages that must not be touched: a kernel that reads or writes a byte outside dies. */
#ifndef TESTS_KERNELS_GUARDED_H
#define TESTS_KERNELS_GUARDED_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct guarded {
    void *at;  /* ends at a forbidden page; aligned to 64 if bytes is a multiple of 64 */
    char *map;
    size_t length;
} guarded;

static inline guarded guard_take(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
    guarded g = {.length = inner + 2 * page};
    g.map = mmap(NULL, g.length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED || (inner > 0 && mprotect(g.map + page, inner, PROT_READ | PROT_WRITE) != 0))
        abort();
    g.at = g.map + page + inner - bytes;
    return g;
}

/* The same, but starting right behind a forbidden page. */
static inline guarded guard_take_low(size_t bytes)
{
    guarded g = guard_take(bytes);
    g.at = g.map + (size_t)sysconf(_SC_PAGESIZE);
    return g;
}

static inline void guard_release(guarded *g)
{
    munmap(g->map, g->length);
}

#endif
