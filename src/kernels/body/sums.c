/*
 * Exact sums (rule B of docs/numerics.md): every addend is cut to a grid, so that its bits add in any order.  Features
 * stand in the lanes; the usual two levels go through the row once, further levels feature by feature.
 */
#include "kernels/body/body.h"

/* VECD_LANES or n lanes of one level: v's bits leave `from` and go to `to`, either of which may be missing (NULL).
 * Returns what the level left of v. */
VEC_INLINE vecd cut(vecd v, vecd magic, int64_t n, uint64_t *from, uint64_t *to)
{
    const bool whole = n == VECD_LANES;
    const vecd shifted = vecd_add(v, magic);
    const veci bits = veci_of(shifted);
    if (from != NULL && whole)
        veci_storeu(from, veci_sub(veci_loadu(from), bits));
    else if (from != NULL)
        veci_store_part(from, veci_sub(veci_load_part(from, n), bits), n);
    if (to != NULL && whole)
        veci_storeu(to, veci_add(veci_loadu(to), bits));
    else if (to != NULL)
        veci_store_part(to, veci_add(veci_load_part(to, n), bits), n);
    return vecd_sub(v, vecd_sub(shifted, magic));
}

/* Features f .. f + n - 1, level by level. */
VEC_INLINE void change_lanes(const cvi_grid *grid, int64_t f, int64_t n, vecd v, uint64_t *from, uint64_t *to)
{
    for (int64_t l = 0; l < grid->levels; l++) {
        const int64_t at = l * grid->d + f;
        const double *magic = grid->magic + at;
        v = cut(v, n == VECD_LANES ? vecd_loadu(magic) : vecd_load_part(magic, n), n, from != NULL ? from + at : NULL,
                to != NULL ? to + at : NULL);
    }
}

VEC_INLINE vecd addend(vecd v, const vecd *mean, const vecd *weight)
{
    if (mean != NULL)
        v = vecd_sub(v, *mean);
    return weight != NULL ? vecd_mul(v, *weight) : v;
}

/* x is float or double as narrow says; the flags, and which sums are NULL, are constants where this is inlined. */
VEC_INLINE void change(const cvi_grid *grid, const void *x, bool narrow, const double *mean, bool weighted, double weight,
                       uint64_t *from, uint64_t *to)
{
    const float *x32 = x;
    const double *x64 = x;
    const vecd w = vecd_set1(weight);
    int64_t f = 0;
    for (; f + VECD_LANES <= grid->d; f += VECD_LANES) {
        const vecd m = mean != NULL ? vecd_loadu(mean + f) : w, v = narrow ? vecd_loadf(x32 + f) : vecd_loadu(x64 + f);
        change_lanes(grid, f, VECD_LANES, addend(v, mean != NULL ? &m : NULL, weighted ? &w : NULL), from, to);
    }
    if (f < grid->d) {
        const int64_t n = grid->d - f;
        const vecd m = mean != NULL ? vecd_load_part(mean + f, n) : w;
        const vecd v = narrow ? vecd_loadf_part(x32 + f, n) : vecd_load_part(x64 + f, n);
        change_lanes(grid, f, n, addend(v, mean != NULL ? &m : NULL, weighted ? &w : NULL), from, to);
    }
}

/* The usual case, unweighted rows in a frame, by itself. */
VEC_INLINE void change_any(const cvi_grid *grid, const void *x, bool narrow, const double *mean, double weight,
                           uint64_t *from, uint64_t *to)
{
    if (mean != NULL && weight == 1 && grid->levels == 2) {
        const cvi_grid two = {grid->magic, 2, grid->d};
        change(&two, x, narrow, mean, false, 1, from, to);
    } else {
        change(grid, x, narrow, mean, weight != 1, weight, from, to);
    }
}

void CVI_K(sums_add_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, true, mean, weight, NULL, q);
}

void CVI_K(sums_add_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, false, mean, weight, NULL, q);
}

void CVI_K(sums_sub_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, true, mean, weight, q, NULL);
}

void CVI_K(sums_sub_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, false, mean, weight, q, NULL);
}

void CVI_K(sums_move_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *from, uint64_t *to)
{
    change_any(grid, x, true, mean, weight, from, to);
}

void CVI_K(sums_move_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *from, uint64_t *to)
{
    change_any(grid, x, false, mean, weight, from, to);
}

/* --- many rows at once, in lanes ---------------------------------------------------------------------------------- */

enum { AT_ONCE = 4 }; /* clusters */

/* The lanes of clusters first .. first + clusters - 1, one feature: its sums on two levels, and the rows. */
typedef struct cluster_lanes {
    veci high[AT_ONCE], low[AT_ONCE], rows[AT_ONCE];
} cluster_lanes;

static uint64_t lanes_sum(veci v)
{
    uint64_t lane[VECD_LANES], sum = 0;
    veci_storeu(lane, v);
    for (int l = 0; l < VECD_LANES; l++)
        sum += lane[l];
    return sum;
}

/* x and label: a feature of the first tile, and its labels. */
VEC_INLINE void add_lanes(const double *magic, int64_t d, const double *x, int64_t tiles, const int32_t *label, int64_t first,
                          cluster_lanes *sum)
{
    const vecd m0 = vecd_set1(magic[0]), m1 = vecd_set1(magic[d]);
    vecd number[AT_ONCE];
    VEC_UNROLL
    for (int c = 0; c < AT_ONCE; c++) {
        number[c] = vecd_set1((double)(first + c));
        sum->high[c] = sum->low[c] = sum->rows[c] = veci_zero();
    }
    for (int64_t t = 0; t < tiles; t++, x += d * CVI_TILE, label += CVI_TILE)
        VEC_NO_UNROLL
        for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
            const vecd v = vecd_loadu(x + i), own = vecd_loadi(label + i), high = vecd_add(v, m0);
            const vecd low = vecd_add(vecd_sub(v, vecd_sub(high, m0)), m1);
            VEC_UNROLL
            for (int c = 0; c < AT_ONCE; c++) {
                const vecdm mine = vecd_equal(own, number[c]);
                sum->high[c] = veci_add_where(mine, sum->high[c], veci_of(high));
                sum->low[c] = veci_add_where(mine, sum->low[c], veci_of(low));
                sum->rows[c] = veci_count(mine, sum->rows[c]);
            }
        }
}

/* The same of two features, the second one at x + CVI_TILE: labels are compared once. */
VEC_INLINE void add_pairs(const double *magic, int64_t d, const double *x, int64_t tiles, const int32_t *label, int64_t first,
                          const bool count, cluster_lanes sum[2])
{
    const vecd m0[2] = {vecd_set1(magic[0]), vecd_set1(magic[1])}, m1[2] = {vecd_set1(magic[d]), vecd_set1(magic[d + 1])};
    vecd number[AT_ONCE];
    VEC_UNROLL
    for (int c = 0; c < AT_ONCE; c++) {
        number[c] = vecd_set1((double)(first + c));
        sum[0].rows[c] = veci_zero();
        VEC_UNROLL
        for (int p = 0; p < 2; p++)
            sum[p].high[c] = sum[p].low[c] = veci_zero();
    }
    for (int64_t t = 0; t < tiles; t++, x += d * CVI_TILE, label += CVI_TILE)
        VEC_NO_UNROLL
        for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
            const vecd own = vecd_loadi(label + i);
            vecdm mine[AT_ONCE];
            VEC_UNROLL
            for (int c = 0; c < AT_ONCE; c++) {
                mine[c] = vecd_equal(own, number[c]);
                if (count)
                    sum[0].rows[c] = veci_count(mine[c], sum[0].rows[c]);
            }
            VEC_UNROLL
            for (int p = 0; p < 2; p++) {
                const vecd v = vecd_loadu(x + p * CVI_TILE + i), high = vecd_add(v, m0[p]);
                const vecd low = vecd_add(vecd_sub(v, vecd_sub(high, m0[p])), m1[p]);
                VEC_UNROLL
                for (int c = 0; c < AT_ONCE; c++) {
                    sum[p].high[c] = veci_add_where(mine[c], sum[p].high[c], veci_of(high));
                    sum[p].low[c] = veci_add_where(mine[c], sum[p].low[c], veci_of(low));
                }
            }
        }
}

/* Add the lanes to the clusters' sums q [clusters][2][d] of one feature, and to their rows. */
VEC_INLINE void add_clusters(const cluster_lanes *sum, int64_t clusters, int64_t d, uint64_t *q, int64_t *rows)
{
    for (int64_t c = 0; c < clusters; c++) {
        q[2 * d * c] += lanes_sum(sum->high[c]);
        q[2 * d * c + d] += lanes_sum(sum->low[c]);
        if (rows != NULL)
            rows[c] += (int64_t)lanes_sum(sum->rows[c]);
    }
}

void CVI_K(sums_labels)(const cvi_grid *grid, const double *x, int64_t tiles, const int32_t *label, int64_t k, uint64_t *q,
                        int64_t *rows)
{
    const int64_t d = grid->d;
    for (int64_t first = 0; first < k; first += AT_ONCE) {
        const int64_t clusters = k - first < AT_ONCE ? k - first : AT_ONCE;
        int64_t f = 0;
        for (; VEC_REGISTERS >= 32 && f + 2 <= d; f += 2) {
            cluster_lanes sum[2];
            add_pairs(grid->magic + f, d, x + f * CVI_TILE, tiles, label, first, f == 0, sum);
            add_clusters(&sum[0], clusters, d, q + first * 2 * d + f, f == 0 ? rows + first : NULL);
            add_clusters(&sum[1], clusters, d, q + first * 2 * d + f + 1, NULL);
        }
        for (; f < d; f++) {
            cluster_lanes sum;
            add_lanes(grid->magic + f, d, x + f * CVI_TILE, tiles, label, first, &sum);
            add_clusters(&sum, clusters, d, q + first * 2 * d + f, f == 0 ? rows + first : NULL);
        }
    }
}
