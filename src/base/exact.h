/*
 * Additions whose order cannot matter, and the two orders that NumPy's users know.
 */
#ifndef CVI_BASE_EXACT_H
#define CVI_BASE_EXACT_H

#include <stdint.h>

/* A superaccumulator: the exact sum of any float64 values, rounded once when read (R. M. Neal, "Fast exact
 * summation using small and large superaccumulators", 2015). */
typedef struct cvi_super {
    int64_t chunk[70];
    int64_t pending; /* additions since carries were last propagated */
} cvi_super;
void cvi_super_clear(cvi_super *sum);
void cvi_super_add(cvi_super *sum, double value);
void cvi_super_add_many(cvi_super *sum, const double *values, int64_t n);
void cvi_super_merge(cvi_super *into, const cvi_super *from);
/* Round to nearest, ties to even. */
double cvi_super_value(const cvi_super *sum);

/* numpy.sum of a contiguous float64 array, bit for bit: blocks of 128, 8 running sums, recursion. stride in
 * elements. */
double cvi_pairwise_sum(const double *x, int64_t n, int64_t stride);

/* Grid sums (engine rule B). magic [levels] for |v| < 2^exponent and n addends in all. */
void cvi_grid_magic(int exponent, int64_t n, int levels, double *magic);
/* The sum of count addends held in q[0], q[stride], ... (one word a level) with magic[0],
 * magic[magic_stride], ..., joined exactly and rounded to float64 once. */
double cvi_grid_value(const uint64_t *q, int64_t stride, const double *magic, int64_t magic_stride,
                      int levels, int64_t count);

#endif
