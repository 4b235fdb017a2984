/*
 * The last block of memory that a call gave back, kept for the next one: one of 1 to 32 MiB and one of up to
 * 1 GiB. Allocators hand blocks of that size back to the system (glibc those of less than 32 MiB once or twice,
 * until it has seen the size), and fresh pages are dear, above all on virtual machines, where the host must find
 * them, too: a fit of 10 ms took 5 ms more with 9 MiB of them, one of 0.29 s took 0.41 s with 86 MiB, one of 2 s
 * over 1 s more with 553 MiB. The system may take the pages of a large spare block whenever it is short of memory
 * (where it knows how to), and it is given up before a call allocates another large one.
 */
#ifndef CVI_BASE_SPARE_H
#define CVI_BASE_SPARE_H

#include <stddef.h>

/* The spare block if it has at least bytes, and from 32 MiB on at most a quarter more, *size is set to what it has;
 * else NULL, and a spare block of another size is freed. Calls for less than 1 MiB leave both alone, others the one
 * that is not of their kind. */
void *cvi_spare_take(size_t bytes, size_t *size);

/* Keep a block from malloc, or free it: small ones, which malloc keeps itself, and huge ones. */
void cvi_spare_give(void *block, size_t bytes);

#endif
