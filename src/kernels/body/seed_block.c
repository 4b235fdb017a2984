/*
 * Steps of greedy k-means++ on tiles of 64 rows, float64: rows in lanes, up to four candidates at once.
 *
 *                 x[f][0 .. 63]     features one after the other
 *     candidate 0   acc   acc       two vectors of rows a candidate: eight chains hide the additions' time
 *     candidate 1   acc   acc
 *     ...
 *
 * Distances, minima and the grid are exact operations, so every instruction set gives the same bits.  The sums of
 * seed_measure are ordinary ones.
 */
#include "kernels/body/body.h"

/* PARTS vectors hold the eight sums of a level. */
enum { AT_ONCE = 4, WIDE = 2, PARTS = CVI_GROUP64 / VECD_LANES, FEW = 2 };

/* --- distances to candidates --------------------------------------------------------------------------------------- */

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

/* The same of FEW features, whose candidates [FEW][AT_ONCE] stay in registers. */
VEC_INLINE void few_distances(const double *x, vecd candidates[FEW][AT_ONCE], const int count, vecd acc[AT_ONCE][WIDE])
{
    VEC_UNROLL
    for (int v = 0; v < WIDE; v++)
        VEC_UNROLL
    for (int c = 0; c < count; c++) {
        vecd sq = vecd_set1(0);
        VEC_UNROLL
        for (int f = 0; f < FEW; f++) {
            const vecd t = vecd_sub(vecd_loadu(x + f * CVI_TILE + v * VECD_LANES), candidates[f][c]);
            sq = vecd_fma(t, t, sq);
        }
        acc[c][v] = sq;
    }
}

/* Store WIDE vectors of distances to each candidate, and add up what they would leave of near. */
VEC_INLINE void leave(vecd acc[AT_ONCE][WIDE], const int count, const double *weights, const double *near, double *sqdist,
                      vecd *sum)
{
    VEC_UNROLL
    for (int v = 0; v < WIDE; v++) {
        const int64_t at = v * VECD_LANES;
        const vecd old = vecd_loadu(near + at);
        VEC_UNROLL
        for (int c = 0; c < count; c++) {
            vecd_storeu(sqdist + c * CVI_TILE + at, acc[c][v]);
            const vecd value = vecd_min(acc[c][v], old);
            sum[c] = vecd_add(sum[c], weights != NULL ? vecd_mul(value, vecd_loadu(weights + at)) : value);
        }
    }
}

static double lanes_total(vecd v)
{
    double lane[VECD_LANES];
    vecd_storeu(lane, v);
    VEC_UNROLL
    for (int width = VECD_LANES / 2; width > 0; width /= 2)
        VEC_UNROLL
    for (int l = 0; l < width; l++)
        lane[l] += lane[l + width];
    return lane[0];
}

/* Candidates first .. first + count - 1; few: there are FEW features. */
VEC_INLINE void measure(const cvi_seed_block *s, const double *x, int64_t tiles, int64_t first, const int count,
                        const bool few, const double *weights, const double *near, double *sqdist, double *total)
{
    const int64_t d = s->d;
    const double *candidates = s->candidates + first * d;
    vecd sum[AT_ONCE], one[FEW][AT_ONCE];
    VEC_UNROLL
    for (int c = 0; c < count; c++) {
        sum[c] = vecd_set1(0);
        VEC_UNROLL
        for (int f = 0; f < FEW; f++)
            one[f][c] = vecd_set1(few ? candidates[c * FEW + f] : 0);
    }
    sqdist += first * CVI_TILE;
    for (int64_t t = 0; t < tiles; t++) {
        VEC_NO_UNROLL
        for (int64_t i = 0; i < CVI_TILE; i += WIDE * VECD_LANES) {
            vecd acc[AT_ONCE][WIDE];
            if (few)
                few_distances(x + i, one, count, acc);
            else
                distances(x + i, d, candidates, count, acc);
            leave(acc, count, weights != NULL ? weights + i : NULL, near + i, sqdist + i, sum);
        }
        x += d * CVI_TILE;
        weights = weights != NULL ? weights + CVI_TILE : NULL;
        near += CVI_TILE;
        sqdist += s->count * CVI_TILE;
    }
    VEC_UNROLL
    for (int c = 0; c < count; c++)
        total[first + c] += lanes_total(sum[c]);
}

#define MEASURE_OF(COUNT)                                                                                                \
    VEC_NOINLINE void measure_##COUNT(const cvi_seed_block *s, const double *x, int64_t tiles, int64_t first,            \
                                      const double *weights, const double *near, double *sqdist, double *total)          \
    {                                                                                                                    \
        if (s->d == FEW && weights == NULL)                                                                              \
            measure(s, x, tiles, first, COUNT, true, NULL, near, sqdist, total);                                         \
        else                                                                                                             \
            measure(s, x, tiles, first, COUNT, false, weights, near, sqdist, total);                                     \
    }
MEASURE_OF(1)
MEASURE_OF(2)
MEASURE_OF(3)
MEASURE_OF(4)

void CVI_K(seed_measure)(const cvi_seed_block *s, const double *x, int64_t tiles, const double *weights, const double *near,
                         double *sqdist, double *total)
{
    for (int64_t c = 0; c < s->count; c += AT_ONCE) {
        const int64_t left = s->count - c;
        if (left >= 4)
            measure_4(s, x, tiles, c, weights, near, sqdist, total);
        else if (left == 3)
            measure_3(s, x, tiles, c, weights, near, sqdist, total);
        else if (left == 2)
            measure_2(s, x, tiles, c, weights, near, sqdist, total);
        else
            measure_1(s, x, tiles, c, weights, near, sqdist, total);
    }
}

/* --- the nearest pick ------------------------------------------------------------------------------------------------ */

/* Add the bits of v on the grid. */
VEC_INLINE void add_bits(vecd v, vecd m0, vecd m1, veci *high, veci *low)
{
    const vecd h = vecd_add(v, m0), l = vecd_add(vecd_sub(v, vecd_sub(h, m0)), m1);
    *high = veci_add(*high, veci_of(h));
    *low = veci_add(*low, veci_of(l));
}

/* One tile, `most` being the largest so far; sums: there are some. */
VEC_INLINE vecd near_tile(const double *before, const double *fold, const double *weights, const bool sums, vecd m0, vecd m1,
                          double *near, uint64_t *q, vecd most)
{
    veci high[PARTS], low[PARTS];
    VEC_UNROLL
    for (int p = 0; p < PARTS; p++)
        high[p] = low[p] = veci_zero();
    VEC_NO_UNROLL
    for (int64_t i = 0; i < CVI_TILE; i += CVI_GROUP64)
        VEC_UNROLL
    for (int p = 0; p < PARTS; p++) {
        const int64_t at = i + p * VECD_LANES;
        vecd v = vecd_loadu(before + at);
        if (fold != NULL) {
            v = vecd_min(vecd_loadu(fold + at), v);
            vecd_storeu(near + at, v);
        }
        if (weights != NULL)
            v = vecd_mul(v, vecd_loadu(weights + at));
        most = vecd_max(most, v);
        if (sums)
            add_bits(v, m0, m1, &high[p], &low[p]);
    }
    if (!sums)
        return most;
    VEC_UNROLL
    for (int p = 0; p < PARTS; p++) {
        veci_storeu(q + p * VECD_LANES, high[p]);
        veci_storeu(q + CVI_GROUP64 + p * VECD_LANES, low[p]);
    }
    return most;
}

double CVI_K(seed_near)(const double *before, const double *fold, int64_t stride, const double *weights, int64_t tiles,
                        const double *magic, double *near, uint64_t *q)
{
    const vecd m0 = vecd_set1(magic != NULL ? magic[0] : 0), m1 = vecd_set1(magic != NULL ? magic[1] : 0);
    vecd most = vecd_set1(0);
    for (int64_t t = 0; t < tiles; t++) {
        const double *left = fold != NULL ? fold + t * stride : NULL;
        if (magic == NULL)
            most = near_tile(before, left, weights, false, m0, m1, near, q, most);
        else
            most = near_tile(before, left, weights, true, m0, m1, near, q + t * 2 * CVI_GROUP64, most);
        weights = weights != NULL ? weights + CVI_TILE : NULL;
        before += CVI_TILE;
        near += CVI_TILE;
    }
    return -vecd_lowest(vecd_sub(vecd_set1(0), most));
}
