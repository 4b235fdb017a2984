/*
 * CSR rows for k-means++.  |x|^2 - 2 x.c + |c|^2 from the stored values bounds the distance; where it leaves
 * open whether a candidate is nearer than the nearest pick, the two rows are merged and the distance is
 * summed as its definition says.
 */
#include "seed/plusplus.h"

#include <math.h>

enum { LANES = CVI_GROUP64 };

static double dense_sqdist(const cvi_rows *rows, int64_t a, int64_t b, double *scratch)
{
    double *x = scratch, *c = scratch + rows->d, sq = 0;
    cvi_rows_dense(rows, a, x);
    cvi_rows_dense(rows, b, c);
    for (int64_t f = 0; f < rows->d; f++) {
        const double t = x[f] - c[f];
        sq = fma(t, t, sq);
    }
    return sq;
}

/* Features where both rows are zero add nothing, so the union of the stored ones is enough. -1: not in order.
 */
static double merged_sqdist(const cvi_rows *rows, int64_t a, int64_t b)
{
    const cvi_sparse_row x = cvi_rows_sparse(rows, a), c = cvi_rows_sparse(rows, b);
    int64_t p = 0, q = 0, last = -1;
    double sq = 0;
    while (p < x.count || q < c.count) {
        const int64_t fx = p < x.count ? cvi_sparse_column(rows, &x, p) : INT64_MAX;
        const int64_t fc = q < c.count ? cvi_sparse_column(rows, &c, q) : INT64_MAX;
        const int64_t f = fx < fc ? fx : fc;
        if (f <= last)
            return -1;
        last = f;
        const double vx = fx == f ? cvi_sparse_value(rows, &x, p++) : 0.0;
        const double vc = fc == f ? cvi_sparse_value(rows, &c, q++) : 0.0;
        sq = fma(vx - vc, vx - vc, sq);
    }
    return sq;
}

double cvi_sparse_sqdist(const cvi_rows *rows, int64_t a, int64_t b, double *scratch)
{
    const double sq = merged_sqdist(rows, a, b);
    return sq >= 0 ? sq : dense_sqdist(rows, a, b, scratch);
}

void cvi_sparse_candidates(const cvi_rows *rows, int64_t i, const int64_t *candidate, int64_t count,
                           const double *panel, const double *sqnorm, double near, double *scratch,
                           double *sqdist)
{
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    double dot[LANES] = {0}, sq = 0;
    int64_t last = -1;
    bool ordered = true; /* a column that comes twice would spoil the norm */
    for (int64_t p = 0; p < row.count; p++) {
        const int64_t f = cvi_sparse_column(rows, &row, p);
        const double v = cvi_sparse_value(rows, &row, p), *c = panel + f * LANES;
        ordered = ordered && f > last;
        last = f;
        sq += v * v;
        for (int l = 0; l < LANES; l++)
            dot[l] += v * c[l];
    }
    /* Three sums of at most d products, |x.c| <= (|x|^2 + |c|^2) / 2, and the definition's own d + 2
     * roundings of at most 2 (|x|^2 + |c|^2): below (4 d + 16) u (|x|^2 + |c|^2) together, u = 2^-53. */
    const double unit = (2 * (double)rows->d + 16) * 0x1p-52;
    for (int64_t l = 0; l < count; l++) {
        const double both = sq + sqnorm[l];
        const bool farther = ordered && both - 2 * dot[l] - unit * both > near;
        sqdist[l] = farther ? INFINITY : cvi_sparse_sqdist(rows, i, candidate[l], scratch);
    }
}
