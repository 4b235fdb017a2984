#define _DEFAULT_SOURCE /* madvise, sysconf */

#include "base/spare.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Sanitizers look for use of freed memory: nothing is kept from them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEPS 0
#endif
#endif
#if !defined(KEEPS)
#define KEEPS 1
#endif

/*
 * Blocks below LARGE are kept as glibc keeps them once one of their size was freed twice: as they are, and for any call that they
 * are large enough for. Others are lent to the system and serve calls of about their size.
 */
static const size_t LEAST = (size_t)1 << 20, LARGE = (size_t)32 << 20, MOST = (size_t)1 << 30;

/* A block below LARGE and a large one. */
static struct {
    atomic_flag busy; /* whoever finds it set does without */
    void *block[2];   /* NULL: none */
    size_t bytes[2];
} spare = {.busy = ATOMIC_FLAG_INIT};

/* A sixteenth of the machine's memory, at most MOST. */
static size_t most_kept(void)
{
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    if (pages > 0 && bytes > 0 && (size_t)pages / 16 < MOST / (size_t)bytes)
        return (size_t)pages / 16 * (size_t)bytes;
#endif
    return MOST;
}

/* Pages that the system may take back while nobody uses them. */
static void lend_pages(void *block, size_t bytes)
{
#if defined(__linux__) && defined(MADV_FREE)
    const uintptr_t page = (uintptr_t)1 << 16; /* no page of a processor that Linux runs on is larger */
    const uintptr_t first = ((uintptr_t)block + page - 1) & ~(page - 1), end = ((uintptr_t)block + bytes) & ~(page - 1);
    (void)madvise((void *)first, end - first, MADV_FREE); /* a favor: refusal changes nothing */
#else
    (void)block;
    (void)bytes;
#endif
}

void *cvi_spare_take(size_t bytes, size_t *size)
{
    const int large = bytes >= LARGE;
    if (bytes < LEAST || atomic_flag_test_and_set(&spare.busy))
        return NULL;
    void *block = spare.block[large];
    *size = spare.bytes[large];
    spare.block[large] = NULL;
    atomic_flag_clear(&spare.busy);
    if (block != NULL && (*size < bytes || (large && *size - bytes > bytes / 4))) {
        free(block);
        block = NULL;
    }
    return block;
}

void cvi_spare_give(void *block, size_t bytes)
{
    const int large = bytes >= LARGE;
    if (KEEPS && bytes >= LEAST && bytes <= most_kept() && !atomic_flag_test_and_set(&spare.busy)) {
        void *older = spare.block[large];
        if (large)
            lend_pages(block, bytes);
        spare.block[large] = block;
        spare.bytes[large] = bytes;
        atomic_flag_clear(&spare.busy);
        block = older;
    }
    free(block);
}
