/*
 * One step of greedy k-means++ on a tile of 64 rows, float64: rows in lanes, up to four candidates at once.
 *
 *                 x[f][0 .. 63]     features one after the other
 *     candidate 0   acc   acc       two vectors of rows a candidate: eight chains hide the additions' time
 *     candidate 1   acc   acc
 *     ...
 *
 * Distances, minima and the grid are exact operations, so every instruction set gives the same bits.
 */
#include "kernels/body/body.h"

/* PARTS vectors hold the eight sums of a level; where that is one, it stays in a register. */
enum { AT_ONCE = 4, WIDE = 2, PARTS = CVI_GROUP64 / VECD_LANES };

/* near = min(near, fold) where there is one; the largest near[i] * weights[i]. */
VEC_INLINE double fold_tile(const double *weights, const double *fold, double *near)
{
    vecd most = vecd_set1(0);
    for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
        vecd v = vecd_loadu(near + i);
        if (fold != NULL) {
            v = vecd_min(vecd_loadu(fold + i), v);
            vecd_storeu(near + i, v);
        }
        most = vecd_max(most, weights != NULL ? vecd_mul(v, vecd_loadu(weights + i)) : v);
    }
    return -vecd_lowest(vecd_sub(vecd_set1(0), most));
}

/* Rows i .. i + WIDE * VECD_LANES - 1 and `count` candidates [count][d]. */
VEC_INLINE void distances(const double *x, int64_t d, const double *candidates, const int count, vecd acc[AT_ONCE][WIDE])
{
    VEC_UNROLL
    for (int c = 0; c < count; c++)
        VEC_UNROLL
    for (int v = 0; v < WIDE; v++)
        acc[c][v] = vecd_set1(0);
    VEC_NO_UNROLL
    for (int64_t f = 0; f < d; f++) {
        vecd at[WIDE];
        VEC_UNROLL
        for (int v = 0; v < WIDE; v++)
            at[v] = vecd_loadu(x + f * CVI_TILE + v * VECD_LANES);
        VEC_UNROLL
        for (int c = 0; c < count; c++) {
            const vecd one = vecd_set1(candidates[c * d + f]);
            VEC_UNROLL
            for (int v = 0; v < WIDE; v++) {
                const vecd t = vecd_sub(at[v], one);
                acc[c][v] = vecd_fma(t, t, acc[c][v]);
            }
        }
    }
}

/* Add the bits of v on the grid. */
VEC_INLINE void add_bits(vecd v, vecd m0, vecd m1, veci *high, veci *low)
{
    const vecd h = vecd_add(v, m0), l = vecd_add(vecd_sub(v, vecd_sub(h, m0)), m1);
    *high = veci_add(*high, veci_of(h));
    *low = veci_add(*low, veci_of(l));
}

/* The same with sums in memory, the lower level's CVI_GROUP64 words behind the upper's. */
VEC_INLINE void add_bits_to(vecd v, vecd m0, vecd m1, uint64_t *q)
{
    veci high = veci_loadu(q), low = veci_loadu(q + CVI_GROUP64);
    add_bits(v, m0, m1, &high, &low);
    veci_storeu(q, high);
    veci_storeu(q + CVI_GROUP64, low);
}

VEC_INLINE void measure(const cvi_seed_block *s, const double *x, int64_t first, const int count, const double *weights,
                        const double *near, double *sqdist, uint64_t *q)
{
    const vecd m0 = vecd_set1(s->magic[0]), m1 = vecd_set1(s->magic[1]);
    const double *candidates = s->candidates + first * s->d;
    veci high[AT_ONCE], low[AT_ONCE];
    sqdist += first * CVI_TILE;
    q += first * 2 * CVI_GROUP64;
    VEC_UNROLL
    for (int c = 0; c < count; c++)
        high[c] = low[c] = veci_zero();
    VEC_NO_UNROLL
    for (int64_t i = 0; i < CVI_TILE; i += WIDE * VECD_LANES) {
        vecd acc[AT_ONCE][WIDE];
        distances(x + i, s->d, candidates, count, acc);
        VEC_UNROLL
        for (int c = 0; c < count; c++)
            VEC_UNROLL
        for (int v = 0; v < WIDE; v++) {
            const int64_t at = i + v * VECD_LANES;
            vecd_storeu(sqdist + c * CVI_TILE + at, acc[c][v]);
            vecd value = vecd_min(acc[c][v], vecd_loadu(near + at));
            if (weights != NULL)
                value = vecd_mul(value, vecd_loadu(weights + at));
            if (PARTS == 1)
                add_bits(value, m0, m1, &high[c], &low[c]);
            else
                add_bits_to(value, m0, m1, q + c * 2 * CVI_GROUP64 + at % CVI_GROUP64);
        }
    }
    VEC_UNROLL
    for (int c = 0; PARTS == 1 && c < count; c++) {
        veci_storeu(q + c * 2 * CVI_GROUP64, high[c]);
        veci_storeu(q + c * 2 * CVI_GROUP64 + CVI_GROUP64, low[c]);
    }
}

#define MEASURE_OF(COUNT)                                                                                                 \
    VEC_NOINLINE void measure_##COUNT(const cvi_seed_block *s, const double *x, int64_t first, const double *weights,     \
                                      const double *near, double *sqdist, uint64_t *q)                                    \
    {                                                                                                                     \
        measure(s, x, first, COUNT, weights, near, sqdist, q);                                                            \
    }
MEASURE_OF(1)
MEASURE_OF(2)
MEASURE_OF(3)
MEASURE_OF(4)

double CVI_K(seed_block)(const cvi_seed_block *s, const double *x, const double *weights, const double *fold, double *near,
                         double *sqdist, uint64_t *q)
{
    const double largest = fold_tile(weights, fold, near);
    if (PARTS > 1 && s->count > 0)
        memset(q, 0, (size_t)s->count * 2 * CVI_GROUP64 * sizeof *q);
    for (int64_t c = 0; c < s->count; c += AT_ONCE) {
        const int64_t left = s->count - c;
        if (left >= 4)
            measure_4(s, x, c, weights, near, sqdist, q);
        else if (left == 3)
            measure_3(s, x, c, weights, near, sqdist, q);
        else if (left == 2)
            measure_2(s, x, c, weights, near, sqdist, q);
        else
            measure_1(s, x, c, weights, near, sqdist, q);
    }
    return largest;
}
