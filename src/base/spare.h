/*
 * The last large block of memory that a call gave back, kept for the next one. Allocators hand blocks of tens
 * of MiB back to the system at once, and fresh pages are dear, above all on virtual machines, where the host
 * must find them, too: a fit of 0.29 s took 0.41 s with 86 MiB of them, one of 2 s over 1 s more with 553 MiB.
 * The system may take the pages of a spare block whenever it is short of memory (where it knows how to), and
 * it is given up before a call allocates another large one.
 */
#ifndef CVI_BASE_SPARE_H
#define CVI_BASE_SPARE_H

#include <stddef.h>

/* The spare block if it has at least bytes and at most a quarter more, *size is set to what it has; else NULL,
 * and a spare block of another size is freed. Calls for less than 32 MiB leave it alone. */
void *cvi_spare_take(size_t bytes, size_t *size);

/* Keep a block from malloc, or free it: small ones, which malloc keeps itself, and huge ones. */
void cvi_spare_give(void *block, size_t bytes);

#endif
