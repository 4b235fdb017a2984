/*
 * Additions whose order cannot matter, and the two orders that NumPy's users know.
 */
#ifndef CVI_BASE_EXACT_H
#define CVI_BASE_EXACT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

/* What a level holds, in its units, and the unit: the distance from magic to the next float64. */
static inline int64_t cvi_level_units(uint64_t q, double magic, int64_t count, double *unit)
{
    uint64_t bits;
    double next;
    memcpy(&bits, &magic, sizeof bits);
    const uint64_t above = bits + 1;
    memcpy(&next, &above, sizeof next);
    *unit = next - magic;
    return (int64_t)(q - (uint64_t)count * bits);
}

/*
 * (a 2^gap + b) low, rounded once, for 2^53 <= |a| < 2^61 and |b| < 2^61.  The leading 52 bits of a are a float64; what is
 * left of both is rounded to odd, far below the last bit of the result, so that the one rounding of the sum is the right
 * one (Boldo & Melquiond, "Emulation of FMA and correctly rounded sums", IEEE TC 2008).
 */
static inline double cvi_join_odd(int64_t a, int64_t b, int gap, double high, double low)
{
    enum { SPARE = 9 };
    const int64_t mask = ((int64_t)1 << SPARE) - 1, last = a & mask;
    const int64_t rest = last * ((int64_t)1 << gap) + b; /* gap <= 52 */
    const int64_t odd = (rest & ~mask) | ((rest & mask) != 0 ? mask + 1 : 0);
    return (double)(a - last) * high + (double)odd * low;
}

static inline int cvi_exponent_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (int)(bits >> 52); /* v > 0 */
}

/* Is |v| < 2^bits? */
static inline bool cvi_within(int64_t v, int bits)
{
    const uint64_t half = (uint64_t)1 << bits;
    return (uint64_t)v + half < 2 * half;
}

/* cvi_grid_value of two levels, both strides alike, without a call: where both hold at most 53 bits, each is a float64 and
 * the one rounding is that of their sum. */
static inline double cvi_grid_value_two(const uint64_t *q, const double *magic, int64_t stride, int64_t count)
{
    double high, low, value;
    const int64_t a = cvi_level_units(q[0], magic[0], count, &high), b = cvi_level_units(q[stride], magic[stride], count, &low);
    const int gap = cvi_exponent_bits(magic[0]) - cvi_exponent_bits(magic[stride]);
    if (cvi_within(a, 53) && cvi_within(b, 53))
        value = (double)a * high + (double)b * low;
    else if (!cvi_within(a, 53) && cvi_within(a, 61) && cvi_within(b, 61) && gap >= 12 && gap <= 52)
        value = cvi_join_odd(a, b, gap, high, low);
    else
        return cvi_grid_value(q, stride, magic, stride, 2, count);
    assert(value == cvi_grid_value(q, stride, magic, stride, 2, count));
    return value;
}

#endif
