/*
 * One step of greedy k-means++ on a strip of rows: eight candidates stand in the lanes, a few rows are
 * measured at once. Distances, minima and the grid are exact operations, so every instruction set gives the
 * same bits.
 */
#include "kernels/body/body.h"

#if VEC_REGISTERS >= 32
enum { ROWS = 8 };
#else
enum { ROWS = 4 };
#endif
enum { VECTORS = CVI_GROUP64 / VECD_LANES };

/* Grid sums of one group of candidates, in registers. */
typedef struct totals {
    veci high[VECTORS], low[VECTORS];
} totals;

/* near[i] = min(near[i], D(x_i, c)) for the rows of a mask, CHAINS at once: one alone would wait for every addition. */
VEC_NOINLINE void fold_rows(const double *const *rows, uint64_t fold, const double *c, int64_t d, double *near)
{
    enum { CHAINS = 8 };
    while (fold != 0) {
        const double *x[CHAINS];
        double sq[CHAINS] = {0};
        int at[CHAINS], count = 0;
        for (; fold != 0 && count < CHAINS; fold &= fold - 1)
            at[count++] = __builtin_ctzll(fold);
        for (int r = 0; r < CHAINS; r++)
            x[r] = rows[at[r < count ? r : 0]];
        VEC_NO_UNROLL
        for (int64_t f = 0; f < d; f++)
            VEC_UNROLL
            for (int r = 0; r < CHAINS; r++) {
                const double t = x[r][f] - c[f];
                sq[r] = fma(t, t, sq[r]);
            }
        for (int r = 0; r < count; r++)
            near[at[r]] = sq[r] < near[at[r]] ? sq[r] : near[at[r]];
    }
}

/* Squared distances of ROWS rows to eight candidates. The sign of the difference does not matter. */
VEC_INLINE void measure(const double *const *rows, const double *panel, int64_t d, vecd acc[ROWS][VECTORS])
{
    VEC_UNROLL
    for (int r = 0; r < ROWS; r++)
        VEC_UNROLL
    for (int v = 0; v < VECTORS; v++)
        acc[r][v] = vecd_set1(0);
    VEC_NO_UNROLL
    for (int64_t f = 0; f < d; f++) {
        vecd c[VECTORS];
        VEC_UNROLL
        for (int v = 0; v < VECTORS; v++)
            c[v] = vecd_load(panel + f * CVI_GROUP64 + v * VECD_LANES);
        VEC_UNROLL
        for (int r = 0; r < ROWS; r++) {
            const vecd x = vecd_set1(rows[r][f]);
            VEC_UNROLL
            for (int v = 0; v < VECTORS; v++) {
                const vecd t = vecd_sub(c[v], x);
                acc[r][v] = vecd_fma(t, t, acc[r][v]);
            }
        }
    }
}

/* Add min(near, distance) * w to the sums; the bits of the candidates that are nearer. */
VEC_INLINE uint32_t take_row(const cvi_seed_step *s, const vecd sqdist[VECTORS], double near_row, double w,
                             bool weighted, totals *sum)
{
    const vecd near = vecd_set1(near_row), m0 = vecd_set1(s->magic[0]), m1 = vecd_set1(s->magic[1]);
    uint32_t nearer = 0;
    VEC_UNROLL
    for (int v = 0; v < VECTORS; v++) {
        nearer |= (vecdm_bits(vecd_less(sqdist[v], near)) & ((1u << VECD_LANES) - 1)) << v * VECD_LANES;
        vecd value = vecd_min(sqdist[v], near);
        if (weighted)
            value = vecd_mul(value, vecd_set1(w));
        const vecd high = vecd_add(value, m0);
        const vecd low = vecd_add(vecd_sub(value, vecd_sub(high, m0)), m1);
        sum->high[v] = veci_add(sum->high[v], veci_of(high));
        sum->low[v] = veci_add(sum->low[v], veci_of(low));
    }
    return nearer;
}

VEC_INLINE void group_rows(const cvi_seed_step *s, const double *const *rows, int64_t count,
                           const double *weights, bool weighted, const double *panel, const double *near,
                           uint64_t *q, uint8_t *nearer)
{
    totals sum;
    VEC_UNROLL
    for (int v = 0; v < VECTORS; v++) {
        sum.high[v] = veci_loadu(q + v * VECD_LANES);
        sum.low[v] = veci_loadu(q + CVI_GROUP64 + v * VECD_LANES);
    }
    for (int64_t i = 0; i < count; i += ROWS) {
        vecd acc[ROWS][VECTORS];
        const double *at[ROWS];
        VEC_UNROLL
        for (int r = 0; r < ROWS; r++)
            at[r] = rows[i + r < count ? i + r : count - 1];
        measure(at, panel, s->d, acc);
        VEC_UNROLL
        for (int r = 0; r < ROWS; r++)
            if (i + r < count)
                nearer[i + r] =
                    (uint8_t)take_row(s, acc[r], near[i + r], weighted ? weights[i + r] : 1, weighted, &sum);
    }
    VEC_UNROLL
    for (int v = 0; v < VECTORS; v++) {
        veci_storeu(q + v * VECD_LANES, sum.high[v]);
        veci_storeu(q + CVI_GROUP64 + v * VECD_LANES, sum.low[v]);
    }
}

VEC_NOINLINE void group_unit(const cvi_seed_step *s, const double *const *rows, int64_t count,
                             const double *panel, const double *near, uint64_t *q, uint8_t *nearer)
{
    group_rows(s, rows, count, NULL, false, panel, near, q, nearer);
}

VEC_NOINLINE void group_weighted(const cvi_seed_step *s, const double *const *rows, int64_t count,
                                 const double *weights, const double *panel, const double *near, uint64_t *q,
                                 uint8_t *nearer)
{
    group_rows(s, rows, count, weights, true, panel, near, q, nearer);
}

VEC_INLINE double largest_addend(const double *near, const double *weights, int64_t count)
{
    vecd most = vecd_set1(0);
    int64_t i = 0;
    for (; i + VECD_LANES <= count; i += VECD_LANES) {
        const vecd v = vecd_loadu(near + i);
        most = vecd_max(most, weights != NULL ? vecd_mul(v, vecd_loadu(weights + i)) : v);
    }
    double lane[VECD_LANES], largest = 0;
    vecd_storeu(lane, most);
    for (int l = 0; l < VECD_LANES; l++)
        largest = lane[l] > largest ? lane[l] : largest;
    for (; i < count; i++) {
        const double v = weights != NULL ? near[i] * weights[i] : near[i];
        largest = v > largest ? v : largest;
    }
    return largest;
}

double CVI_K(seed_rows)(const cvi_seed_step *s, const double *const *rows, int64_t count,
                        const double *weights, uint64_t fold, double *near, uint64_t *q, uint8_t *nearer)
{
    fold_rows(rows, fold, s->pick, s->d, near);
    const double largest = largest_addend(near, weights, count);
    for (int64_t g = 0; g < s->groups; g++) {
        const double *panel = s->panels + g * s->d * CVI_GROUP64;
        uint64_t *q_group = q + g * 2 * CVI_GROUP64;
        if (weights != NULL)
            group_weighted(s, rows, count, weights, panel, near, q_group, nearer + g * CVI_TILE);
        else
            group_unit(s, rows, count, panel, near, q_group, nearer + g * CVI_TILE);
    }
    return largest;
}
